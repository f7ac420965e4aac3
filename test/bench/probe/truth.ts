// From what was on the wire to what every prober should have said. Knows nothing of the probers' own code.

import { decodeReflector, timestampDifference } from "../../../agent/wire/stamp.ts";
import type { Probe } from "./frames.ts";

/** `at`: nanoseconds. */
export interface WireEvent extends Probe {
  readonly at: number;
}

/** One probe as the wire saw it: nanoseconds from its departure to each of its answers, in their order. */
export interface WireProbe {
  readonly at: number;
  /** `turnaround`: what the far end says that it kept it, in nanoseconds. */
  readonly answers: readonly { readonly at: number; readonly after: number; readonly turnaround: number }[];
}

/** The probes to one address, in the order of sending. */
export function probesTo(address: string, events: readonly WireEvent[]): readonly WireProbe[] {
  const probes = new Map<string, { at: number; answers: WireProbe["answers"][number][] }>();
  for (const { direction, key, at, stamp, address: of } of events) {
    if (of !== address) continue;
    if (direction === "there") probes.set(key, { at, answers: [] });
    else {
      const probe = probes.get(key);
      probe?.answers.push({ at, after: at - probe.at, turnaround: turnaroundOf(stamp) });
    }
  }
  return [...probes.values()];
}

function turnaroundOf(stamp: Uint8Array | undefined): number {
  if (stamp === undefined) return 0;
  const answer = decodeReflector(stamp);
  if (!answer.ok) throw new Error(`a reflector's packet that is none: ${answer.error.kind}`);
  const { receiveTimestamp, timestamp } = answer.value;
  return timestampDifference(receiveTimestamp, timestamp) * 1e9;
}

export interface WireCounts {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly late: number;
  readonly duplicate: number;
  readonly reordered: number;
  /** Nanoseconds of each answer in time, in the order of arrival, without the turnaround. */
  readonly delays: readonly number[];
}

/** `timeout`: nanoseconds after which an answer is late, and its probe lost (RFC 7680). */
export function countsOf(probes: readonly WireProbe[], timeout: number): WireCounts {
  const answers = probes.flatMap(({ answers }, n) => answers.map((answer, copy) => ({ ...answer, n, copy })));
  let [late, duplicate, reordered, highest] = [0, 0, 0, -1];
  const delays: number[] = [];
  for (const { n, copy, after, turnaround } of answers.toSorted((a, b) => a.at - b.at)) {
    if (copy > 0) duplicate++;
    else if (after > timeout) late++;
    else {
      delays.push(after - turnaround);
      if (n < highest) reordered++;
      else highest = n;
    }
  }
  const received = delays.length;
  return { sent: probes.length, received, lost: probes.length - received, late, duplicate, reordered, delays };
}

export interface ErrorSpread {
  readonly n: number;
  /** Microseconds: of reported minus wire. */
  readonly median: number;
  /** Of their absolute values. */
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

/** `errors`: reported minus wire, nanoseconds. */
export function spreadOf(errors: readonly number[]): ErrorSpread {
  const signed = [...errors].sort((a, b) => a - b);
  const sizes = errors.map(Math.abs).sort((a, b) => a - b);
  const at = (of: readonly number[], share: number) =>
    Math.round((of[Math.min(of.length - 1, Math.floor(share * of.length))] ?? Number.NaN) / 100) / 10;
  return { n: errors.length, median: at(signed, 0.5), p50: at(sizes, 0.5), p99: at(sizes, 0.99), worst: at(sizes, 1) };
}
