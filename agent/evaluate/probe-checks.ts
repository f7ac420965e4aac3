// What the probes say of a path or a Global Reach pair: whether anything gets through, how much, how fast. The probes are
// the agent's own, and those of the path's router.

import type { Estate, Path, ProbeTarget, Router, Thresholds } from "../estate/estate.ts";
import type { Condition, Owner, UnsentProbes, Verdict } from "../estate/judgement.ts";
import type { SubjectKey } from "../estate/observation.ts";
import { describeProbe } from "../estate/probed.ts";
import { type Instant, later } from "../lib/clock.ts";
import type { ProbeRecord } from "../state/probe-statistics.ts";
import type { Snapshot } from "../state/state.ts";
import { settledFrom } from "./blind.ts";
import type { Finding } from "./condition.ts";
import { latest } from "./hearing.ts";
import { checkLimit } from "./limit.ts";
import { type Measured, measure, notMeasured, outageEnd } from "./probe-window.ts";
import { figuresOfRouterProbes, type RouterProbeFigures } from "./router-probe-figures.ts";
import { trafficSince } from "./traffic.ts";
import { type Decision, decide, routerWitness, streamWitness, unsentProbes, type Witness } from "./witnesses.ts";

/** The stream of the agent's own probes whose figures are those of a subject, and what it measured. */
export interface ProbeView {
  readonly target: ProbeTarget;
  readonly record: ProbeRecord | undefined;
  readonly measured: Measured;
  readonly witness: Witness;
}

/** All that the probes of a subject say. */
export interface Probing {
  /** Undefined where the agent has no probe of its own. */
  readonly view: ProbeView | undefined;
  /** While the view is answered, the others to the same target: of other classes of service or sizes. */
  readonly classes: readonly ProbeView[];
  /** The agent's own, in the order of the configuration. */
  readonly streams: readonly Witness[];
  /** All, strongest first. */
  readonly witnesses: readonly Witness[];
  readonly unsent: Verdict["unsent"];
  readonly decision: Decision | undefined;
  /** Where the far end alone is silent, or loses: what shows that the path carries traffic nevertheless. */
  readonly traffic: string | undefined;
  /** Of the router's probes. */
  readonly router: RouterProbeFigures;
}

/** Whether a probe was ever answered since this agent started; until then nothing is known of what is behind it. */
export function wasAnswered(view: Pick<ProbeView, "record"> | undefined): boolean {
  return view?.record?.last.lastReceivedAt !== undefined;
}

interface Probed {
  readonly of: SubjectKey;
  readonly probes: readonly ProbeTarget[];
  readonly thresholds: Thresholds;
}

/** A path and its router: whose probes and counters are heard besides. */
export interface OnPath {
  readonly estate: Estate;
  readonly path: Path;
  readonly router: Router;
}

/** `on`: undefined for a Global Reach pair, which has no router and no far end. */
export function hearProbes(
  { of, probes, thresholds }: Probed,
  snapshot: Snapshot,
  on: OnPath | undefined,
  was: Verdict | undefined,
  now: Instant,
  blindUntil?: Instant,
): Probing {
  const end = outageEnd(was, thresholds, now);
  const farEnd = on?.path.session.remoteAddress;
  const views = probes.map((target, index): ProbeView => {
    const record = snapshot.probe(of, index);
    const until = latest(silenceEnd(end, was, index, thresholds), settledFrom(blindUntil, target));
    const measured = record === undefined ? notMeasured : measure(record, thresholds, until, now);
    return { target, record, measured, witness: streamWitness(target, record, farEnd, thresholds, now) };
  });
  const records = on === undefined ? [] : snapshot.routerProbes(of);
  const routers = records.flatMap((record) => (on === undefined ? [] : routerWitness(record, on, now)));
  const own = [...views].sort((a, b) => rank(a) - rank(b));
  const witnesses = [...routers, ...own.map(({ witness }) => witness)];
  const decision = decide(witnesses, thresholds);
  const view =
    own.find(({ witness }) => witness === decision?.by) ?? own.find(speaks) ?? own.find(wasAnswered) ?? own[0];
  const silent = decision?.holds === true && decision.by.asksFarEnd ? decision.by.answeredAt : undefined;
  return {
    view,
    classes: views.length > 1 && view !== undefined && speaks(view) ? classesBeside(view, views) : [],
    streams: views.map(({ witness }) => witness),
    witnesses,
    unsent: unsentOf(views, now),
    decision,
    traffic: on && trafficSince(on, snapshot, silent, now),
    router: figuresOfRouterProbes(records, thresholds, latest(end, blindUntil), now),
  };
}

function unsentOf(views: readonly ProbeView[], now: Instant): Verdict["unsent"] {
  let all: UnsentProbes[] | undefined;
  for (const { target, record } of views) {
    const unsent = record?.unsent && unsentProbes(target, record, now);
    if (unsent === undefined) continue;
    all ??= [];
    all.push(unsent);
  }
  return all;
}

/** Until when the losses of a stream belong to a silence: of an outage, or one that nobody believed. */
function silenceEnd(
  outage: Instant | undefined,
  was: Verdict | undefined,
  index: number,
  { keepFiringFor }: Thresholds,
): Instant | undefined {
  const doubted = was?.disbelievedAt?.[index];
  if (doubted === undefined) return outage;
  const doubt = later(doubted, keepFiringFor);
  return outage === undefined || doubt > outage ? doubt : outage;
}

