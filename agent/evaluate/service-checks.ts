// One check through time: it fails after so many failures in a row, and is well again after so many good results.

import { subject } from "../estate/observation.ts";
import type { ServiceCheck, ServiceOrDependency } from "../estate/service.ts";
import { targetOf } from "../estate/service.ts";
import type { CheckVerdict, ServiceVerdict } from "../estate/service-judgement.ts";
import { elapsed } from "../lib/clock.ts";
import { formatDuration, milliseconds } from "../lib/duration.ts";
import type { CheckRecord, PastCheck } from "../state/check-records.ts";
import { causeOf, ownerOf } from "./service-owner.ts";
import type { ServiceScene } from "./services.ts";

export function judgeChecks(
  scene: Pick<ServiceScene, "snapshot" | "hearing" | "now">,
  of: ServiceOrDependency,
  was: ServiceVerdict | undefined,
): readonly CheckVerdict[] {
  const key = subject.watched(of);
  return of.checks.map((check, index) => {
    const record = scene.snapshot.check(key, index);
    return judgeCheck(scene, of, check, record, differsAt(scene, of, index, was), was?.checks[index]);
  });
}

function judgeCheck(
  { hearing, now }: Pick<ServiceScene, "hearing" | "now">,
  of: ServiceOrDependency,
  check: ServiceCheck,
  record: CheckRecord | undefined,
  differs: boolean,
  was: CheckVerdict | undefined,
): CheckVerdict {
  const deafUntil = !hearing.mayFire ? now : was?.deafUntil;
  const base = { differs, deafUntil } as const;
  const unknown = (evidence: string, cause: CheckVerdict["cause"] = "notChecked"): CheckVerdict =>
    // Only evidence ends a failure: what cannot be seen now stays failed, and never starts to.
    was?.state === "failed"
      ? { ...was, ...base }
      : { ...base, state: "unknown", evidence: `${nameOf(check)} ${evidence}`, cause, owner: "unknown" };

  if (record === undefined) return unknown("has given no result yet");
  const { last } = record;
  if (now - last.at > overdue(check)) {
    return unknown(`gave its last result ${formatDuration(elapsed(last.at, now))} ago: the agent's checks are stuck`);
  }
  if (last.failure?.reason === "notSent") return unknown(last.failure.detail, "notSent");

  const said = record.recent.filter(
    (past) => past.failure !== "notSent" && past.at > (deafUntil ?? Number.NEGATIVE_INFINITY),
  );
  const { failures, successes, duration } = of.thresholds;
  const failed = was?.state === "failed" ? !holds(said, successes, isGood) : holds(said, failures, (p) => !isGood(p));
  if (failed) {
    const { failure } = last;
    if (failure === undefined && was?.state === "failed") return { ...was, ...base };
    if (failure !== undefined) {
      const evidence = `${nameOf(check)}: ${failure.detail} (${failure.phase} phase, ${seconds(last.total)})`;
      return { ...base, state: "failed", evidence, cause: causeOf(check, failure), owner: ownerOf(of, check, failure) };
    }
  }
  if (said[0] === undefined || (!isGood(said[0]) && (was === undefined || was.state === "unknown"))) {
    return unknown("has had no good result yet, and too few failures to tell");
  }
  const slow =
    was?.state === "slow"
      ? !holds(said, successes, below(duration.clear))
      : holds(said, failures, above(duration.raise));
  if (slow) {
    const evidence = `${nameOf(check)} took ${seconds(last.total)} (limit ${seconds(duration.raise)}, clears below ${seconds(duration.clear)})`;
    return { ...base, state: "slow", evidence, cause: "slow", owner: "unknown" };
  }
  return { ...base, state: "up", evidence: "", cause: "notChecked", owner: "unknown" };
}

const isGood = ({ failure }: PastCheck) => failure === undefined;
const above = (limit: number) => (past: PastCheck) => isGood(past) && past.total >= limit;
const below = (limit: number) => (past: PastCheck) => isGood(past) && past.total < limit;

/** Whether the last `n` results are all of that kind; false while there are fewer. */
function holds(recent: readonly PastCheck[], n: number, is: (past: PastCheck) => boolean): boolean {
  return recent.length >= n && recent.slice(0, n).every(is);
}

/** This long without a result, and the worker is stuck. */
function overdue({ interval, timeout }: ServiceCheck): number {
  return 3 * interval + timeout + 5_000;
}

/** Whether the resolvers of one DNS check give different answers, which they must not. */
function differsAt(
  { snapshot }: Pick<ServiceScene, "snapshot">,
  of: ServiceOrDependency,
  index: number,
  was: ServiceVerdict | undefined,
): boolean {
  const check = of.checks[index];
  if (check?.technique !== "dns" || !check.sameAnswer) return false;
  const key = subject.watched(of);
  const first = of.checks.findIndex(({ label }) => label === check.label);
  const [here, there] = [first, index].map((i) => snapshot.check(key, i)?.recent ?? []);
  const same = (n: number, wanted: boolean) =>
    here !== undefined &&
    there !== undefined &&
    Array.from({ length: n }, (_, k) => [here[k]?.answers, there[k]?.answers]).every(
      ([a, b]) => a !== undefined && b !== undefined && (a === b) === wanted,
    );
  return was?.checks[index]?.differs === true
    ? !same(of.thresholds.successes, true)
    : same(of.thresholds.failures, false);
}

/** `http https://orders.example/health`, with the resolver that a DNS check asks. */
export function nameOf(check: ServiceCheck): string {
  const asked = check.technique === "dns" && check.resolver !== undefined ? ` at ${check.resolver}` : "";
  return `${check.technique} ${targetOf(check)}${asked}`;
}

const seconds = (s: number) => formatDuration(milliseconds(s * 1_000));
