// A process of its own, so that its cost is nobody's: answers SNMP on the ports that it names to its parent.
// It must not be slower than what it measures, so each question is worked out once and then answered from memory.

import { createSocket } from "node:dgram";
import { answerSnmp } from "../../../agent/lab/snmp-agent.ts";
import { community, view } from "./load.ts";

/** As many routers; the clients keep several of them busy at once. */
const routers = 64;

const secret = new TextEncoder().encode(community);
const known = new Map<string, Buffer>();

/** Where the value of a message's request id lies: behind version, community and the head of the PDU (RFC 3416). */
function requestId(message: Buffer): { readonly from: number; readonly to: number } {
  const head = (at: number) => {
    const length = message[at + 1] ?? 0;
    const octets = length < 0x80 ? 0 : length & 0x7f;
    return { content: at + 2 + octets, length: octets === 0 ? length : message.readUIntBE(at + 2, octets) };
  };
  const version = head(head(0).content);
  const name = head(version.content + version.length);
  const pdu = head(name.content + name.length);
  const id = head(pdu.content);
  return { from: id.content, to: id.content + id.length };
}

function answer(request: Buffer): Buffer | undefined {
  const { from, to } = requestId(request);
  const id = Buffer.from(request.subarray(from, to));
  const question = `${to - from} ${request.toString("latin1", 0, from)}${request.toString("latin1", to)}`;
  let octets = known.get(question);
  if (octets === undefined) {
    const worked = answerSnmp(request, secret, view);
    if (!worked.ok) return undefined;
    octets = Buffer.from(worked.octets);
    known.set(question, octets);
  }
  // The answer is as long whatever the id is, since the question says how long that is.
  const own = Buffer.from(octets);
  own.set(id, requestId(own).from);
  return own;
}

function listen(): Promise<number> {
  const socket = createSocket({ type: "udp4", lookup: (name, _options, done) => done(null, name, 4) });
  socket.on("message", (request, { address, port }) => {
    const octets = answer(request);
    if (octets !== undefined) socket.send(octets, port, address);
  });
  return new Promise((resolve) => socket.bind(0, "127.0.0.1", () => resolve(socket.address().port)));
}

const ports = await Promise.all(Array.from({ length: routers }, listen));
process.send?.(ports);
process.on("disconnect", () => process.exit(0));
