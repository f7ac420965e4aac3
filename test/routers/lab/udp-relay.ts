// Runs on the jump host between an agent and a router's SNMP agent: `node udp-relay.ts '{"port": ...}'`. It passes on what it is
// asked and answered. Over HTTP on a Unix socket it is told to hold the answers (`/hold`), and to let them go in the order in which
// they came (`/forward`) or with the last first (`/reverse`); it then says which those were.

import { createSocket, type Socket } from "node:dgram";
import { createServer } from "node:http";

export interface UdpRelay {
  /** On loopback. */
  readonly port: number;
  readonly to: { readonly address: string; readonly port: number };
  /** Path of the Unix socket. */
  readonly control: string;
}

/** What was held, oldest first. */
export interface HeldAnswer {
  /** Milliseconds since 1970 at which it came. */
  readonly at: number;
  readonly hex: string;
}

const { port, to, control } = JSON.parse(process.argv[2] ?? "") as UdpRelay;
const near = createSocket("udp4");
/** By the port that asked. */
const far = new Map<number, Socket>();
let held: (HeldAnswer & { readonly give: () => void })[] | undefined;

function towards(asker: number): Socket {
  const known = far.get(asker);
  if (known !== undefined) return known;
  const socket = createSocket("udp4");
  socket.on("message", (answer) => {
    const give = () => near.send(answer, asker, "127.0.0.1");
    if (held === undefined) give();
    else held.push({ at: Date.now(), hex: answer.toString("hex"), give });
  });
  // The router may refuse while its agent is away.
  socket.on("error", () => {});
  socket.connect(to.port, to.address);
  socket.once("connect", () => far.set(asker, socket));
  return socket;
}

near.on("message", (question, { port: asker }) => {
  const socket = towards(asker);
  if (far.has(asker)) socket.send(question);
  else socket.once("connect", () => socket.send(question));
});
near.bind(port, "127.0.0.1");

createServer(({ url }, response) => {
  if (url === "/hold") {
    held = [];
    response.end("[]");
    return;
  }
  const answers = held ?? [];
  held = undefined;
  for (const { give } of url === "/reverse" ? answers.toReversed() : answers) give();
  response.end(JSON.stringify(answers.map(({ at, hex }) => ({ at, hex }))));
}).listen(control);
