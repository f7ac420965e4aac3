// The agent's HTTP server: metrics, health, status and the page. It stands on a jump host and answers
// whoever reaches its port, so everything that a client can make long or many has a limit.

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { type Duplex, pipeline, Readable } from "node:stream";
import type { ListenAddress } from "../estate/estate.ts";
import { createCounters } from "../lib/counters.ts";
import type { Logger } from "../lib/log.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { createRoutes, plainText, type Reply, type RouteDeps, type Routes } from "./routes.ts";

export interface WebDeps extends RouteDeps {
  readonly log: Logger;
}

/** How requests ended. `malformed`: not HTTP, too long, or not completed in time. */
const outcomes = ["served", "unavailable", "notFound", "methodNotAllowed", "malformed", "failed"] as const;
type RequestOutcome = (typeof outcomes)[number];

export interface Web {
  /** The error is one line for people: what, why, what to do. */
  start(): Promise<Result<{ readonly host: string; readonly port: number }, string>>;
  /** Closes the port and every connection. */
  stop(): Promise<void>;
  /** Requests since the start, by how they ended. */
  requests(): Readonly<Record<RequestOutcome, number>>;
}

export interface WebLimits {
  /** Bytes of a request's head. */
  readonly maxHeaderSize: number;
  /** Milliseconds until the whole head, and the whole request, must be there; 0 would mean no limit. */
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly connectionsCheckingInterval: number;
  readonly keepAliveTimeout: number;
}

export const webLimits: WebLimits = {
  maxHeaderSize: 8_192,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  /** Longer than a usual scrape interval, so that Prometheus keeps its connection. */
  keepAliveTimeout: 65_000,
};

/** A client that takes nothing of its answer for this long is cut off. */
const idleSocketTimeout = 20_000;
const maxConnections = 256;

/** Nothing but this server's own files may run or be shown, nobody may frame it, nothing is kept. */
const securityHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
} as const;

export function createWeb(deps: WebDeps, listen: ListenAddress, limits: WebLimits = webLimits): Web {
  const counters = createCounters(outcomes);
  let server: Server | undefined;

  return {
    async start() {
      const file = (name: string) => readFile(join(import.meta.dirname, "static", name), "utf8");
      const routes = createRoutes(deps, {
        script: await file("status.js"),
        style: (await file("palette.css")) + (await file("status.css")),
      });
      const started = createServer(limits, (request, response) => {
        void answer(request, response, routes, deps.log).then((outcome) => counters.add(outcome));
      });
      started.maxConnections = maxConnections;
      started.setTimeout(idleSocketTimeout);
      // Without this Node would invite a client to send a body that nobody reads.
      started.on("checkContinue", (request, response) => started.emit("request", request, response));
      started.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
        counters.add("malformed");
        refuse(error, socket);
      });
      const listening = await open(started, listen);
      if (listening.ok) {
        server = started;
        started.on("error", (error) => deps.log.error({ error: error.message }, "web server"));
      }
      return listening;
    },
    async stop() {
      const stopping = server;
      server = undefined;
      if (stopping === undefined) return;
      await new Promise<void>((resolve) => {
        stopping.close(() => resolve());
        stopping.closeAllConnections();
      });
    },
    requests: counters.read,
  };
}

function open(server: Server, { host, port }: ListenAddress): Promise<Result<{ host: string; port: number }, string>> {
  return new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(err(whyNot(error, host, port))));
    server.listen({ host, port }, () => {
      server.removeAllListeners("error");
      const bound = server.address();
      resolve(ok({ host, port: typeof bound === "object" && bound !== null ? bound.port : port }));
    });
  });
}

function whyNot(error: NodeJS.ErrnoException, host: string, port: number): string {
  const cannot = `cannot listen on ${host.includes(":") ? `[${host}]` : host}:${port}:`;
  switch (error.code) {
    case "EADDRINUSE":
      return `${cannot} another program has this port; stop it, or choose another port (web.listen, or --listen)`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${cannot} this machine has no such address; use one of its own (web.listen, or --listen)`;
    case "EACCES":
      return `${cannot} no permission for this port; use one above 1023, or grant CAP_NET_BIND_SERVICE`;
    default:
      return `${cannot} ${error.message}; choose another address (web.listen, or --listen)`;
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  log: Logger,
): Promise<RequestOutcome> {
  // A body means nothing to any route: it is not read, and what follows it on the connection neither.
  const hasBody =
    request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
  if (hasBody) response.setHeader("connection", "close");
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  const route = routes.get(path);
  if (route === undefined) return send(request, response, plain(404, "not found"), "notFound");
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return send(request, response, plain(405, "only GET and HEAD"), "methodNotAllowed");
  }
  try {
    const reply = await route();
    return send(request, response, reply, reply.status === 200 ? "served" : "unavailable");
  } catch (error) {
    // A route that throws is our own bug; it costs its caller an answer, and nobody else anything.
    log.error({ path, error: error instanceof Error ? error.stack : String(error) }, "a web route failed");
    if (response.headersSent) {
      // Another head cannot follow; the client sees that the answer is cut off.
      response.destroy();
      return "failed";
    }
    return send(request, response, plain(500, "the agent failed to answer; its log says why"), "failed");
  }
}

function plain(status: number, text: string): Reply {
  return { status, contentType: plainText, body: `${text}\n` };
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply, as: RequestOutcome): RequestOutcome {
  const { body } = reply;
  const head = { ...securityHeaders, "content-type": reply.contentType };
  if (typeof body === "string") {
    const octets = Buffer.from(body);
    response.writeHead(reply.status, { ...head, "content-length": octets.length });
    response.end(request.method === "HEAD" ? undefined : octets);
    return as;
  }
  const zipped = takesGzip(request);
  response.writeHead(reply.status, {
    ...head,
    vary: "accept-encoding",
    ...(zipped ? { "content-encoding": "gzip" } : { "content-length": body.length }),
  });
  // Who has hung up while it was made is sent nothing: `pipeline` throws where it would begin with a closed stream.
  if (request.method === "HEAD" || response.destroyed) response.end();
  // A piece at a time, as fast as the client takes them. One that goes away in the middle has its answer.
  else pipeline(Readable.from(zipped ? body.gzip() : body.plain()), response, () => {});
  return as;
}

/** RFC 9110 section 12.5.3, as far as clients use it: gzip is named, and not with a weight of zero. */
function takesGzip({ headers }: IncomingMessage): boolean {
  const accepted = String(headers["accept-encoding"] ?? "").split(",");
  return accepted.some((one) => /^\s*(x-)?gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(one));
}

const refusals: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** Says once what was wrong, in fixed words, and hangs up. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = refusals[error.code ?? ""] ?? "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
}
