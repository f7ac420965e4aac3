// A hostile far end as a program: from each echo request that it sees it makes all the answers that must not be believed,
// and sends nothing else, as fast as it can. What it sends is marked, so that a firewall tells it from the kernel's own.

import { parseEndpoint } from "../../../agent/net/endpoint.ts";
import { loadLibc, MSG_DONTWAIT, SOCK_NONBLOCK, SOCK_RAW } from "../../../agent/net/linux-libc.ts";
import { createMessageBatch } from "../../../agent/net/linux-messages.ts";
import { addressSize, writeSockaddr } from "../../../agent/net/linux-sockaddr.ts";
import { internetChecksum, ipv4Payload } from "../../../agent/wire/icmp.ts";

export interface FloodOrder {
  /** The address whose probes are never answered; where its forgeries come from besides; and one that is answered honestly. */
  readonly silent: string;
  readonly elsewhere: string;
  readonly honest: string;
  readonly mark: number;
  /** Datagrams, and the seconds after which it gives up. */
  readonly total: number;
  readonly within: number;
}

export interface Flooded {
  readonly kind: "flooded";
  readonly sent: number;
  readonly seconds: number;
  readonly byKind: Readonly<Record<string, number>>;
}

const AF_INET = 2;
const IPPROTO_ICMP = 1;
const SOL_SOCKET = 1;
const SO_MARK = 36;
const batchSize = 64;

const { silent, elsewhere, honest, mark, total, within } = JSON.parse(process.argv[2] ?? "") as FloodOrder;
const loaded = await loadLibc();
if (!loaded.ok) throw new Error(loaded.error);
const libc = loaded.value;
const scratch = libc.arena(64);
const incoming = createMessageBatch(libc, batchSize, 2_048);

function open(address: string): number {
  const endpoint = parseEndpoint(address, 0);
  const fd = libc.socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP);
  scratch.view.setInt32(0, mark, true);
  if (fd < 0 || libc.setsockopt(fd, SOL_SOCKET, SO_MARK, scratch.address, 4) !== 0) throw new Error(libc.lastError());
  if (endpoint === undefined) throw new Error(address);
  writeSockaddr(scratch.view, 0, endpoint);
  if (libc.bind(fd, scratch.address, addressSize) !== 0) throw new Error(`${address}: ${libc.lastError()}`);
  return fd;
}

const sockets = { silent: open(silent), elsewhere: open(elsewhere), honest: open(honest) };

function sealed(bytes: Uint8Array): Uint8Array {
  bytes.fill(0, 2, 4);
  const sum = internetChecksum(bytes);
  bytes[2] = sum >> 8;
  bytes[3] = sum & 0xff;
  return bytes;
}

const flipped = (bytes: Uint8Array, at: number) => {
  bytes[at] = (bytes[at] ?? 0) ^ (1 + Math.floor(Math.random() * 255));
  return bytes;
};

type Forge = (answer: Uint8Array) => Uint8Array;
const forgeries: Readonly<Record<string, readonly [from: keyof typeof sockets, forge: Forge]>> = {
  wrongId: ["silent", (answer) => sealed(flipped(answer, 5))],
  badChecksum: ["silent", (answer) => flipped(sealed(answer), 2)],
  truncated: ["silent", (answer) => sealed(answer.slice(0, 8 + Math.floor(Math.random() * (answer.length - 8))))],
  guessed: ["silent", (answer) => sealed(flipped(answer, 16 + Math.floor(Math.random() * 8)))],
  otherProbe: ["silent", (answer) => sealed(flipped(answer, 15))],
  otherTag: ["silent", (answer) => sealed(flipped(answer, 7))],
  elsewhere: ["elsewhere", sealed],
  octets: ["silent", (answer) => sealed(Uint8Array.from(answer, (octet, i) => (i < 6 ? octet : Math.random() * 256)))],
};

interface Seen {
  readonly answer: Uint8Array;
  readonly to: ReturnType<typeof incoming.received>["from"];
}
const seen: { silent: Seen | undefined; honest: Seen | undefined } = { silent: undefined, honest: undefined };

function look(of: "silent" | "honest"): void {
  incoming.reset(batchSize);
  const count = libc.recvmmsg(sockets[of], incoming.headers.address, batchSize, MSG_DONTWAIT, 0);
  for (let i = 0; i < count; i++) {
    const { bytes, from } = incoming.received(i);
    const echo = ipv4Payload(bytes);
    if (!echo.ok || echo.value[0] !== 8) continue;
    const answer = echo.value.slice();
    answer[0] = 0;
    seen[of] = { answer, to: { family: from.family, words: [...from.words], port: 0 } };
  }
}

/** Calls for each batch of forgeries: making them costs more than sending them. */
const repeats = 12;

const byKind: Record<string, number> = {};
const batches = new Map<string, ReturnType<typeof createMessageBatch>>();
function flood(kind: string, from: keyof typeof sockets, { answer, to }: Seen, forge: Forge): number {
  const batch = batches.get(kind) ?? createMessageBatch(libc, batchSize, 2_048);
  batches.set(kind, batch);
  for (let i = 0; i < batchSize; i++) {
    const bytes = forge(answer.slice());
    batch.data(i).set(bytes);
    batch.address(i, to, bytes.length);
  }
  let sent = 0;
  for (let n = 0; n < repeats; n++) {
    sent += Math.max(0, libc.sendmmsg(sockets[from], batch.headers.address, batchSize, MSG_DONTWAIT));
  }
  byKind[kind] = (byKind[kind] ?? 0) + sent;
  return sent;
}

const begun = performance.now();
let sent = 0;
while (sent < total && performance.now() - begun < within * 1_000) {
  look("silent");
  look("honest");
  if (seen.silent !== undefined) {
    for (const [kind, [from, forge]] of Object.entries(forgeries)) sent += flood(kind, from, seen.silent, forge);
  }
  if (seen.honest !== undefined) sent += flood("replayed", "honest", seen.honest, sealed);
}
const seconds = (performance.now() - begun) / 1_000;
process.stdout.write(`${JSON.stringify({ kind: "flooded", sent, seconds, byKind } satisfies Flooded)}\n`);
