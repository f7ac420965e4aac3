// What the checks of services and internet dependencies last saw, and as much of the past as judging needs.

import type { SubjectKey } from "../estate/observation.ts";
import type { CheckFailure, CheckObservation } from "../estate/service-observation.ts";
import type { Instant } from "../lib/clock.ts";

/** One result of the past. */
export interface PastCheck {
  readonly at: Instant;
  readonly failure: CheckFailure | undefined;
  /** Seconds. */
  readonly total: number;
  /** Of a DNS check, as one text. */
  readonly answers: string | undefined;
}

export interface CheckRecord {
  readonly last: CheckObservation;
  /** The last results, newest first: at most `mostPast`. */
  readonly recent: readonly PastCheck[];
  /** Results since the agent started. */
  readonly results: ReadonlyMap<"ok" | CheckFailure, number>;
}

/** Thresholds ask for no more results in a row. */
export const mostPast = 10;

export interface CheckRecords {
  observe(observation: CheckObservation): void;
  get(of: SubjectKey, index: number): CheckRecord | undefined;
}

export function createCheckRecords(): CheckRecords {
  const subjects = new Map<SubjectKey, Map<number, CheckRecord>>();
  return {
    observe(o) {
      const records = subjects.get(o.of) ?? new Map<number, CheckRecord>();
      subjects.set(o.of, records);
      const before = records.get(o.index);
      const result = o.failure?.reason ?? "ok";
      const results = new Map(before?.results);
      results.set(result, (results.get(result) ?? 0) + 1);
      const past = { at: o.at, failure: o.failure?.reason, total: o.total, answers: o.answers?.join(" ") };
      records.set(o.index, { last: o, recent: [past, ...(before?.recent ?? [])].slice(0, mostPast), results });
    },
    get: (of, index) => subjects.get(of)?.get(index),
  };
}
