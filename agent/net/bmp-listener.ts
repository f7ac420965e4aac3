// Takes the connections of monitored routers, and cuts what they send into messages. Who is no configured router is
// refused before anything of it is read; the station itself never sends (RFC 7854 section 3.2).

import { createServer, type Server, type Socket } from "node:net";
import { type Clock, elapsed, type Instant } from "../lib/clock.ts";
import { type Counters, createCounters } from "../lib/counters.ts";
import { type Duration, seconds } from "../lib/duration.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { type BmpFault, bmpMessageLength, longestBmpMessage } from "../wire/bmp/message.ts";
import { canonicalAddress } from "./udp.ts";

/** Why a connection ended. Closed: a metric label. */
export const bmpCloses = [
  /** The router closed it. */
  "ended",
  /** The connection broke, or its keepalives were not answered any more. */
  "reset",
  /** Something that is no BMP message: nobody knows where the next one begins. */
  "malformed",
  /** The router connected again. */
  "replaced",
  /** It began a message and did not go on, or connected and said nothing. */
  "stalled",
  /** The agent stopped. */
  "stopped",
] as const;
export type BmpClose = (typeof bmpCloses)[number];

export interface MonitoredRouter {
  readonly router: string;
  /** Literal addresses, of which no other router has one. */
  readonly addresses: readonly string[];
}

export interface BmpHandlers {
  opened(router: string, from: string): void;
  /** One whole message, in `at` up to `end`, valid during the call. Gives what is wrong with it, which ends the connection. */
  message(router: string, bytes: Uint8Array, at: number, end: number): BmpFault | undefined;
  /** `detail` is for people. */
  closed(router: string, why: BmpClose, detail: string): void;
  /** Called for every one: it must be cheap. */
  refused(address: string): void;
}

export interface BmpListener {
  /** The error is one line for people. */
  start(): Promise<Result<void, string>>;
  stop(): Promise<void>;
  /** The bound port; 0 before `start`. */
  port(): number;
  /** Connections that ended, by why. */
  readonly closes: Counters<BmpClose>;
  /** Octets of the buffers of all connections. */
  memory(): number;
}

/** The host's own probing of an idle connection: gone after 20 s, with Node's ten probes a second apart. */
const keepaliveAfter = seconds(10);
const patience = seconds(60);
const watchEvery = seconds(10);

/** Octets that one connection holds at most: the longest message, and what is read at once. */
export const connectionOctets = longestBmpMessage + 65_536;
const nothing = new Uint8Array(0);

interface Connection {
  readonly router: string;
  readonly socket: Socket;
  /** The beginning of a message whose end has not come: the first `held` octets. */
  buffer: Uint8Array;
  held: number;
  /** Octets of the stream before those that are held. */
  offset: number;
  /** When a whole message last ended, or the connection began. */
  movedAt: Instant;
  spoke: boolean;
}

