// A process of its own, so that its cost is nobody's: answers SNMP on the ports that it names to its parent, and tells
// how many datagrams it was asked with. It must not be slower than what it measures, so each question is worked out once
// and then answered from memory. Arguments: milliseconds until it answers, as a distant router does; `counting` where the
// counters count on with every round of polls, as they do wherever there is traffic.

import { createSocket } from "node:dgram";
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
import { createKnownAnswers, partsOf } from "./known-answers.ts";
import { routers, viewAfter } from "./load.ts";
import { createV3Engine } from "./responder-v3.ts";
import { community, octetsAround } from "./security.ts";

const delay = Number(process.argv[2] ?? 0);
const isCounting = process.argv[3] === "counting";
/** A poll of the agent is so many requests. */
const requestsOfRound = 6 * routers;
let asked = 0;
let view = viewAfter(0);
const { answer, forget } = createKnownAnswers(() => view);

function countOn(): void {
  if (!isCounting || asked % requestsOfRound !== 0) return;
  view = viewAfter(asked / requestsOfRound);
  forget();
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
