// When each datagram left, as the kernel says it on the socket's error queue (SO_TIMESTAMPING with OPT_ID and OPT_TSONLY;
// Linux, Documentation/networking/timestamping.rst). The kernel numbers what a socket sends from 0.

import type { Libc } from "./linux-libc.ts";
import {
  IP_RECVERR,
  IPV6_RECVERR,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  rxSoftwareStamps,
  SO_TIMESTAMPING,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  txSoftwareStamps,
} from "./linux-libc.ts";
import { behindControl, controlHeader, isControl, readTimespec } from "./linux-messages.ts";
import type { Moment, Outgoing } from "./probe-sockets.ts";

const headerSize = 64;
const controlSize = 192;
/** struct sock_extended_err: places, and the origin and kind of a transmit stamp. */
const originAt = 4;
const infoAt = 8;
const dataAt = 12;
const SO_EE_ORIGIN_TIMESTAMPING = 4;
const SCM_TSTAMP_SND = 0;

/** Stamps read in one call. */
const batch = 32;
/** Datagrams that may wait for their stamps; of older ones it is not to be had any more. A power of two. */
const most = 1_024;

type Departing = Pick<Outgoing, "left">;

/** The memory of one read, shared by all sockets. */
export interface DepartureReader {
  /** Hands over every stamp that is there; `number`: of the datagram, as the kernel counts, modulo 2^32. */
  read(fd: number, take: (number: number, realtime: number) => void): void;
}

export function createDepartureReader(libc: Libc): DepartureReader {
  const headers = libc.arena(batch * headerSize);
  const controls = libc.arena(batch * controlSize);
  for (let i = 0; i < batch; i++) {
    headers.view.setBigUint64(i * headerSize + 32, BigInt(controls.address + i * controlSize), true);
  }

  /** Of so many the kernel has overwritten the lengths. */
  let filled = batch;

  function take(i: number, stamped: (number: number, realtime: number) => void): void {
    const { view } = controls;
    let realtime: number | undefined;
    let number: number | undefined;
    const start = i * controlSize;
    const end = start + Math.min(controlSize, headers.view.getInt32(i * headerSize + 40, true));
    for (let at = start; isControl(view, at, end); at = behindControl(view, at)) {
      const level = view.getInt32(at + 8, true);
      const type = view.getInt32(at + 12, true);
      const value = at + controlHeader;
      const extended = (level === SOL_IP && type === IP_RECVERR) || (level === SOL_IPV6 && type === IPV6_RECVERR);
      if (level === SOL_SOCKET && type === SO_TIMESTAMPING) realtime = readTimespec(view, value);
      else if (
        extended &&
        view.getUint8(value + originAt) === SO_EE_ORIGIN_TIMESTAMPING &&
        view.getInt32(value + infoAt, true) === SCM_TSTAMP_SND
      ) {
        number = view.getInt32(value + dataAt, true) >>> 0;
      }
    }
    if (realtime !== undefined && number !== undefined) stamped(number, realtime);
  }

  return {
    read(fd, stamped) {
      for (;;) {
        for (let i = 0; i < filled; i++) headers.view.setInt32(i * headerSize + 40, controlSize, true);
        const count = libc.recvmmsg(fd, headers.address, batch, MSG_ERRQUEUE | MSG_DONTWAIT, 0);
        filled = Math.max(0, count);
        for (let i = 0; i < count; i++) take(i, stamped);
        // Less than nothing: empty, or an error of the socket, which whoever receives is told.
        if (count < batch) return;
      }
    },
  };
}

export interface Departures {
  /** This one has left, after those before. */
  sent(datagram: Departing): void;
  /** One did not leave: whether the kernel gave it a number is not known, so it counts anew. */
  failed(now: Moment): void;
  /** Tells the datagrams whose stamps are there. `now`: the moment of this call. */
  read(now: Moment): void;
  /** Some were not told yet. */
  waiting(): boolean;
}

/** Undefined where the kernel does not stamp what leaves. `fd` has its receive stamps already. */
export function createDepartures(
  reader: DepartureReader,
  option: (fd: number, level: number, name: number, value: number) => number,
  fd: number,
): Departures | undefined {
  const departing: (Departing | undefined)[] = new Array(most).fill(undefined);
  /** Number of the next datagram, and of the first that may still be told; modulo 2^32. */
  let next = 0;
  let untold = 0;

  const stampAll = () => option(fd, SOL_SOCKET, SO_TIMESTAMPING, txSoftwareStamps) === 0;
  function tell(number: number, realtime: number, readAt: Moment): void {
    const place = number % most;
    // What is older has given its place to another.
    if ((next - 1 - number) >>> 0 >= most) return;
    departing[place]?.left(realtime, readAt);
    departing[place] = undefined;
    // Stamps come in the order of sending; one that is overtaken is still taken.
    if ((number + 1 - untold) >>> 0 <= most) untold = (number + 1) >>> 0;
  }
  function read(now: Moment): void {
    reader.read(fd, (number, realtime) => tell(number, realtime, now));
  }

  if (!stampAll()) return undefined;
  return {
    sent(datagram) {
      departing[next % most] = datagram;
      next = (next + 1) >>> 0;
    },
    failed(now) {
      read(now);
      departing.fill(undefined);
      // Turned off and on, the numbers begin at 0.
      option(fd, SOL_SOCKET, SO_TIMESTAMPING, rxSoftwareStamps);
      stampAll();
      next = 0;
      untold = 0;
    },
    read,
    waiting: () => untold !== next,
  };
}
