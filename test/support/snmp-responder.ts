// A small SNMP agent, v2c or v1, on loopback for tests of the client: honest by default, and a script may
// replace, repeat, hold back or misdirect each answer. It counts what it did, so that a test can prove the fault.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { decodeMessage, encodeMessage, type Message } from "../../agent/wire/snmp/message.ts";
import { compareOids, type Oid, oid } from "../../agent/wire/snmp/oid.ts";
import type { Value, VarBind } from "../../agent/wire/snmp/value.ts";

export type Mib = readonly VarBind[];

/** Instances by their dotted names, in any order. */
export function mibOf(instances: Readonly<Record<string, Value>>): Mib {
  return Object.entries(instances)
    .map(([name, value]) => ({ oid: oid(name), value }))
    .sort((a, b) => compareOids(a.oid, b.oid));
}

/** A MIB and more instances. */
export function joined(mib: Mib, ...more: readonly Readonly<Record<string, Value>>[]): Mib {
  return [...mib, ...mibOf(Object.assign({}, ...more))].sort((a, b) => compareOids(a.oid, b.oid));
}

export interface Exchange {
  /** 0 for the first request received. */
  readonly n: number;
  readonly request: Message;
  readonly answer: Message;
  /** Sends from the responder's own port, or from another one. */
  send(bytes: Uint8Array, from?: "own" | "other"): void;
}

export interface ResponderOptions {
  /** The only version that it knows; v2c when left out. */
  readonly version?: Message["version"];
  readonly community?: string;
  readonly mib: () => Mib;
  /** Longest answer; a longer one to GETBULK is cut, to GET is tooBig. */
  readonly largest?: number;
  readonly script?: (exchange: Exchange) => void;
}

export interface Responder {
  readonly port: number;
  readonly requests: () => readonly Message[];
  /** A socket that is not the responder's. */
  readonly other: Socket;
  stop(): Promise<void>;
}

export async function startResponder(options: ResponderOptions): Promise<Responder> {
  const own = createSocket("udp4");
  const other = createSocket("udp4");
  const requests: Message[] = [];
  own.on("message", (bytes, from) => {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) return;
    const request = decoded.value;
    if (request.version !== (options.version ?? "2c")) return;
    if (Buffer.from(request.community).toString() !== (options.community ?? "public")) return;
    const n = requests.push(request) - 1;
    const answer = answerTo(request, options.mib(), options.largest ?? 1_472);
    const send = (octets: Uint8Array, by: "own" | "other" = "own") =>
      (by === "own" ? own : other).send(octets, from.port, from.address);
    if (options.script === undefined) send(encodeMessage(answer));
    else options.script({ n, request, answer, send });
  });
  await Promise.all([own, other].map((socket) => once(socket.bind(0, "127.0.0.1"), "listening")));
  return {
    port: own.address().port,
    requests: () => requests,
    other,
    stop: async () => {
      await Promise.all([own, other].map((socket) => new Promise<void>((done) => socket.close(() => done()))));
    },
  };
}

/** RFC 3416 sections 4.2.1 to 4.2.3, RFC 1157 sections 4.1.2 to 4.1.3. */
export function answerTo(request: Message, mib: Mib, largest = 1_472): Message {
  const { pdu } = request;
  if (request.version === "1") return v1AnswerTo(request, mib, largest);
  const respond = (varbinds: readonly VarBind[], errorStatus = 0): Message => ({
    ...request,
    pdu: { type: "response", requestId: pdu.requestId, errorStatus, errorIndex: 0, varbinds },
  });
  const fits = (varbinds: readonly VarBind[]) => encodeMessage(respond(varbinds)).length <= largest;
  if (pdu.type === "getBulkRequest") {
    const varbinds: VarBind[] = [];
    let names = pdu.varbinds.map((varbind) => varbind.oid);
    for (let i = 0; i < pdu.maxRepetitions; i++) {
      const row = names.map((name) => next(mib, name));
      for (const varbind of row) {
        if (!fits([...varbinds, varbind])) return varbinds.length === 0 ? respond([], 1) : respond(varbinds);
        varbinds.push(varbind);
      }
      names = row.map((varbind) => varbind.oid);
    }
    return respond(varbinds);
  }
  const varbinds = pdu.varbinds.map(({ oid: name }) =>
    pdu.type === "getNextRequest" ? next(mib, name) : get(mib, name),
  );
  return fits(varbinds) ? respond(varbinds) : respond([], 1);
}

/** What SNMPv1 cannot say is not in its MIB: an error then names the binding and the request's bindings come back. */
function v1AnswerTo(request: Message, mib: Mib, largest: number): Message {
  const { type, requestId, varbinds: asked } = request.pdu;
  const visible = mib.filter(({ value }) => value.type !== "counter64");
  const respond = (varbinds: readonly VarBind[], errorStatus: number, errorIndex: number): Message => ({
    ...request,
    pdu: { type: "response", requestId, errorStatus, errorIndex, varbinds },
  });
  const bound = asked.map(({ oid: name }) => (type === "getNextRequest" ? next(visible, name) : get(visible, name)));
  const exceptions: readonly Value["type"][] = ["noSuchObject", "noSuchInstance", "endOfMibView"];
  const missing = bound.findIndex(({ value }) => exceptions.includes(value.type));
  if (missing >= 0) return respond(asked, 2, missing + 1);
  const answer = respond(bound, 0, 0);
  return encodeMessage(answer).length <= largest ? answer : respond(asked, 1, 0);
}

function next(mib: Mib, after: Oid): VarBind {
  return mib.find((varbind) => compareOids(varbind.oid, after) > 0) ?? { oid: after, value: { type: "endOfMibView" } };
}

/** noSuchObject when nothing shares the name without its last arc, as an agent without the table says. */
function get(mib: Mib, name: Oid): VarBind {
  const found = mib.find((varbind) => compareOids(varbind.oid, name) === 0);
  if (found !== undefined) return found;
  const column = name.slice(0, -1);
  const known = mib.some((varbind) => column.every((arc, i) => varbind.oid[i] === arc));
  return { oid: name, value: { type: known ? "noSuchInstance" : "noSuchObject" } };
}
