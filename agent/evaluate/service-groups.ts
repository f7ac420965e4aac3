// From the checks to what they mean together. The resolvers of one DNS check are a group: one of several that fails is
// felt by some only, and the others answer.

import { subject } from "../estate/observation.ts";
import type { DnsCheck, ServiceCheck, ServiceOrDependency } from "../estate/service.ts";
import type { CheckVerdict, ServiceReason } from "../estate/service-judgement.ts";
import { formatDuration, milliseconds } from "../lib/duration.ts";
import type { Snapshot } from "../state/state.ts";
import { nameOf } from "./service-checks.ts";
import { certificateOwner } from "./service-owner.ts";

export type Effect = "down" | "unknown" | "degraded";

export type Found = ServiceReason & { readonly effect: Effect };

interface Member {
  readonly index: number;
  readonly check: ServiceCheck;
  readonly verdict: CheckVerdict;
}

export function groupReasons(
  of: ServiceOrDependency,
  checks: readonly CheckVerdict[],
  snapshot: Snapshot,
): readonly Found[] {
  const members = of.checks.flatMap((check, index): readonly Member[] => {
    const verdict = checks[index];
    return verdict === undefined ? [] : [{ index, check, verdict }];
  });
  return [...Map.groupBy(members, ({ check }) => check.label).values()].flatMap((group) => [
    ...failuresOf(group),
    ...group.flatMap((member) => [...slowness(member), ...difference(group, member), ...expiry(of, member, snapshot)]),
  ]);
}

/** Causes with which the service may still work, for those who get another answer. */
const wrongAnswers: readonly CheckVerdict["cause"][] = ["addressNotPrivate", "answerUnexpected"];

function failuresOf(group: readonly Member[]): readonly Found[] {
  const failed = group.filter(({ verdict }) => verdict.state === "failed");
  const unknown = group.filter(({ verdict }) => verdict.state === "unknown");
  const wrong = failed.some(({ verdict }) => wrongAnswers.includes(verdict.cause));
  const effect = failed.length === group.length && !wrong ? "down" : "degraded";
  return [
    ...failed.map(({ verdict }) => reasonOf(verdict, effect)),
    ...unknown.map(({ verdict }) => reasonOf(verdict, "unknown")),
  ];
}

const reasonOf = ({ cause, owner, evidence }: CheckVerdict, effect: Effect): Found => ({
  cause,
  owner,
  evidence,
  effect,
});

const slowness = ({ verdict }: Member): readonly Found[] =>
  verdict.state === "slow" ? [reasonOf(verdict, "degraded")] : [];

function difference(group: readonly Member[], { check, verdict }: Member): readonly Found[] {
  if (!verdict.differs || check.technique !== "dns") return [];
  const other = group[0]?.check as DnsCheck;
  const evidence = `${nameOf(check)} gives another answer than ${other.resolver ?? "the first resolver"}`;
  return [{ cause: "resolversDiffer", owner: "customer", evidence, effect: "degraded" }];
}

function expiry(of: ServiceOrDependency, { index, check, verdict }: Member, snapshot: Snapshot): readonly Found[] {
  const last = snapshot.check(subject.watched(of), index)?.last;
  const left = last?.certificateTimeLeft;
  if (left === undefined || left * 1_000 >= of.thresholds.certificateExpiry || verdict.state === "failed") return [];
  const first = last?.certificates?.toSorted((a, b) => a.notAfter - b.notAfter)[0];
  const limit = formatDuration(of.thresholds.certificateExpiry);
  const evidence = `${nameOf(check)}: the certificate of ${first?.subject} ends in ${formatDuration(milliseconds(Math.max(0, left * 1_000)))} (limit ${limit})`;
  return [{ cause: "certificateExpires", owner: certificateOwner(of), evidence, effect: "degraded" }];
}