export function createBmpListener(
  { clock }: { readonly clock: Clock },
  config: { readonly host: string; readonly port: number; readonly routers: readonly MonitoredRouter[] },
  handlers: BmpHandlers,
): BmpListener {
  const closes = createCounters(bmpCloses);
  const routers = new Map<string, string>();
  for (const { router, addresses } of config.routers) {
    for (const address of addresses) routers.set(canonicalAddress(address), router);
  }
  const connections = new Map<string, Connection>();
  let server: Server | undefined;
  let cancelWatch: (() => void) | undefined;

  function accept(socket: Socket): void {
    const from = peerOf(socket);
    const router = routers.get(from);
    if (router === undefined) {
      socket.on("error", () => {});
      socket.resetAndDestroy();
      handlers.refused(from);
      return;
    }
    // A router that lost its end knows before we do: the newer connection is the one it uses.
    const older = connections.get(router);
    if (older !== undefined) close(older, "replaced", `${router} connected again from ${from}`);
    const connection: Connection = {
      router,
      socket,
      buffer: nothing,
      held: 0,
      offset: 0,
      movedAt: clock.now(),
      spoke: false,
    };
    connections.set(router, connection);
    socket.setKeepAlive(true, keepaliveAfter);
    let error = "";
    socket.on("data", (chunk) => {
      received(connection, chunk);
      // One piece at a time: a router that sends its whole table must not hold up the others, nor the polls. What it has
      // sent meanwhile waits in the kernel, and then at the router.
      socket.pause();
      setImmediate(() => socket.resume());
    });
    socket.on("error", (failure) => {
      error = failure.message;
    });
    socket.on("end", () => close(connection, "ended", `${router} closed the connection`));
    socket.on("close", () => close(connection, error === "" ? "ended" : "reset", error || "the connection ended"));
    handlers.opened(router, from);
  }

  function received(connection: Connection, chunk: Uint8Array): void {
    const bytes = connection.held === 0 ? chunk : joined(connection, chunk);
    const end = connection.held + chunk.length;
    let at = 0;
    while (at < end) {
      const length = bmpMessageLength(bytes, at, end);
      if (!length.ok) {
        malformed(connection, length.error, at);
        return;
      }
      if (length.value === 0 || at + length.value > end) break;
      const fault = handlers.message(connection.router, bytes, at, at + length.value);
      if (fault !== undefined) {
        malformed(connection, fault, at);
        return;
      }
      // The handler may have ended it.
      if (connections.get(connection.router) !== connection) return;
      at += length.value;
      connection.spoke = true;
    }
    if (at > 0) connection.movedAt = clock.now();
    keep(connection, bytes, at, end);
  }

  /** The octets that were held, with the chunk behind them. Room grows by doubling: a router may send single octets. */
  function joined(connection: Connection, chunk: Uint8Array): Uint8Array {
    const size = connection.held + chunk.length;
    if (connection.buffer.length < size) {
      const larger = new Uint8Array(Math.min(Math.max(size, connection.held * 2), connectionOctets));
      larger.set(connection.buffer.subarray(0, connection.held));
      connection.buffer = larger;
    }
    connection.buffer.set(chunk, connection.held);
    return connection.buffer;
  }

  function keep(connection: Connection, bytes: Uint8Array, at: number, end: number): void {
    if (at === end) connection.buffer = nothing;
    else if (at > 0 || bytes !== connection.buffer) connection.buffer = bytes.slice(at, end);
    connection.held = end - at;
    connection.offset += at;
  }

  function malformed(connection: Connection, { kind, offset }: BmpFault, at: number): void {
    const detail = `${kind} at octet ${offset - at} of the message that began at octet ${connection.offset + at} of the stream`;
    close(connection, "malformed", detail);
  }

  function close(connection: Connection, why: BmpClose, detail: string): void {
    if (connections.get(connection.router) !== connection) return;
    connections.delete(connection.router);
    connection.buffer = nothing;
    connection.socket.destroy();
    closes.add(why);
    handlers.closed(connection.router, why, detail);
  }

  function watch(): void {
    const now = clock.now();
    for (const connection of connections.values()) {
      const { spoke, held, movedAt } = connection;
      if ((spoke && held === 0) || elapsed(movedAt, now) < patience) continue;
      const detail = held > 0 ? `a message began and did not go on for ${inSeconds(patience)}` : "nothing was said";
      close(connection, "stalled", detail);
    }
    cancelWatch = clock.after(watchEvery, watch);
  }

  return {
    start() {
      const { host, port } = config;
      return new Promise((done) => {
        const listening = createServer({ pauseOnConnect: false }, accept);
        listening.maxConnections = 2 * config.routers.length + 16;
        listening.once("error", (error) => done(err(cannotListen(host, port, error))));
        listening.listen({ host, port }, () => {
          server = listening;
          cancelWatch = clock.after(watchEvery, watch);
          done(ok(undefined));
        });
      });
    },
    async stop() {
      cancelWatch?.();
      for (const connection of [...connections.values()]) close(connection, "stopped", "the agent stops");
      const listening = server;
      server = undefined;
      if (listening !== undefined) await new Promise<void>((done) => listening.close(() => done()));
    },
    port() {
      const address = server?.address();
      return typeof address === "object" && address !== null ? address.port : 0;
    },
    closes,
    memory: () => [...connections.values()].reduce((sum, { buffer }) => sum + buffer.length, 0),
  };
}

/** An IPv4 address arrives in IPv6's clothes on a socket of both families. */
function peerOf(socket: Socket): string {
  const address = socket.remoteAddress ?? "";
  return canonicalAddress(address.startsWith("::ffff:") ? address.slice(7) : address);
}

const inSeconds = (duration: Duration) => `${Math.round(duration / 1_000)} s`;

function cannotListen(host: string, port: number, error: Error): string {
  const code = "code" in error ? String(error.code) : error.message;
  const where = `bmp.listen: TCP ${host.includes(":") ? `[${host}]` : host}:${port}`;
  switch (code) {
    case "EACCES":
      return `${where} may not be listened on by this user: choose a port from 1024`;
    case "EADDRINUSE":
      return `${where} is in use: end what listens there, or choose another port`;
    case "EADDRNOTAVAIL":
      return `${where} is no address of this host: write one of its own, or 0.0.0.0 for every one`;
    default:
      return `${where} cannot be listened on (${code})`;
  }
}
