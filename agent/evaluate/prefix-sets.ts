// Whether both paths of a peering receive the same prefixes: what only one has is lost, or goes another way, when that one fails.

import type { BmpSetsObservation } from "../estate/bmp-observation.ts";
import type { Check, PathVerdict } from "../estate/judgement.ts";
import { seconds } from "../lib/duration.ts";
import { conditionOf, type Finding } from "./condition.ts";
import { type PairScene, withFinding } from "./pair-condition.ts";

const check: Check = "prefixes";

/** BGP converges within seconds, and Microsoft's two edges need not announce at the same moment. */
const patience = seconds(30);

/** The verdict of a path with what it lacks of the other's prefixes, where BMP tells both. */
export function withPrefixSets(
  verdict: PathVerdict,
  other: PathVerdict,
  was: PathVerdict | undefined,
  scene: PairScene,
): PathVerdict {
  const { snapshot } = scene;
  const { path } = verdict;
  const before = conditionOf(was, check);
  const stands = [verdict, other].every(({ path: { router, session } }) => {
    const seen = snapshot.session(router, session.remoteAddress);
    const isUp = seen?.present === true && seen.state === "established";
    return isUp && snapshot.bmpPrefixes(router, session.remoteAddress) !== undefined;
  });
  const compared = snapshot.bmpSets(path.circuit, path.peering);
  if (compared === undefined && before === undefined) return verdict;
  const finding = stands && compared !== undefined ? findingOf(verdict, other, compared) : unknown(verdict);
  return withFinding(verdict, check, finding, patience, was, scene);
}

const of = { cause: "prefixesMissing" } as const;

function unknown({ path }: PathVerdict): Finding {
  const evidence = `no BMP tells the prefixes of both links of ${path.circuit}`;
  return { ...of, owner: "unknown", holds: "unknown", effect: "none", evidence };
}

function findingOf({ path }: PathVerdict, other: PathVerdict, { families, isPostPolicy }: BmpSetsObservation): Finding {
  const { link } = path;
  // Before policy it is what Microsoft, or the provider, sent.
  const sender = path.msee === undefined ? "provider" : "microsoft";
  const owner = isPostPolicy ? "unknown" : sender;
  const lacking = families.filter(({ missing }) => missing[link] > 0);
  if (lacking.length === 0) {
    const evidence = `the ${link} link of ${path.circuit} has every prefix that the ${other.path.link} link has`;
    return { ...of, owner, holds: false, effect: "none", evidence };
  }
  const parts = lacking.map(({ family, missing, received, examples }) => {
    const some = examples[link].join(", ");
    return `${missing[link]} ${family} prefixes (${some}${missing[link] > examples[link].length ? ", …" : ""}) of ${received[other.path.link]}`;
  });
  const evidence = `the ${link} link of ${path.circuit} does not have ${parts.join(" and ")} that the ${other.path.link} link has`;
  // A few may be meant to differ; a path to which nothing is announced takes no traffic over.
  const hasNone = lacking.some(({ received }) => received[link] === 0);
  return { ...of, owner, holds: true, effect: hasNone ? "degraded" : "none", evidence };
}