const rank = ({ witness }: ProbeView) => (witness.strength === "farEnd" ? 1 : 0);

/** The first stream of each: what is no different in anything that packets show is no other class. */
function classesBeside(view: ProbeView, views: readonly ProbeView[]): readonly ProbeView[] {
  const known = new Set([describeProbe(view.target)]);
  const classes: ProbeView[] = [];
  for (const one of views) {
    if (!goesTheSameWay(one.target, view.target)) continue;
    const who = describeProbe(one.target);
    if (known.has(who)) continue;
    known.add(who);
    classes.push(one);
  }
  return classes;
}

function goesTheSameWay(a: ProbeTarget, b: ProbeTarget): boolean {
  return (
    a.technique === b.technique &&
    a.address === b.address &&
    a.port === b.port &&
    a.source === b.source &&
    a.interface === b.interface
  );
}

const speaks = ({ witness }: ProbeView) => witness.word === "answered";

export interface ProbeContext {
  readonly probing: Probing;
  readonly thresholds: Thresholds;
  readonly now: Instant;
  /** Who is asked first when packets vanish between two ends that are up. */
  readonly owner: Owner;
}

/** A finding, and what it leaves open: said of a path that is up nevertheless. */
export interface ProbeFinding extends Finding {
  readonly open?: string;
}

export function checkForwarding({ probing, owner }: ProbeContext): ProbeFinding {
  const { witnesses, decision, traffic } = probing;
  const silent = { cause: "probesSilent", owner, effect: "down" } as const;
  const unknown = { holds: "unknown", cause: "probesUnknown", owner: "unknown", effect: "unknown" } as const;
  if (decision === undefined) {
    const [first] = witnesses;
    const none = "no probe is configured";
    if (first === undefined) return { ...unknown, effect: "none", evidence: none, open: none };
    const expected = witnesses.find(({ isExpected }) => isExpected);
    if (expected !== undefined) return { ...unknown, evidence: `${expected.who} ${expected.says}` };
    const evidence = `${witnesses.map(sentence).join("; ")}: forwarding is not confirmed`;
    return { ...unknown, effect: "none", evidence, open: evidence };
  }
  const { by, holds } = decision;
  const evidence = [by, ...witnesses.filter((one) => one !== by && (holds || one.word === "silent"))]
    .map(sentence)
    .join("; ");
  if (holds && by.asksFarEnd && traffic !== undefined) {
    const doubted = `${evidence}; but ${traffic}: forwarding is not confirmed by a probe, and not denied`;
    return { ...silent, holds: false, evidence: doubted, open: doubted };
  }
  return { ...silent, holds, evidence };
}

/** A witness and its word: `icmp probes to 172.16.0.2 are answered`. */
export function sentence({ who, says, word }: Witness): string {
  return word === "silent" ? `${who}: ${says}` : `${who} ${says}`;
}

/**
 * Where the router has probes of its own, their delay stands for that of the far end, which answers pings when it finds the
 * time. A reflector is behind the far end: the way to it is longer, and judged besides.
 */
export function checkDelay(context: ProbeContext, before: Condition | undefined): Finding {
  const { view, router } = context.probing;
  const { delay, probes } = (view?.measured ?? notMeasured).afterOutage;
  const counts = router.delay === undefined || view?.witness.strength === "reflector";
  const own = counts && probes >= minDelaySamples ? delay?.median : undefined;
  const isRouters = router.delay !== undefined && router.delay.median >= (own ?? 0);
  const value = isRouters ? router.delay.median : own;
  const of = isRouters ? ` of ${router.delay.results} results of the router's own probes` : "";
  const unit = (s: number) => `${(s * 1_000).toFixed(1)} ms`;
  const say = (v: number) => `median round-trip delay ${unit(v)}${of}`;
  const { owner, thresholds } = context;
  return checkLimit(thresholds.delay, before, { cause: "delayHigh", owner, value, say, unit });
}

/** A median of fewer delays than this is chance. */
const minDelaySamples = 5;

/** See Verdict. */
export function disbelieved(probing: Probing, was: Verdict | undefined, now: Instant): Verdict["disbelievedAt"] {
  const deciding = witnessOf(probing) === "traffic" ? undefined : probing.decision?.by;
  const { streams } = probing;
  // A silence beside an answer of the same target is loss of a class.
  const isClass = (one: Witness) => probing.classes.some(({ witness }) => witness === one);
  const isDoubted = (one: Witness) => one.word === "silent" && one !== deciding && !isClass(one);
  if (was?.disbelievedAt === undefined && !streams.some(isDoubted)) return undefined;
  return streams.map((one, index) => (isDoubted(one) ? now : was?.disbelievedAt?.[index]));
}

/** Whose word on forwarding counts. */
export function witnessOf({ decision, traffic }: Probing): Verdict["witness"] {
  if (decision === undefined) return undefined;
  return decision.holds && decision.by.asksFarEnd && traffic !== undefined ? "traffic" : decision.by.name;
}
