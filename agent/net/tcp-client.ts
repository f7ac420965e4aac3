// One TCP connection to one address, as it is measured: nothing is looked up, kept or tried a second time.

import { connect, type Socket } from "node:net";
import { ok, type Result } from "../lib/result.ts";
import { type ClientFault, fault, socketFault } from "./client-fault.ts";

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly source: string | undefined;
}

/** What TLS, HTTP and a tunnel go over. */
export type Connection = Socket;

/** The socket is the caller's to destroy. `signal` ends it at the deadline. */
export function connectTcp(
  { address, port, source }: Endpoint,
  signal: AbortSignal,
): Promise<Result<Socket, ClientFault>> {
  if (signal.aborted) return Promise.resolve(fault("timeout", "no answer"));
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, ...(source === undefined ? {} : { localAddress: source }) });
    const settle = (result: Result<Socket, ClientFault>) => {
      signal.removeEventListener("abort", expire);
      // An error of later must find somebody, or it ends the process.
      socket.on("error", () => undefined);
      if (!result.ok) socket.destroy();
      resolve(result);
    };
    const expire = () => settle(fault("timeout", "the connection was not answered"));
    signal.addEventListener("abort", expire, { once: true });
    socket.once("connect", () => settle(ok(socket)));
    socket.once("error", (error) => settle(socketFault(error)));
  });
}
