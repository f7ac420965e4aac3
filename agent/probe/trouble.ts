// Which streams cannot send, told once for each change and together for all that share a reason.

import type { ProbeTarget } from "../estate/estate.ts";
import type { Unsent } from "../estate/unsent.ts";
import type { ProbeLog } from "./messages.ts";

export interface SendTrouble {
  failed(stream: number, target: ProbeTarget, code: string): void;
  /** A probe of the stream is about to be sent. */
  trying(stream: number): void;
  /** Says what has changed since the last time. */
  report(): void;
}

const mostExamples = 5;

/** What the codes of libc mean here, and where to look. */
const meanings: Readonly<Record<string, Unsent>> = {
  EMSGSIZE: {
    reason: "tooBig",
    says: "larger than the MTU of the way, and dontFragment forbids to cut them: use a smaller size",
  },
  ENODEV: { reason: "noSuchInterface", says: 'the interface that "interface" names is gone' },
  ENETDOWN: { reason: "interfaceDown", says: "the interface by which they leave is down" },
  ENETUNREACH: { reason: "noRoute", says: "this host has no route to them: ip route get ADDRESS" },
  EHOSTUNREACH: {
    reason: "nextHopSilent",
    says: "the next hop does not answer (ip neigh), or a route of this host refuses them",
  },
  EADDRNOTAVAIL: { reason: "noSuchSource", says: "the source address is no longer one of this host" },
  EACCES: {
    reason: "forbidden",
    says: "not permitted: a route of this host prohibits it, or the address is a broadcast address",
  },
  EPERM: { reason: "forbidden", says: "not permitted: the firewall of this host drops what it sends" },
  EINVAL: {
    reason: "sourceMismatch",
    says: "the source address does not go with the interface or the route by which they leave",
  },
  ENOBUFS: { reason: "queueFull", says: "the queue of the interface is full" },
};

export function unsentBy(code: string): Unsent {
  return meanings[code] ?? { reason: "failed", says: code };
}

export function createSendTrouble(log: (line: ProbeLog) => void): SendTrouble {
  interface Trouble {
    readonly target: ProbeTarget;
    code: string;
    told: string;
    /** Probes tried since the last failure. A failure may be told after its send, so one that did not fail yet proves nothing. */
    tries: number;
  }
  const troubles = new Map<number, Trouble>();

  function tell(level: "info" | "warn", message: string, code: string, targets: readonly ProbeTarget[]): void {
    const examples = targets
      .slice(0, mostExamples)
      .map(({ address, port }) => (port === 0 ? address : `${address}:${port}`));
    const fields = { reason: code, streams: targets.length, targets: examples };
    log({ kind: "log", level, fields, message });
  }

  return {
    failed(stream, target, code) {
      const trouble = troubles.get(stream);
      if (trouble === undefined) troubles.set(stream, { target, code, told: "", tries: 0 });
      else {
        trouble.code = code;
        trouble.tries = 0;
      }
    },
    trying(stream) {
      const trouble = troubles.get(stream);
      if (trouble !== undefined) trouble.tries++;
    },
    report() {
      const started = [...troubles.values()].filter(({ code, told, tries }) => code !== told && tries < 2);
      for (const [code, all] of Map.groupBy(started, ({ code }) => code)) {
        tell(
          "warn",
          `probes cannot be sent: ${unsentBy(code).says}`,
          code,
          all.map(({ target }) => target),
        );
        for (const trouble of all) trouble.told = code;
      }
      const ended = [...troubles].filter(([, { tries }]) => tries >= 2);
      for (const [code, all] of Map.groupBy(ended, ([, { told }]) => told)) {
        if (code !== "")
          tell(
            "info",
            "probes can be sent again",
            code,
            all.map(([, { target }]) => target),
          );
        for (const [stream] of all) troubles.delete(stream);
      }
    },
  };
}
