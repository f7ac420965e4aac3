// Ports for the servers that a test starts as programs of their own, and ports at which nobody is.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/** The kernel gives the ports from 32768 on to whoever wants any: also one that was found free there a moment ago. */
const [least, most] = [25_000, 31_999];
/** Where the search begins: apart from that of another process, which may look at the same moment. */
let next = least + ((process.pid * 20) % (most - least));

/** A port of 127.0.0.1 that nobody has, by TCP nor by UDP, and that nobody is given by chance. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = next;
    next = port < most ? port + 1 : least;
    if (
      (await isFree(createServer().listen(port, "127.0.0.1"))) &&
      (await isFree(createSocket("udp4").bind(port, "127.0.0.1")))
    )
      return port;
  }
}

async function isFree(socket: NodeJS.EventEmitter & { close(done: () => void): unknown }): Promise<boolean> {
  try {
    await once(socket, "listening");
  } catch {
    return false;
  }
  await new Promise<void>((done) => socket.close(done));
  return true;
}
