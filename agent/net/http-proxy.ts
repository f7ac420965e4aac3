// A tunnel through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6), over a connection to the proxy that is there.

import { request } from "node:http";
import type { Socket } from "node:net";
import { ok, type Result } from "../lib/result.ts";
import { type ClientFault, codeOf, fault, isKernels, mostHeaderOctets, socketFault } from "./client-fault.ts";

export interface Tunnel {
  /** `host:port` to be led to; the proxy looks the name up. */
  readonly authority: string;
  /** Value of Proxy-Authorization. A secret: it stands in no fault. */
  readonly authorization: string | undefined;
}

const closed = fault("closed", "the connection was closed without an answer to CONNECT");

/** `signal` ends it at the deadline. The socket is the caller's when it went well, and destroyed otherwise. */
export function openTunnel(
  socket: Socket,
  { authority, authorization }: Tunnel,
  signal: AbortSignal,
): Promise<Result<Socket, ClientFault>> {
  return new Promise((resolve) => {
    const settle = (result: Result<Socket, ClientFault>) => {
      signal.removeEventListener("abort", expire);
      // A request that became a tunnel is said to be closed, too.
      asking.removeListener("close", close);
      if (!result.ok) {
        asking.destroy();
        socket.destroy();
      }
      resolve(result);
    };
    const close = () => settle(closed);
    const expire = () => settle(fault("timeout", "no answer to CONNECT"));
    const asking = request({
      createConnection: () => socket,
      method: "CONNECT",
      path: authority,
      setHost: false,
      headers: { host: authority, "user-agent": "circuitwatch", ...proxyAuthorization(authorization) },
      maxHeaderSize: mostHeaderOctets,
      joinDuplicateHeaders: true,
    });
    signal.addEventListener("abort", expire, { once: true });
    asking.once("error", (error) => {
      const isOrderly = codeOf(error) === "ECONNRESET" && !isKernels(error);
      settle(isOrderly ? closed : socketFault(error));
    });
    asking.once("close", close);
    asking.once("connect", ({ statusCode = 0 }, _socket, early: Buffer) => {
      const refused = refusal(statusCode, authorization !== undefined);
      if (refused !== undefined) return settle(refused);
      // In TLS the client speaks first.
      if (early.length > 0) settle(fault("malformed", "something came through the tunnel before it was asked for"));
      else settle(ok(socket));
    });
    // A status that is no final answer to CONNECT, such as 101.
    asking.once("upgrade", () => settle(fault("malformed", "the answer to CONNECT is no answer to it")));
    asking.end();
    if (signal.aborted) expire();
  });
}

export function proxyAuthorization(value: string | undefined): { readonly "proxy-authorization"?: string } {
  return value === undefined ? {} : { "proxy-authorization": value };
}

/** What a proxy's status means; undefined: it does what it was asked for. */
function refusal(status: number, isKnown: boolean) {
  if (status >= 200 && status < 300) return undefined;
  if (status === 407) return proxyWantsCredentials(isKnown);
  if (status >= 500) return fault("proxyCannotConnect", `could not connect any further (status ${status})`);
  return fault("proxyRefused", `refuses to connect any further (status ${status})`);
}

/** 407, which only proxies answer. */
export function proxyWantsCredentials(isKnown: boolean) {
  return fault(
    "proxyRefused",
    isKnown
      ? "does not take the user and password (status 407)"
      : 'wants a user and password (status 407): add "user" and "password"',
  );
}
