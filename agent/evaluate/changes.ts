// What changed between two judgements, in the words of the log.

import type { Condition, Judgement, Verdict } from "../estate/judgement.ts";

export interface Change {
  readonly severity: "info" | "warn";
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

export function changesBetween(before: Judgement | undefined, after: Judgement): readonly Change[] {
  const changes: Change[] = [];
  const was = (i: number, of: "paths" | "pairs") => before?.[of][i]?.state;
  after.paths.forEach((verdict, i) => {
    const { circuit, peering, link } = verdict.path;
    push(changes, `path ${circuit} ${peering} ${link}`, was(i, "paths"), verdict.state, describe(verdict));
  });
  after.paths.forEach((verdict, i) => {
    const now = drainOf(verdict);
    if (now?.state === drainOf(before?.paths[i])?.state || now === undefined) return;
    const { circuit, peering, link } = verdict.path;
    const message = `path ${circuit} ${peering} ${link}: the drain ${now.state === "firing" ? "began" : "is over"}`;
    changes.push({ severity: "info", message, fields: { evidence: now.evidence } });
  });
  after.pairs.forEach((verdict, i) => {
    const { globalReach, fromSite, toSite } = verdict.pair;
    push(
      changes,
      `Global Reach ${globalReach} ${fromSite} to ${toSite}`,
      was(i, "pairs"),
      verdict.state,
      describe(verdict),
    );
  });
  after.redundancy.forEach(({ circuit, peering, redundancy, reason }, i) => {
    const from = before?.redundancy[i]?.redundancy;
    push(changes, `redundancy of ${circuit.name} ${peering}`, from, redundancy, { reason });
  });
  after.routers.forEach(({ router, reachable, reason }, i) => {
    const word = (r: boolean | "unknown") => (r === "unknown" ? r : r ? "up" : "unreachable");
    const from = before?.routers[i]?.reachable;
    push(changes, `router ${router.name}`, from === undefined ? undefined : word(from), word(reachable), { reason });
  });
  return changes;
}

/** Of a drain that is, or that ended; what was never seen is no news. */
function drainOf(verdict: Verdict | undefined): Condition | undefined {
  const drain = verdict?.conditions.find(({ check }) => check === "drain");
  return drain?.state === "firing" || drain?.lastTrue !== undefined ? drain : undefined;
}

const fine: readonly string[] = ["up", "redundant"];

function push(changes: Change[], of: string, from: string | undefined, to: string, fields: Change["fields"]): void {
  // The first judgement is made before anything could answer: unknown is not news there.
  if (from === to || (from === undefined && to === "unknown")) return;
  changes.push({
    severity: fine.includes(to) ? "info" : "warn",
    message: `${of}: ${from ?? "unknown"} -> ${to}`,
    fields,
  });
}

function describe({ reasons }: Verdict): Change["fields"] {
  const first = reasons[0];
  return first === undefined ? {} : { cause: first.cause, owner: first.owner, evidence: first.evidence };
}
