// Sockets without a network, under a time that the test sets: what is sent is kept, what "arrives" is put there.

import type { Instant } from "../../agent/lib/clock.ts";
import { err, ok, type Result } from "../../agent/lib/result.ts";
import type { Endpoint } from "../../agent/net/endpoint.ts";
import {
  type Incoming,
  longestDatagram,
  type Moment,
  type Outgoing,
  type ProbeSocket,
  type ProbeSocketError,
  type ProbeSockets,
  type SocketProfile,
} from "../../agent/net/probe-sockets.ts";

export interface Sent {
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
  readonly at: Moment;
}

export function fakeSockets({ raw = false, noSource = false } = {}) {
  /** Milliseconds on the monotonic clock, and what the wall clock is ahead of it. */
  const time = { now: 0, ahead: 5_000 };
  const sent: Sent[] = [];
  const arrivals: Omit<Incoming, "readAt">[] = [];
  const faults = {
    /** The next sends fail with this errno. */
    send: undefined as string | undefined,
    preempt: false,
    /** Milliseconds after our own stamp at which the kernel says that it left; undefined: it does not say. */
    leftAfter: undefined as number | undefined,
    /** The wall clock is set by so many ms between the two stamps. */
    stepInSend: 0,
    /** No address of the host is the wanted source. */
    noSource,
    overflow: 0,
    /** Of the wall clock, in seconds; undefined: not synchronised. */
    clockError: undefined as number | undefined,
    /** Arrivals that a read leaves in the buffer. */
    leave: 0,
  };
  const profiles: SocketProfile[] = [];
  let closed = 0;
  const now = (): Moment => ({ monotonic: time.now as Instant, realtime: (time.now + time.ahead) * 1e6 });

  const socket: ProbeSocket = {
    identifier: 4_711,
    raw,
    send(batch: readonly Outgoing[]) {
      for (const datagram of batch) {
        const into = new Uint8Array(longestDatagram);
        const at = now();
        const bytes = into.slice(0, datagram.write(into, at));
        if (faults.send !== undefined) datagram.failed(faults.send);
        else sent.push({ to: datagram.to, bytes, at });
        if (faults.preempt) datagram.preempted();
        time.ahead += faults.stepInSend;
        if (faults.leftAfter !== undefined) {
          datagram.left(at.realtime + (faults.leftAfter + faults.stepInSend) * 1e6, now());
        }
      }
    },
    receive(take) {
      const readAt = now();
      for (const arrival of arrivals.splice(0, arrivals.length - faults.leave)) take({ ...arrival, readAt });
      return faults.leave === 0;
    },
    overflowed() {
      const n = faults.overflow;
      faults.overflow = 0;
      return n;
    },
    close: () => closed++,
  };
  const open = (profile: SocketProfile): Result<ProbeSocket, ProbeSocketError> => {
    profiles.push(profile);
    return faults.noSource && profile.source !== undefined
      ? err({ kind: "noSuchSource", message: "no such source" })
      : ok(socket);
  };
  const sockets: ProbeSockets = {
    openIcmp: open,
    openUdp: async (profile) => open(profile),
    now,
    clockError: () => faults.clockError,
    wait: async () => undefined,
    close: () => undefined,
  };
  return {
    sockets,
    time,
    sent,
    faults,
    /** What was asked for, each time that a socket was opened. */
    profiles,
    closed: () => closed,
    /** Puts a datagram into the receive buffer, stamped `after` ms after `probe` left. */
    arrive(bytes: Uint8Array, from: Endpoint, probe: Sent, after: number) {
      arrivals.push({ bytes, from, realtime: probe.at.realtime + after * 1e6 });
    },
  };
}
