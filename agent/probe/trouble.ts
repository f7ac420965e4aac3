// Which streams cannot send, told once for each change and together for all that share a reason.

import type { ProbeTarget } from "../estate/estate.ts";
import type { ProbeLog } from "./messages.ts";

export interface SendTrouble {
  failed(stream: number, target: ProbeTarget, code: string): void;
  /** A probe of the stream is about to be sent. */
  trying(stream: number): void;
  /** Says what has changed since the last time. */
  report(): void;
}

const mostExamples = 5;

/** Reasons that have a remedy in the configuration. */
const meanings: Readonly<Record<string, string>> = {
  EMSGSIZE: "larger than the MTU of the way, and dontFragment forbids to cut them: use a smaller size",
  ENODEV: 'the interface that "interface" names is gone',
};

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
    const meaning = meanings[code];
    const fields = { reason: code, streams: targets.length, targets: examples };
    log({ kind: "log", level, fields, message: meaning === undefined ? message : `${message}: ${meaning}` });
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
          "probes cannot be sent",
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
