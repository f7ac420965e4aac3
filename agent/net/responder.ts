// A UDP socket that answers: what stands behind a port is a function from a datagram to, perhaps, answers.

import { createSocket, type Socket } from "node:dgram";
import { err, ok, type Result } from "../lib/result.ts";

/** Sends one datagram back to where the request came from; after `stop()` it does nothing. */
export type Reply = (answer: Uint8Array) => void;

export interface Responder {
  /** Binds; gives the port that was bound (port 0 takes a free one) or why it could not, for people. */
  start(): Promise<Result<number, string>>;
  /** Resolves when the port is free again. */
  stop(): Promise<void>;
}

/** `handle` is called for each datagram and may reply at once, later, more than once or never. */
export function createResponder(
  deps: { readonly handle: (datagram: Uint8Array, reply: Reply) => void; readonly failed: (why: string) => void },
  config: { readonly host: string; readonly port: number },
): Responder {
  let socket: Socket | undefined;

  function listen(s: Socket): void {
    s.on("error", (error) => deps.failed(error.message));
    s.on("message", (datagram, from) => {
      deps.handle(datagram, (answer) => {
        if (socket !== s) return;
        s.send(answer, from.port, from.address, (error) => {
          if (error !== null) deps.failed(error.message);
        });
      });
    });
  }

  return {
    start() {
      const s = createSocket({
        type: config.host.includes(":") ? "udp6" : "udp4",
        // Node resolves even a literal address, through a thread and a tick later; the answer is known here.
        lookup: (host, _options, done) => done(null, host, host.includes(":") ? 6 : 4),
      });
      return new Promise((resolve) => {
        s.once("error", (error: NodeJS.ErrnoException) => {
          s.close();
          resolve(err(`cannot listen on UDP ${config.host}:${config.port}: ${error.code ?? error.message}`));
        });
        s.bind(config.port, config.host, () => {
          s.removeAllListeners("error");
          socket = s;
          listen(s);
          resolve(ok(s.address().port));
        });
      });
    },
    stop() {
      const s = socket;
      socket = undefined;
      return s === undefined ? Promise.resolve() : new Promise((resolve) => s.close(() => resolve()));
    },
  };
}
