// What is told of probe sockets, once for all engines of a thread: the gateways have one of their own, and what keeps its pings
// here keeps those of the paths here.

import type { Unsent } from "../estate/unsent.ts";
import type { ProbeLog } from "./messages.ts";

type Fields = ProbeLog["fields"];

/** `of` is whoever has the socket, `profile` what it is like. */
export interface OutletNews {
  opened(of: object, profile: Fields, raw: boolean): void;
  failed(of: object, profile: Fields, why: Unsent): void;
  /** It wants a socket no more. */
  closed(of: object): void;
}

export function createOutletNews(log: (line: ProbeLog) => void): OutletNews {
  const open = new Set<string>();
  const problems = new Map<object, string>();
  return {
    opened(of, profile, raw) {
      problems.delete(of);
      const place = JSON.stringify(profile);
      // One that is opened again in doubt is no news.
      if (open.has(place)) return;
      open.add(place);
      log({ kind: "log", level: "info", fields: { ...profile, raw }, message: "probe socket open" });
    },
    failed(of, profile, { reason, says }) {
      const isKnown = [...problems.values()].includes(says);
      problems.set(of, says);
      open.delete(JSON.stringify(profile));
      if (isKnown) return;
      log({ kind: "log", level: "warn", fields: { ...profile, reason }, message: `cannot probe: ${says}` });
    },
    closed(of) {
      problems.delete(of);
    },
  };
}
