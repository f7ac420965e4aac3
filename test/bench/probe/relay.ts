// The relay as a program: takes each frame from one leg and gives it to the other, later. Loss, copies and disorder only
// befall probes and their answers, and each is counted where it is done.

import { networkInterfaces } from "node:os";
import { monotonicNow } from "../../../agent/lib/clock.ts";
import { loadLibc, MSG_DONTWAIT, POLLIN, SOCK_NONBLOCK, SOCK_RAW } from "../../../agent/net/linux-libc.ts";
import { createMessageBatch } from "../../../agent/net/linux-messages.ts";
import { probeIn, sealUdp } from "./frames.ts";

/** `delay`: milliseconds of each way; the shares are those of each way, too. */
export interface RelayManner {
  readonly delay: number;
  readonly loss: number;
  readonly copies: number;
  readonly late: number;
  readonly lateBy: number;
  readonly overtaken: number;
  readonly overtakenBy: number;
}

export interface RelayCounts {
  readonly carried: number;
  readonly dropped: number;
  readonly copied: number;
  readonly late: number;
  readonly overtaken: number;
  /** Frames that a full buffer lost: the run is worth nothing when there are any. */
  readonly refused: number;
}

const AF_PACKET = 17;
const everyProtocol = 0x0300;
const SOL_PACKET = 263;
const PACKET_IGNORE_OUTGOING = 23;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const PR_SET_TIMERSLACK = 29;
const frameSize = 2_048;
const batchSize = 64;

const loaded = await loadLibc();
if (!loaded.ok) throw new Error(loaded.error);
const libc = loaded.value;
const scratch = libc.arena(64);
const polled = libc.arena(16);
const timeout = libc.arena(16);
const outgoing = libc.arena(frameSize);
const incoming = createMessageBatch(libc, batchSize, frameSize);
libc.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);

/** `index`: of the interface. */
function leg(index: number): number {
  const fd = libc.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, everyProtocol);
  if (fd < 0) throw new Error(`no packet socket: ${libc.lastError()}`);
  for (const [level, name, value] of [
    [SOL_PACKET, PACKET_IGNORE_OUTGOING, 1],
    [SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20],
  ] as const) {
    scratch.view.setInt32(0, value, true);
    if (libc.setsockopt(fd, level, name, scratch.address, 4) !== 0) throw new Error(libc.lastError());
  }
  scratch.bytes.fill(0);
  scratch.view.setUint16(0, AF_PACKET, true);
  scratch.view.setUint16(2, 3);
  scratch.view.setInt32(4, index, true);
  if (libc.bind(fd, scratch.address, 20) !== 0) throw new Error(libc.lastError());
  return fd;
}

/** The kernel's number of an interface, which its link-local address carries. */
function indexOf(name: string): number {
  const scoped = networkInterfaces()[name]?.find((address) => address.family === "IPv6")?.scopeid;
  if (scoped === undefined) throw new Error(`no interface ${name}`);
  return scoped;
}

interface Waiting {
  readonly due: number;
  readonly fd: number;
  readonly frame: Uint8Array;
}

const legs = [leg(indexOf("r0")), leg(indexOf("r1"))] as const;
const queue: Waiting[] = [];
let manner = JSON.parse(process.argv[2] ?? "") as RelayManner;
const none = { carried: 0, dropped: 0, copied: 0, late: 0, overtaken: 0, refused: 0 };
let counts = { ...none };

/** In the order of their turns. */
function enqueue(waiting: Waiting): void {
  let at = queue.length;
  while (at > 0 && (queue[at - 1]?.due ?? 0) > waiting.due) at--;
  queue.splice(at, 0, waiting);
}

function take(frame: Uint8Array, fd: number, now: number): void {
  const due = now + manner.delay;
  if (!probeIn(frame)) {
    enqueue({ due, fd, frame });
    return;
  }
  // The first one whatever chance has it: a loss that did not happen proves nothing.
  if (manner.loss > 0 && (counts.dropped === 0 || Math.random() < manner.loss)) {
    counts.dropped++;
    return;
  }
  let held = 0;
  if (Math.random() < manner.late) {
    counts.late++;
    held = manner.lateBy;
  } else if (Math.random() < manner.overtaken) {
    counts.overtaken++;
    held = manner.overtakenBy;
  }
  counts.carried++;
  enqueue({ due: due + held, fd, frame });
  if (Math.random() < manner.copies) {
    counts.copied++;
    enqueue({ due: due + held + 1, fd, frame });
  }
}

function read(from: number, to: number): void {
  incoming.reset(batchSize);
  const count = libc.recvmmsg(from, incoming.headers.address, batchSize, MSG_DONTWAIT, 0);
  const now = monotonicNow();
  // The kernel left the checksum to a network card that is not there.
  for (let i = 0; i < count; i++) take(sealUdp(incoming.datagram(i).slice()), to, now);
}

function send(now: number): void {
  let gone = 0;
  for (; gone < queue.length; gone++) {
    const waiting = queue[gone];
    if (waiting === undefined || waiting.due > now) break;
    outgoing.bytes.set(waiting.frame);
    if (libc.sendto(waiting.fd, outgoing.address, waiting.frame.length, MSG_DONTWAIT, 0, 0) < 0) counts.refused++;
  }
  queue.splice(0, gone);
}

legs.forEach((fd, i) => {
  polled.view.setInt32(i * 8, fd, true);
  polled.view.setInt16(i * 8 + 4, POLLIN, true);
});
process.on("message", (order: RelayManner) => {
  process.send?.(counts);
  counts = { ...none };
  manner = order;
});
process.on("disconnect", () => process.exit());
process.send?.("ready");

for (;;) {
  await new Promise<void>((resolve) => setImmediate(resolve));
  const left = Math.min(Math.max((queue[0]?.due ?? Infinity) - monotonicNow(), 0), 20);
  timeout.view.setBigInt64(0, 0n, true);
  timeout.view.setBigInt64(8, BigInt(Math.round(left * 1e6)), true);
  libc.ppoll(polled.address, legs.length, timeout.address, 0);
  read(legs[0], legs[1]);
  read(legs[1], legs[0]);
  send(monotonicNow());
}
