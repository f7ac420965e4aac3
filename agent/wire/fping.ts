// The lines that fping (5.1, `-l`) says of its probes. What an error message says is of no probe, and is another line.

import { err, ok, type Result } from "../lib/result.ts";

/** `target`: as it was given to fping. `sequence`: of the probes to that target, from 0. */
export type FpingEvent =
  | { readonly kind: "reply"; readonly target: string; readonly sequence: number; readonly milliseconds: number }
  | { readonly kind: "timeout" | "duplicate"; readonly target: string; readonly sequence: number };

export const fpingErrorKinds = ["oversized", "otherLine"] as const;
export interface FpingError {
  readonly kind: (typeof fpingErrorKinds)[number];
  readonly offset: number;
}

/** A longer line is none of fping's: a target is an address here. */
export const longestFpingLine = 256;

const target = "([0-9a-fA-F:.%]{2,64})";
const reply = new RegExp(`^${target}\\s*: \\[(\\d{1,10})\\], \\d{1,6} bytes, (\\d{1,7}(?:\\.\\d{1,6})?) ms \\(`);
const timeout = new RegExp(`^${target}\\s*: \\[(\\d{1,10})\\], timed out \\(`);
const duplicate = new RegExp(`^${target}\\s*: duplicate for \\[(\\d{1,10})\\], \\d{1,6} bytes, `);

/** `line`: without its end. */
export function decodeFpingLine(line: string): Result<FpingEvent, FpingError> {
  if (line.length > longestFpingLine) return err({ kind: "oversized", offset: longestFpingLine });
  const replied = reply.exec(line);
  if (replied !== null) {
    const [, of = "", sequence, milliseconds] = replied;
    return ok({ kind: "reply", target: of, sequence: Number(sequence), milliseconds: Number(milliseconds) });
  }
  for (const [kind, form] of [
    ["timeout", timeout],
    ["duplicate", duplicate],
  ] as const) {
    const [, of = "", sequence] = form.exec(line) ?? [];
    if (sequence !== undefined) return ok({ kind, target: of, sequence: Number(sequence) });
  }
  return err({ kind: "otherLine", offset: 0 });
}
