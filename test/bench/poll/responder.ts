// A process of its own, so that its cost is nobody's: answers SNMP on the ports that it names to its parent, and tells
// how many datagrams it was asked with. It must not be slower than what it measures, so each question is worked out once
// and then answered from memory. Arguments: milliseconds until it answers, as a distant router does; `counting` where the
// counters count on with every round of polls, as they do wherever there is traffic.

import { createSocket } from "node:dgram";
import { answerSnmp } from "../../../agent/lab/snmp-agent.ts";
import {
  createWriter,
  putAround,
  putHeader,
  putInteger,
  putOctets,
  tagInteger,
  tagOctets,
  tagSequence,
  takeWritten,
} from "../../../agent/wire/ber.ts";
import { versionV2c } from "../../../agent/wire/snmp/message.ts";
import { routers, viewAfter } from "./load.ts";
import { createV3Engine } from "./responder-v3.ts";
import { community, octetsAround } from "./security.ts";

const delay = Number(process.argv[2] ?? 0);
const isCounting = process.argv[3] === "counting";
/** A poll of the agent is so many requests. */
const requestsOfRound = 6 * routers;
const known = new Map<string, Buffer>();
let asked = 0;
let view = viewAfter(0);

function countOn(): void {
  if (!isCounting || asked % requestsOfRound !== 0) return;
  view = viewAfter(asked / requestsOfRound);
  known.clear();
}

interface Element {
  readonly content: number;
  readonly end: number;
}

function elementAt(message: Buffer, at: number): Element {
  const first = message[at + 1] ?? 0;
  const more = first < 0x80 ? 0 : first & 0x7f;
  const content = at + 2 + more;
  return { content, end: content + (more === 0 ? first : message.readUIntBE(at + 2, more)) };
}

/** Version, community and PDU of a message. */
function partsOf(message: Buffer): { readonly version: Element; readonly community: Element; readonly pduAt: number } {
  const version = elementAt(message, elementAt(message, 0).content);
  const name = elementAt(message, version.end);
  return { version, community: name, pduAt: name.end };
}

/** Answers a message of version 2c. */
function answer(request: Buffer): Buffer | undefined {
  const { community: name, pduAt } = partsOf(request);
  const id = elementAt(request, elementAt(request, pduAt).content);
  const question = `${id.end - id.content} ${request.toString("latin1", 0, id.content)}${request.toString("latin1", id.end)}`;
  let octets = known.get(question);
  if (octets === undefined) {
    const worked = answerSnmp(request, request.subarray(name.content, name.end), view);
    if (!worked.ok) return undefined;
    octets = Buffer.from(worked.octets);
    known.set(question, octets);
  }
  // The answer is as long whatever the id is, since the question says how long that is.
  const own = Buffer.from(octets);
  own.set(request.subarray(id.content, id.end), elementAt(own, elementAt(own, partsOf(own).pduAt).content).content);
  return own;
}

/** As much longer as an SNMPv3 message is, so that its answers fill the same 1,472 octets and no more. */
const longCommunity = Buffer.alloc(community.length + octetsAround("3") - octetsAround("2c"), "v3");

function answerPdu(pdu: Uint8Array): Uint8Array | undefined {
  const w = createWriter();
  putOctets(w, pdu);
  putOctets(w, longCommunity);
  putHeader(w, tagOctets, longCommunity.length);
  putInteger(w, tagInteger, versionV2c);
  putAround(w, tagSequence, 0);
  const answered = answer(Buffer.from(takeWritten(w)));
  return answered?.subarray(partsOf(answered).pduAt);
}

function isV2c(request: Buffer): boolean {
  const { version, community: name } = partsOf(request);
  return request[version.content] === versionV2c && request.toString("latin1", name.content, name.end) === community;
}

function listen(): Promise<number> {
  const socket = createSocket({ type: "udp4", lookup: (name, _options, done) => done(null, name, 4) });
  return new Promise((resolve) =>
    socket.bind(0, "127.0.0.1", () => {
      const { port: own } = socket.address();
      const answerV3 = createV3Engine(own, answerPdu);
      socket.on("message", (request, { address, port }) => {
        asked += 1;
        countOn();
        const octets = isV2c(request) ? answer(request) : answerV3(request);
        if (octets === undefined) return;
        if (delay === 0) socket.send(octets, port, address);
        else setTimeout(() => socket.send(octets, port, address), delay);
      });
      resolve(own);
    }),
  );
}

const ports = await Promise.all(Array.from({ length: routers }, listen));
process.send?.(ports);
process.on("message", () => process.send?.(asked));
process.on("disconnect", () => process.exit(0));
