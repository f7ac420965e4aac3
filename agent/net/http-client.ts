// One HTTP/1.1 request over a connection that is there; the connection is not used again.

import { type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { ok, type Result } from "../lib/result.ts";
import { type ClientFault, fault, isKernels, mostHeaderOctets, socketFault } from "./client-fault.ts";
import { proxyAuthorization } from "./http-proxy.ts";

export interface HttpRequest {
  readonly method: "GET" | "HEAD";
  /** Path and query; to a proxy, the whole URL (absolute-form, RFC 9112 section 3.2.2). */
  readonly path: string;
  /** Host header. */
  readonly host: string;
  /** Value of Proxy-Authorization. A secret: it stands in no fault. */
  readonly authorization: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** Location header, bounded; untrusted text. */
  readonly location: string | undefined;
}

/** More of a body is not read: the check has seen what it came for. */
export const mostBodyOctets = 65_536;
const longestLocation = 2_048;

/**
 * Ends when the answer is complete, or `mostBodyOctets` of its body were read. `firstByte` is called when the first octet
 * of it comes. `signal` ends it at the deadline. The connection is destroyed in any case.
 */
export function exchange(
  socket: Socket,
  { method, path, host, authorization }: HttpRequest,
  firstByte: () => void,
  signal: AbortSignal,
): Promise<Result<HttpAnswer, ClientFault>> {
  return new Promise((resolve) => {
    let answer: IncomingMessage | undefined;
    const settle = (result: Result<HttpAnswer, ClientFault>) => {
      signal.removeEventListener("abort", expire);
      asking.destroy();
      socket.destroy();
      resolve(result);
    };
    const done = ({ statusCode = 0, headers }: IncomingMessage) =>
      settle(ok({ status: statusCode, location: headers.location?.slice(0, longestLocation) }));
    const expire = () => settle(fault("timeout", answer === undefined ? "no answer" : "the answer did not end"));
    const fail = (error: Error) => settle(answerFault(error));
    const asking = request({
      createConnection: () => socket,
      method,
      path,
      setHost: false,
      headers: {
        host,
        "user-agent": "circuitwatch",
        accept: "*/*",
        connection: "close",
        ...proxyAuthorization(authorization),
      },
      maxHeaderSize: mostHeaderOctets,
      joinDuplicateHeaders: true,
    });
    signal.addEventListener("abort", expire, { once: true });
    socket.once("data", firstByte);
    asking.on("error", fail);
    asking.once("close", () => settle(fault("closed", "the connection was closed without an answer")));
    // A server that switches protocols unasked has answered all the same.
    asking.once("upgrade", done);
    asking.once("response", (message) => {
      answer = message;
      let octets = 0;
      message.on("data", (chunk: Buffer) => {
        octets += chunk.length;
        if (octets >= mostBodyOctets) done(message);
      });
      message.once("end", () => done(message));
      message.on("error", fail);
    });
    asking.end();
    if (signal.aborted) expire();
  });
}

function answerFault(error: Error) {
  const orderly = "code" in error && error.code === "ECONNRESET" && !isKernels(error);
  return orderly ? fault("closed", "the connection was closed before the answer was complete") : socketFault(error);
}
