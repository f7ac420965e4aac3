// Packets that a path or a Global Reach pair loses: all of them alike, or those of one class of service or size. A provider may drop
// what is marked EF, a link what is larger than it takes, and every other stream says that all is well.

import type { ClassLoss, Condition, Performance } from "../estate/judgement.ts";
import { lossWays } from "../estate/probe-figures.ts";
import { describeProbe } from "../estate/probed.ts";
import type { Finding } from "./condition.ts";
import { checkLimit, leastSample } from "./limit.ts";
import {
  type ProbeContext,
  type ProbeFinding,
  type ProbeView,
  type Probing,
  sentence,
  wasAnswered,
} from "./probe-checks.ts";
import { notMeasured } from "./probe-window.ts";

export function checkLoss({ probing, thresholds, owner }: ProbeContext, before: Condition | undefined): ProbeFinding {
  const { view, router, decision } = probing;
  const { loss } = thresholds;
  const what = { cause: "lossHigh", owner, unit: percent } as const;
  if (router.loss !== undefined) {
    const { ratio, packets } = router.loss;
    const say = (value: number) => lost(value, packets, "packets of the router's own probes");
    return checkLimit(loss, before, { ...what, value: ratio, say });
  }
  const { afterOutage } = view?.measured ?? notMeasured;
  const isWitness = view?.witness.word !== "silent" || decision?.by === view.witness;
  const value =
    isWitness && wasAnswered(view) && afterOutage.probes >= leastSample(loss) ? afterOutage.lossRatio : undefined;
  const finding = checkLimit(loss, before, { ...what, value, say: () => lossWords(afterOutage, "probes") });
  return unlessExcused(finding, probing);
}

/**
 * So many standard errors lie between two shares that differ by more than chance. Where everything is lost alike, chance has it often
 * that one class is the first of which it shows: 50 probes of each that lose 20 % differ by 8 % or more one time in three.
 */
const apart = { raise: 2, clear: 1 } as const;

/** Two-proportion z-test with the pooled share. */
function standardErrorsApart(a: ProbeView, b: ProbeView): number {
  const [ofA, ofB] = [a.measured.afterOutage.probes, b.measured.afterOutage.probes];
  const pooled = (lossOf(a) * ofA + lossOf(b) * ofB) / (ofA + ofB);
  return (lossOf(a) - lossOf(b)) / Math.sqrt(pooled * (1 - pooled) * (1 / ofA + 1 / ofB));
}

/** Undefined where there is one class, and never was another. */
export function checkClassLoss(
  { probing, thresholds: { loss }, owner }: ProbeContext,
  before: Condition | undefined,
): ProbeFinding | undefined {
  const { view, classes } = probing;
  if (view === undefined || (classes.length === 0 && before === undefined)) return undefined;
  const [worst] = classes
    .filter((one) => wasAnswered(one) && one.measured.afterOutage.probes >= leastSample(loss))
    .sort((a, b) => lossOf(b) - lossOf(a));
  const words = ({ target, measured }: ProbeView) => lossWords(measured.afterOutage, describeProbe(target));
  const say = () => [...(worst === undefined ? [] : [worst]), view].map(words).join(", ");
  const value = worst?.measured.afterOutage.lossRatio;
  const finding = checkLimit(loss, before, { cause: "classLossHigh", owner, value, say, unit: percent });
  const enough = before?.state === "firing" ? apart.clear : apart.raise;
  const isOfAll = worst !== undefined && finding.holds === true && !(standardErrorsApart(worst, view) >= enough);
  return isOfAll ? { ...finding, holds: false } : unlessExcused(finding, probing);
}

const lossOf = ({ measured }: ProbeView) => measured.afterOutage.lossRatio ?? 0;

/** Of what nothing is known, while others to the same target are answered: nobody else says it of a path that is up. */
export function unheardClasses({ classes }: Probing): readonly string[] {
  const isUnheard = ({ record, witness: { word, isExpected } }: ProbeView) =>
    word === "mute" && !isExpected && record?.unsent === undefined;
  return classes.filter(isUnheard).map(({ witness }) => sentence(witness));
}

/** See Verdict. */
export function classLosses({ classes }: Probing): readonly ClassLoss[] | undefined {
  if (classes.length === 0) return undefined;
  return classes.flatMap(({ target, measured: { window } }) =>
    window.lossRatio === undefined
      ? []
      : [{ who: describeProbe(target), probes: window.probes, lossRatio: window.lossRatio }],
  );
}

const percent = (ratio: number) => `${(ratio * 100).toFixed(1)} %`;

const lost = (ratio: number, packets: number, of: string) => `${percent(ratio)} of ${packets} ${of} lost`;

/** `1.3 % of 300 probes lost, 4 on the way there, 0 back`. */
function lossWords({ lossRatio = 0, probes, directions }: Performance, of: string): string {
  return `${lost(lossRatio, probes, of)}${lossWays({ ratio: lossRatio, directions })}`;
}

/** The far end may limit what it answers: its loss is not to be believed against who says otherwise. */
function unlessExcused(finding: Finding, probing: Probing): ProbeFinding {
  const excuse = finding.holds === true ? excuseOf(probing) : undefined;
  if (excuse === undefined) return finding;
  const evidence = `${finding.evidence}; but ${excuse}: the far end may limit what it answers`;
  return { ...finding, holds: false, evidence, open: evidence };
}

function excuseOf({ view, witnesses, traffic }: Probing): string | undefined {
  if (view?.witness.asksFarEnd !== true) return undefined;
  const other = witnesses.find(({ word, strength }) => word === "answered" && strength !== "farEnd");
  return other === undefined ? traffic : sentence(other);
}
