// Whether what is declared of a peering is announced over each of its paths: by Microsoft to us, and by us to Microsoft.

import { type DeclaredPrefixes, isDefault } from "../estate/declared.ts";
import type { Check, Condition, Owner, PathVerdict } from "../estate/judgement.ts";
import { seconds } from "../lib/duration.ts";
import { conditionOf, type Finding } from "./condition.ts";
import { type PairScene, withFinding } from "./pair-condition.ts";
import { someOf } from "./some-of.ts";
import { toldPrefixes } from "./told-prefixes.ts";

type Direction = "received" | "advertised";

/** A session that comes up announces for a while, and Microsoft's two edges need not do so at the same moment. */
const patience = seconds(30);

const mostExamples = 3;

const checks = { received: "declaredReceived", advertised: "declaredAdvertised" } as const satisfies Record<
  Direction,
  Check
>;
const causes = { received: "declaredNotReceived", advertised: "declaredNotAdvertised" } as const satisfies Record<
  Direction,
  Condition["cause"]
>;

/** What a path lacks of the declared prefixes of those families that are told. */
interface Lack {
  readonly declared: number;
  readonly missing: readonly string[];
  /** Of those, the ones that Microsoft sent and the router's own policy refused. */
  readonly refused: readonly string[];
  /** What came is only seen after the router's policy. */
  readonly isPostPolicy: boolean;
}

/** The verdict of a path with what it lacks of the declared prefixes of one direction. */
export function withDeclared(
  direction: Direction,
  verdict: PathVerdict,
  other: PathVerdict,
  was: PathVerdict | undefined,
  scene: PairScene,
): PathVerdict {
  const { path } = verdict;
  if (path.declared === undefined || path.declared[direction].length === 0) return verdict;
  const check = checks[direction];
  const before = conditionOf(was, check);
  const lack = lackOf(direction, verdict, path.declared, scene);
  if (lack === undefined && before === undefined) {
    const open = `which declared prefixes are ${direction}: no BMP tells it${direction === "advertised" ? " (Adj-RIB-Out)" : ""}`;
    return { ...verdict, notCovered: [...verdict.notCovered, open] };
  }
  const elsewhere = lackOf(direction, other, path.declared, scene);
  const finding =
    lack === undefined ? unknown(direction, verdict) : findingOf(direction, verdict, other, lack, elsewhere);
  return withFinding(verdict, check, finding, patience, was, scene);
}

/** Undefined where no view of the direction is told. */
function lackOf(
  direction: Direction,
  { path }: PathVerdict,
  declared: DeclaredPrefixes,
  scene: PairScene,
): Lack | undefined {
  const told = (toldPrefixes(path, scene) ?? []).flatMap(({ family, missing }) => {
    const sent = direction === "received" ? missing?.received : missing?.advertised;
    const accepted = direction === "received" ? missing?.accepted : undefined;
    const lacks = accepted ?? sent;
    return lacks === undefined ? [] : [{ family, sent, accepted, lacks }];
  });
  if (told.length === 0) return undefined;
  const isTold = (family: 4 | 6) => told.some((of) => of.family === `ipv${family}`);
  return {
    declared: declared[direction].filter(({ family }) => isTold(family)).length,
    missing: told.flatMap(({ lacks, sent }) => [...new Set([...lacks, ...(sent ?? [])])]),
    refused: told.flatMap(({ lacks, sent }) => (sent === undefined ? [] : lacks.filter((one) => !sent.includes(one)))),
    isPostPolicy: told.some(({ sent }) => sent === undefined),
  };
}

function unknown(direction: Direction, { path }: PathVerdict): Finding {
  const evidence = `no BMP tells now which prefixes are ${direction} over the ${path.link} link of ${path.circuit}`;
  return { cause: causes[direction], owner: "unknown", holds: "unknown", effect: "none", evidence };
}

function findingOf(
  direction: Direction,
  { path }: PathVerdict,
  other: PathVerdict,
  lack: Lack,
  elsewhere: Lack | undefined,
): Finding {
  const cause = causes[direction];
  const { router, link, circuit, session } = path;
  const { missing, declared } = lack;
  const where = `over the ${link} link of ${circuit}`;
  if (missing.length === 0) {
    const evidence = `every declared prefix (${declared}) is ${direction} ${where}`;
    return { cause, owner: "unknown", holds: false, effect: "none", evidence };
  }
  const only = elsewhere === undefined ? [] : missing.filter((one) => !elsewhere.missing.includes(one));
  const [verb, toward] = direction === "received" ? ["receive", "from"] : ["announce", "to"];
  const what = `${router} does not ${verb} ${examples(missing)}, declared, ${toward} ${session.remoteAddress} ${where}`;
  const them = missing.length === 1 ? "it" : "them";
  const isAll = missing.length === declared;
  const isOurDefault = direction === "advertised" && missing.some((text) => text.endsWith("/0"));
  const hints = [
    lack.refused.length > 0 ? `its own inbound policy refuses ${examples(lack.refused)}` : "",
    only.length > 0 ? `the ${other.path.link} link has ${only.length < missing.length ? examples(only) : them}` : "",
    only.length === 0 && elsewhere !== undefined ? `neither does the ${other.path.link} link` : "",
    isOurDefault ? "without our default route Azure's hosts go to the internet by themselves" : "",
  ].filter((hint) => hint !== "");
  const evidence = [what, ...hints].join("; ");
  const effect = only.length > 0 || isAll || isOurDefault ? "degraded" : "none";
  return { cause, owner: ownerOf(direction, path.msee !== undefined, lack, only), holds: true, effect, evidence };
}

/** On both links it is the gateway behind them as often as anything else. */
function ownerOf(direction: Direction, isMsee: boolean, lack: Lack, only: readonly string[]): Owner {
  if (direction === "advertised" || lack.refused.length > 0) return "customer";
  if (lack.isPostPolicy || only.length === 0) return "unknown";
  return isMsee ? "microsoft" : "provider";
}

const examples = (texts: readonly string[]) => someOf(texts, mostExamples);

/** Whether a default route is declared of a family. */
export function declaresDefault(declared: DeclaredPrefixes, family: "ipv4" | "ipv6"): boolean {
  return declared.received.some((subnet) => `ipv${subnet.family}` === family && isDefault(subnet));
}
