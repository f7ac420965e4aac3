// Probe sockets over node:dgram, where libc cannot be reached: STAMP only (fping.ts has ICMP), stamps by this process, so
// delays include what the event loop of the worker adds (facts on probing, 1: about 0.3 ms).

import { createSocket } from "node:dgram";
import { type Instant, monotonicNow } from "../lib/clock.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { anyAddress, formatAddress, parseEndpoint } from "./endpoint.ts";
import {
  epochBase,
  type Incoming,
  longestDatagram,
  longestWait,
  type Moment,
  type ProbeSocket,
  type ProbeSocketError,
  type ProbeSockets,
  type SocketProfile,
} from "./probe-sockets.ts";

/** The kernel gives what it allows of it (Linux: net.core.rmem_max). */
const receiveBuffer = 1 << 20;
/** What may wait to be read. */
const queueLimit = 4_096;
/** Turns of the event loop in which datagrams came, and after which a flood is left waiting. libuv reads 32 at a time. */
const mostTurns = 128;

/** `why`: the reason for this kind of sockets, named when ICMP is asked for. */
export function createDgramSockets(why: string): ProbeSockets {
  // One reading of the wall clock for good: its steps then cannot reach a delay.
  const anchor = { realtime: Date.now() - epochBase * 1_000, monotonic: monotonicNow() };
  const closers: (() => void)[] = [];
  const scratch = new Uint8Array(longestDatagram);
  let wake: () => void = () => undefined;
  let waiting = 0;
  /** Datagrams so far. */
  let arrived = 0;

  const now = (): Moment => {
    const monotonic = monotonicNow();
    return { monotonic, realtime: (anchor.realtime + (monotonic - anchor.monotonic)) * 1e6 };
  };

  async function openUdp(profile: SocketProfile): Promise<Result<ProbeSocket, ProbeSocketError>> {
    const { family, source } = profile;
    const unable = unableTo(profile);
    if (unable !== undefined) {
      return err({ kind: "unavailable", message: `probes with ${unable} are not available here (${why})` });
    }
    const socket = createSocket({ type: `udp${family}`, ipv6Only: family === 6, recvBufferSize: receiveBuffer });
    const address = source === undefined ? undefined : formatAddress(source);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind({ port: source?.port ?? 0, ...(address === undefined ? {} : { address }) }, resolve);
      });
    } catch (cause) {
      socket.close();
      const code = codeOf(cause);
      return err(
        code === "EADDRNOTAVAIL"
          ? {
              kind: "noSuchSource",
              message: `the source ${address} is not an address of this host: fix the probe's "source"`,
            }
          : { kind: "failed", message: `cannot bind to ${address ?? "any address"}: ${code}` },
      );
    }
    socket.removeAllListeners("error");
    // Errors of a send arrive at its callback; what arrives here concerns no datagram of ours.
    socket.on("error", () => undefined);
    const close = () => socket.close();
    closers.push(close);

    let queue: Incoming[] = [];
    let overflow = 0;
    socket.on("message", (bytes, info) => {
      const readAt = now();
      arrived++;
      if (queue.length === queueLimit) overflow++;
      else {
        const from = parseEndpoint(info.address, info.port) ?? anyAddress(family);
        queue.push({ bytes, from, realtime: readAt.realtime, readAt });
        waiting++;
      }
      wake();
    });

    return ok({
      identifier: socket.address().port,
      raw: false,
      send(batch) {
        for (const datagram of batch) {
          const length = datagram.write(scratch, now());
          // A copy: it may be sent later than this call returns.
          socket.send(scratch.slice(0, length), datagram.to.port, formatAddress(datagram.to), (cause) => {
            if (cause !== null && cause !== undefined) datagram.failed(codeOf(cause));
          });
        }
      },
      receive(take) {
        const arrived = queue;
        queue = [];
        waiting -= arrived.length;
        for (const datagram of arrived) take(datagram);
        return true;
      },
      overflowed() {
        const n = overflow;
        overflow = 0;
        return n;
      },
      close() {
        closers.splice(closers.indexOf(close), 1);
        waiting -= queue.length;
        close();
      },
    });
  }

  return {
    now,
    clockError: () => undefined,
    openIcmp: () =>
      err({ kind: "unavailable", message: `ICMP probes are not available here (${why}): use stamp probes` }),
    openUdp,
    wait: (until: Instant) =>
      new Promise<void>((resolve) => {
        /** Read first what has arrived by now: of a thread that stood still, timers are served before sockets. */
        const end = (turns = 0) => {
          const before = arrived;
          setImmediate(() => (arrived === before || turns === mostTurns ? resolve() : end(turns + 1)));
        };
        const left = waiting > 0 ? 0 : Math.min(Math.max(until - monotonicNow(), 0), longestWait);
        const timer = setTimeout(end, left);
        wake = () => {
          wake = () => undefined;
          clearTimeout(timer);
          end();
        };
      }),
    close() {
      for (const close of closers.splice(0)) close();
    },
  };
}

/** What node:dgram cannot do, by the name of its option. */
function unableTo(profile: SocketProfile): string | undefined {
  if (profile.interface !== undefined) return "an interface";
  if (profile.dscp !== 0) return "a dscp";
  return profile.dontFragment ? "dontFragment" : undefined;
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
}
