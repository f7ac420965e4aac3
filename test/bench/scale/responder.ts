// A process of its own that is all the routers. Each question is worked out once and then answered from memory, with
// only the request id and sysUpTime put in, so that what is measured is not this process.

import { answerSnmp } from "../../../agent/lab/snmp-agent.ts";
import { monotonicNow } from "../../../agent/lib/clock.ts";
import { loadLibc } from "../../../agent/net/linux-libc.ts";
import { encodeOid, oid } from "../../../agent/wire/snmp/oid.ts";
import {
  community,
  type Fleet,
  instancesOf,
  leastUptime,
  mannerOf,
  routerAt,
  slowAnswer,
  variants,
  viewOf,
} from "./fleet.ts";
import { type Origin, openManyAddresses } from "./many-addresses.ts";

const fleet = JSON.parse(process.argv[2] ?? "") as Fleet;
const secret = new TextEncoder().encode(community);
const upSince = monotonicNow();
const uptimeName = Buffer.concat([encodeOid(oid("1.3.6.1.2.1.1.3.0")), Buffer.of(0x43, 4)]);

/** Requests of this client carry their id in four octets; it lies behind version, community and the PDU's head. */
function idPlace(message: Uint8Array): number {
  const content = (at: number) => at + ((message[at + 1] ?? 0) < 0x80 ? 2 : 2 + ((message[at + 1] ?? 0) & 0x7f));
  const pdu = content(0) + 3 + 2 + secret.length;
  return content(pdu) + 2;
}

interface Answer {
  readonly octets: Buffer;
  readonly idAt: number;
  /** Undefined when it holds no sysUpTime. */
  readonly uptimeAt: number | undefined;
}

const views = Array.from({ length: variants }, (_, variant) => viewOf(instancesOf(variant)));
const known = views.map(() => new Map<string, Answer | undefined>());

function answerOf(request: Uint8Array, variant: number): Answer | undefined {
  const idAt = idPlace(request);
  const text = Buffer.from(request.buffer, request.byteOffset, request.length);
  const question = text.toString("latin1", 0, idAt) + text.toString("latin1", idAt + 4);
  const answers = known[variant];
  const view = views[variant];
  if (answers === undefined || view === undefined) return undefined;
  if (answers.has(question)) return answers.get(question);
  const worked = answerSnmp(request, secret, view);
  let answer: Answer | undefined;
  if (worked.ok) {
    const octets = Buffer.from(worked.octets);
    const at = octets.indexOf(uptimeName);
    answer = { octets, idAt: idPlace(octets), uptimeAt: at < 0 ? undefined : at + uptimeName.length };
  }
  answers.set(question, answer);
  return answer;
}

const loaded = await loadLibc();
if (!loaded.ok) throw new Error(`the responder needs Linux and koffi: ${loaded.error}`);
const socket = openManyAddresses(loaded.value);
const counts = { asked: 0, answered: 0, swallowed: 0, foreign: 0 };
const held: { readonly due: number; readonly request: Uint8Array; readonly origin: Origin }[] = [];
let firstHeld = 0;

function respond(request: Uint8Array, origin: Origin): void {
  const answer = answerOf(request, routerAt(origin.asked) % variants);
  if (answer === undefined) {
    counts.foreign += 1;
    return;
  }
  const { octets, idAt, uptimeAt } = answer;
  const idFrom = idPlace(request);
  octets.set(request.subarray(idFrom, idFrom + 4), idAt);
  const ticks = leastUptime + Math.floor((monotonicNow() - upSince) / 10);
  if (uptimeAt !== undefined) octets.writeUInt32BE(ticks, uptimeAt);
  socket.send(octets, origin);
  counts.answered += 1;
}

function take(request: Uint8Array, origin: Origin): void {
  counts.asked += 1;
  const manner = mannerOf(routerAt(origin.asked), fleet);
  if (manner === "dead") counts.swallowed += 1;
  else if (manner === "prompt") respond(request, origin);
  else held.push({ due: monotonicNow() + slowAnswer, request: request.slice(), origin });
}

/** Answers whose time has come; gives how long the next may wait. */
function release(): number {
  for (; ; firstHeld++) {
    const next = held[firstHeld];
    if (next === undefined) break;
    const left = next.due - monotonicNow();
    if (left > 0) {
      if (firstHeld > 4_096) {
        held.splice(0, firstHeld);
        firstHeld = 0;
      }
      return left;
    }
    respond(next.request, next.origin);
  }
  held.length = firstHeld = 0;
  return Number.POSITIVE_INFINITY;
}

/** Rounds without a look at the parent's messages; a wait is never longer than this many milliseconds. */
const rounds = 64;
const longestWait = 50;

function serve(): void {
  for (let round = 0; round < rounds; round++) {
    const left = release();
    socket.flush();
    if (socket.receive(Math.min(longestWait, left), take) === 0) break;
  }
  setImmediate(serve);
}

process.on("message", () => process.send?.({ ...counts, cpu: process.cpuUsage() }));
process.on("disconnect", () => process.exit(0));
process.send?.(socket.port);
serve();
