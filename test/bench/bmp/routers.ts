// The routers, in a process of their own: connect, send what is ordered, and say when the last octet was handed over.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { monotonicNow } from "../../../agent/lib/clock.ts";
import { addressOf, down, opening, route } from "./plan.ts";

export interface SendOrder {
  readonly port: number;
  readonly routers: number;
  /** Of each router, at each time that its session comes up. */
  readonly routes: number;
  /** Times that the session goes and comes up again. */
  readonly flaps: number;
}

const order = JSON.parse(process.argv[2] ?? "") as SendOrder;
const piece = 256;

async function write(socket: Socket, octets: Uint8Array): Promise<void> {
  if (!socket.write(octets)) await once(socket, "drain");
}

async function run(i: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port: order.port, localAddress: addressOf(i) });
  await once(socket, "connect");
  const all = Array.from({ length: Math.ceil(order.routes / piece) }, (_, from) =>
    Buffer.concat(
      Array.from({ length: Math.min(piece, order.routes - from * piece) }, (_, n) => route(i, from * piece + n)),
    ),
  );
  for (let flap = 0; flap <= order.flaps; flap++) {
    if (flap > 0) await write(socket, down);
    await write(socket, opening(i));
    for (const routes of all) await write(socket, routes);
  }
  return socket;
}

const sockets = await Promise.all(Array.from({ length: order.routers }, (_, i) => run(i)));
process.send?.(monotonicNow());
process.once("message", () => {
  for (const socket of sockets) socket.destroy();
  process.disconnect();
});
