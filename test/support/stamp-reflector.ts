// A Session-Reflector on loopback that does to the answers what a script tells it, and counts what it did.

import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { ntpTimestamp, reflect } from "../../agent/wire/stamp.ts";

export type Deed = "answer" | "drop" | "twice" | "swapWithNext" | "tooLate" | "fromElsewhere" | "withoutNonce";

export interface StampReflector {
  readonly port: number;
  /** Requests so far. */
  seen(): number;
  /** How often each deed was done. */
  done(): Readonly<Record<Deed, number>>;
  /** Where the last request came from. */
  asker(): { readonly address: string; readonly port: number } | undefined;
  close(): void;
}

/** `script` says what to do with request number `n`, from 0; `lateBy` ms for `tooLate`. */
export async function startStampReflector(
  script: (n: number) => Deed,
  lateBy = 0,
  address = "127.0.0.1",
): Promise<StampReflector> {
  const socket = await bound(address);
  const elsewhere = await bound(address);
  const done = { answer: 0, drop: 0, twice: 0, swapWithNext: 0, tooLate: 0, fromElsewhere: 0, withoutNonce: 0 };
  const timers = new Set<NodeJS.Timeout>();
  let seen = 0;
  let asker: { address: string; port: number } | undefined;
  let held: (() => void) | undefined;

  socket.on("message", (request, from) => {
    asker = { address: from.address, port: from.port };
    const deed = script(seen++);
    done[deed]++;
    const [s, ns] = process.hrtime();
    const t = ntpTimestamp(s, ns);
    const answer = reflect(request, { receiveTimestamp: t, timestamp: t });
    if (!answer.ok) throw new Error(answer.error.kind);
    const send = (by: Socket = socket) => by.send(answer.value, from.port, from.address);
    switch (deed) {
      case "answer":
        send();
        break;
      case "drop":
        break;
      case "twice":
        send();
        send();
        break;
      case "swapWithNext":
        held = send;
        return;
      case "tooLate": {
        const timer = setTimeout(() => {
          timers.delete(timer);
          send();
        }, lateBy);
        timers.add(timer);
        break;
      }
      case "fromElsewhere":
        send(elsewhere);
        break;
      case "withoutNonce":
        // The copied transmit stamp, one bit off.
        answer.value[35] = (answer.value[35] ?? 0) ^ 1;
        send();
        break;
    }
    held?.();
    held = undefined;
  });

  return {
    port: socket.address().port,
    seen: () => seen,
    done: () => ({ ...done }),
    asker: () => asker,
    close() {
      for (const timer of timers) clearTimeout(timer);
      socket.close();
      elsewhere.close();
    },
  };
}

async function bound(address: string): Promise<Socket> {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(0, address, resolve);
  });
  return socket;
}
