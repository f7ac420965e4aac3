// A process of its own, so that its cost is nobody's: answers SNMP on the ports that it names to its parent.

import { createSocket } from "node:dgram";
import { answerSnmp } from "../../../agent/lab/snmp-agent.ts";
import { community, view } from "./load.ts";

/** As many routers; the clients keep several of them busy at once. */
const routers = 16;

const secret = new TextEncoder().encode(community);

function listen(): Promise<number> {
  const socket = createSocket("udp4");
  socket.on("message", (request, { address, port }) => {
    const answer = answerSnmp(request, secret, view);
    if (answer.ok) socket.send(answer.octets, port, address);
  });
  return new Promise((resolve) => socket.bind(0, "127.0.0.1", () => resolve(socket.address().port)));
}

const ports = await Promise.all(Array.from({ length: routers }, listen));
process.send?.(ports);
process.on("disconnect", () => process.exit(0));
