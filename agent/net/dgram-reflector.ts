// The reflector's socket over node:dgram, where libc cannot be reached: its stamps are this process's, the TTL of a
// request is not known, and the routing table chooses the address that answers.

import { createSocket, type Socket } from "node:dgram";
import { monotonicNow } from "../lib/clock.ts";
import { err, ok } from "../lib/result.ts";
import { parseIpv4 } from "./endpoint.ts";
import { epochBase, longestWait } from "./probe-sockets.ts";
import { cannotListen, type ReflectorRequest, type ReflectorSocket, requestBuffer } from "./reflector-socket.ts";
import { codeOf } from "./udp.ts";

/** What may wait to be read. */
const queueLimit = 4_096;

interface Waiting extends ReflectorRequest {
  readonly host: string;
}

export function createDgramReflectorSocket(host: string, port: number): ReflectorSocket {
  let socket: Socket | undefined;
  let queue: Waiting[] = [];
  let overflow = 0;
  let wake: () => void = () => undefined;
  // One reading of the wall clock for good: T3 - T2 is then right to the microsecond.
  const anchor = { realtime: Date.now() - epochBase * 1_000, monotonic: monotonicNow() };
  const now = () => (anchor.realtime + (monotonicNow() - anchor.monotonic)) * 1e6;

  return {
    async open() {
      const opened = createSocket({ type: host.includes(":") ? "udp6" : "udp4", recvBufferSize: requestBuffer });
      try {
        await new Promise<void>((resolve, reject) => {
          opened.once("error", reject);
          opened.bind(port, host, resolve);
        });
      } catch (cause) {
        opened.close();
        return err(cannotListen(host, port, cause instanceof Error ? codeOf(cause) : String(cause)));
      }
      opened.removeAllListeners("error");
      // Errors of a send arrive at its callback; what arrives here concerns no datagram of ours.
      opened.on("error", () => undefined);
      opened.on("message", (bytes, from) => {
        if (queue.length === queueLimit) overflow++;
        else {
          const address = addressOctets(from.address);
          const readAt = monotonicNow();
          queue.push({ bytes, address, host: from.address, port: from.port, ttl: undefined, realtime: now(), readAt });
        }
        wake();
      });
      socket = opened;
      return ok(opened.address().port);
    },
    async turn(answer, sent) {
      if (queue.length === 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, longestWait);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      } else await new Promise<void>((resolve) => setImmediate(resolve));
      const arrived = queue;
      queue = [];
      for (const request of arrived) {
        const length = answer(request);
        if (length === 0) continue;
        socket?.send(request.bytes, 0, length, request.port, request.host, (cause) =>
          sent(cause === null || cause === undefined),
        );
      }
    },
    now,
    overflowed() {
      const n = overflow;
      overflow = 0;
      return n;
    },
    close() {
      socket?.close();
      socket = undefined;
    },
  };
}

/** Of an address as the kernel writes it; one of IPv4 that came to an IPv6 socket is 4 octets. */
function addressOctets(text: string): Uint8Array {
  const [plain = ""] = text.split("%");
  const ipv4 = parseIpv4(plain.slice(plain.lastIndexOf(":") + 1));
  if (ipv4 !== undefined) return Uint8Array.from([24, 16, 8, 0], (shift) => (ipv4 >>> shift) & 0xff);
  const [head = [], tail = []] = plain.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const groups = [...head, ...Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0"), ...tail];
  return Uint8Array.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16)]));
}
