// What changed between two judgements, in the words of the log.

import type { Judgement, Verdict } from "../estate/judgement.ts";
import type { ServiceVerdict } from "../estate/service-judgement.ts";

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
  after.services.forEach(({ of, state, reasons }, i) => {
    const what = of.is === "service" ? "service" : "internet dependency";
    push(changes, `${what} ${of.name}`, before?.services[i]?.state, state, describe({ reasons }));
  });
  return changes;
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

function describe({ reasons }: Pick<Verdict | ServiceVerdict, "reasons">): Change["fields"] {
  const first = reasons[0];
  return first === undefined ? {} : { cause: first.cause, owner: first.owner, evidence: first.evidence };
}
