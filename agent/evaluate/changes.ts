// What changed between two judgements, in the words of the log.

import type { Check, Condition, Judgement, Verdict } from "../estate/judgement.ts";
import type { ServiceVerdict } from "../estate/service-judgement.ts";
import { elapsed } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";

export interface Change {
  readonly severity: "info" | "warn";
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** While the agent is isolated, and as its routers and probes come back, one line says it for all. */
export function changesBetween(before: Judgement | undefined, after: Judgement): readonly Change[] {
  const all = changesOf(before, after);
  const about = isolationChange(before, after);
  const returning = recently(after);
  const told = all.filter(({ to, from }) => {
    if (after.isolated && to === "unknown") return false;
    return !(returning && from === "unknown" && fine.includes(to));
  });
  const changes = [...told, ...drainChanges(before, after), ...noteChanges(before, after)];
  return about === undefined ? changes : [about, ...changes];
}

function isolationChange(before: Judgement | undefined, { isolated, isolation, at }: Judgement): Change | undefined {
  const was = before?.isolated ?? false;
  if (was === isolated) return undefined;
  const { cause, evidence } = isolation;
  if (isolated) {
    const fields = { cause, owner: "customer", evidence };
    return { severity: "warn", message: "monitor isolated: everything else is unknown", fields };
  }
  const lasted = formatDuration(elapsed(before?.isolation.since ?? at, at));
  return { severity: "info", message: `monitor no longer isolated after ${lasted}`, fields: { cause } };
}

/** What was unknown with the isolation is back within a few polls. */
function recently({ isolation, at, routers }: Judgement): boolean {
  const { state, since, count } = isolation;
  if (count === 0 || state === "firing") return false;
  const slowest = routers.reduce((most, { router }) => Math.max(most, router.pollInterval), 0);
  return at - since <= 3 * slowest;
}

function drainChanges(before: Judgement | undefined, after: Judgement): readonly Change[] {
  return after.paths.flatMap((verdict, i): readonly Change[] => {
    if (verdict === before?.paths[i]) return [];
    const now = drainOf(verdict);
    if (now === undefined || now.state === drainOf(before?.paths[i])?.state) return [];
    const { circuit, peering, link } = verdict.path;
    const message = `path ${circuit} ${peering} ${link}: the drain ${now.state === "firing" ? "began" : "is over"}`;
    return [{ severity: "info", message, fields: { evidence: now.evidence } }];
  });
}

/** Notes that tell of a change of routing: when it was is asked for days later. */
const noted: readonly Check[] = ["defaultRoute", "bestPath"];

function noteChanges(before: Judgement | undefined, after: Judgement): readonly Change[] {
  return after.paths.flatMap((verdict, i): readonly Change[] => {
    const last = before?.paths[i];
    if (verdict === last) return [];
    return noted.flatMap((check): readonly Change[] => {
      const [is, was] = [firingOf(verdict, check), firingOf(last, check)];
      if (is?.cause === was?.cause) return [];
      const { circuit, peering, link } = verdict.path;
      const what = is === undefined ? `no longer noted: ${was?.cause}` : `noted: ${is.cause}`;
      const evidence = verdict.conditions.find((one) => one.check === check)?.evidence ?? "";
      return [{ severity: "info", message: `path ${circuit} ${peering} ${link}: ${what}`, fields: { evidence } }];
    });
  });
}

function firingOf(verdict: Verdict | undefined, check: Check): Condition | undefined {
  return verdict?.conditions.find((one) => one.check === check && one.state === "firing");
}

interface StateChange extends Change {
  readonly from: string | undefined;
  readonly to: string;
}

function changesOf(before: Judgement | undefined, after: Judgement): readonly StateChange[] {
  const changes: StateChange[] = [];
  const was = (i: number, of: "paths" | "pairs") => before?.[of][i]?.state;
  after.paths.forEach((verdict, i) => {
    if (verdict === before?.paths[i]) return;
    const { circuit, peering, link } = verdict.path;
    push(changes, `path ${circuit} ${peering} ${link}`, was(i, "paths"), verdict.state, describe(verdict));
  });
  after.pairs.forEach((verdict, i) => {
    if (verdict === before?.pairs[i]) return;
    const { globalReach, fromSite, toSite } = verdict.pair;
    push(
      changes,
      `Global Reach ${globalReach} ${fromSite} to ${toSite}`,
      was(i, "pairs"),
      verdict.state,
      describe(verdict),
    );
  });
  after.redundancy.forEach((verdict, i) => {
    if (verdict === before?.redundancy[i]) return;
    const { circuit, peering, redundancy, reason } = verdict;
    const from = before?.redundancy[i]?.redundancy;
    push(changes, `redundancy of ${circuit.name} ${peering}`, from, redundancy, { reason });
  });
  after.routers.forEach((verdict, i) => {
    if (verdict === before?.routers[i]) return;
    const { router, reachable, reason } = verdict;
    const word = (r: boolean | "unknown") => (r === "unknown" ? r : r ? "up" : "unreachable");
    const from = before?.routers[i]?.reachable;
    push(changes, `router ${router.name}`, from === undefined ? undefined : word(from), word(reachable), { reason });
  });
  after.services.forEach(({ of, state, reasons }, i) => {
    const what = of.is === "service" ? "service" : "internet dependency";
    push(changes, `${what} ${of.name}`, before?.services[i]?.state, state, describe({ reasons }));
  });
  return changes;
}

/** Of a drain that is, or that ended; what was never seen is no news. */
function drainOf(verdict: Verdict | undefined): Condition | undefined {
  const drain = verdict?.conditions.find(({ check }) => check === "drain");
  return drain?.state === "firing" || drain?.lastTrue !== undefined ? drain : undefined;
}

const fine: readonly string[] = ["up", "redundant"];

function push(
  changes: StateChange[],
  of: string,
  from: string | undefined,
  to: string,
  fields: Change["fields"],
): void {
  // The first judgement is made before anything could answer: unknown is not news there.
  if (from === to || (from === undefined && to === "unknown")) return;
  changes.push({
    severity: fine.includes(to) ? "info" : "warn",
    message: `${of}: ${from ?? "unknown"} -> ${to}`,
    fields,
    from,
    to,
  });
}

function describe({ reasons }: Pick<Verdict | ServiceVerdict, "reasons">): Change["fields"] {
  const first = reasons[0];
  return first === undefined ? {} : { cause: first.cause, owner: first.owner, evidence: first.evidence };
}
