// Who can say whether a path or a Global Reach pair carries packets, how strong each is, and whose word counts.

import type { Path, ProbeTarget, Router, Thresholds } from "../estate/estate.ts";
import { isFreshProbe, probePatience } from "../estate/freshness.ts";
import type { UnsentProbes, Witness as WitnessName } from "../estate/judgement.ts";
import { describeProbe } from "../estate/probed.ts";
import type { RouterProbeObservation } from "../estate/router-probe.ts";
import type { Unsent } from "../estate/unsent.ts";
import { elapsed, type Instant, later } from "../lib/clock.ts";
import { type Duration, formatDuration, milliseconds } from "../lib/duration.ts";
import type { ProbeRecord } from "../state/probe-statistics.ts";
import type { RouterProbeRecord } from "../state/router-probes.ts";

/**
 * Strongest first. `routerSourced`: both ways are those of the link. `reflector`: what answers is behind the path, on an
 * address of it. `farEnd`: echo of the far end of the path's own session (the MSEE), which may limit what it answers,
 * and whose answers may come back over the other link.
 */
export const strengths = ["routerSourced", "reflector", "farEnd"] as const;
export type Strength = (typeof strengths)[number];

/** `silent`: it was answered before, is asked now, and is not answered. `mute`: it can say nothing, for the reason in `says`. */
export type Word = "answered" | "silent" | "mute";

export interface Witness {
  readonly name: WitnessName;
  readonly strength: Strength;
  /** It asks the far end of the path's session itself, whoever sends it: its silence may be a limit on what that answers. */
  readonly asksFarEnd: boolean;
  readonly word: Word;
  /** When it was last answered; undefined: never since this agent started. */
  readonly answeredAt: Instant | undefined;
  /** For people: "icmp probes to 172.16.0.2". */
  readonly who: string;
  /** What follows it. */
  readonly says: string;
  /** It ought to be heard: that it is mute is no matter of the configuration, and will end. */
  readonly isExpected: boolean;
}

/** Probes are reported as they settle; this long without any and the prober itself is stuck. */
function probingStalled({ interval, timeout }: ProbeTarget): Duration {
  return milliseconds(Math.max(5_000, 3 * interval + timeout));
}

/** Permission, source address, interface, route, size: none of it is the far end's, and each has its own remedy. */
const cannotSend = ({ says }: Unsent) => `cannot be sent from this host (${says})`;

/** Undefined while they leave, did so a moment ago, or nobody tries. */
export function unsentProbes(
  target: ProbeTarget,
  { unsent, last }: Pick<ProbeRecord, "unsent" | "last">,
  now: Instant,
): UnsentProbes | undefined {
  const patience = probingStalled(target);
  if (unsent === undefined || elapsed(unsent.since, now) < patience || now - last.at > patience) return undefined;
  const { technique } = target;
  return { technique, reason: unsent.reason, evidence: `${describeProbe(target)} ${cannotSend(unsent)}` };
}

/** What two ends of STAMP must agree on; the reflector's log says which of it is wrong. */
const agreement =
  " (a reflector answers on its port only, its configured senders only, and with a key only those that have it)";

/** `farEnd`: of the path's session; undefined for a Global Reach pair. */
export function streamWitness(
  target: ProbeTarget,
  record: ProbeRecord | undefined,
  farEnd: string | undefined,
  { silence }: Thresholds,
  now: Instant,
): Witness {
  const asksFarEnd = target.technique === "icmp" && target.address === farEnd;
  const answeredAt = record?.last.lastReceivedAt;
  const common = {
    name: target.technique,
    strength: asksFarEnd ? "farEnd" : "reflector",
    asksFarEnd,
    answeredAt,
    who: describeProbe(target),
    isExpected: false,
  } as const;
  if (record === undefined) return { ...common, word: "mute", says: "have not been sent yet", isExpected: true };
  const { last, unsent } = record;
  if (now - last.at > probingStalled(target)) {
    const says = `stopped ${formatDuration(elapsed(last.at, now))} ago: the prober is stuck`;
    return { ...common, word: "mute", says, isExpected: true };
  }
  if (answeredAt === undefined) {
    const unanswered = `were never answered since this agent started${target.technique === "stamp" ? agreement : ""}`;
    return { ...common, word: "mute", says: unsent === undefined ? unanswered : cannotSend(unsent) };
  }
  const quiet = elapsed(answeredAt, now);
  if (quiet < silence) return { ...common, word: "answered", says: "are answered" };
  // A host that cannot send says nothing of the path; only probes that went out and stayed unanswered do.
  if (last.lossRun * target.interval < silence / 2) {
    const mayBeOnTheWay = quiet < silence + target.timeout;
    if (mayBeOnTheWay) return { ...common, word: "answered", says: "are answered" };
    if ((last.unheard ?? 0) > 0) {
      const says = `cannot be heard: this host's receive buffer is full of other datagrams; answered ${formatDuration(quiet)} ago`;
      return { ...common, word: "mute", says, isExpected: true };
    }
    const why = unsent === undefined ? "are not sent" : cannotSend(unsent);
    return { ...common, word: "mute", says: `${why}; answered ${formatDuration(quiet)} ago` };
  }
  const says = `no answer for ${formatDuration(quiet)}, ${last.lossRun} lost in a row`;
  return { ...common, word: "silent", says };
}

/** Fewer packets than this lost in a row are chance. */
const lostPackets = 3;

export function routerWitness(
  record: RouterProbeRecord,
  { path, router }: { readonly path: Path; readonly router: Router },
  now: Instant,
): Witness {
  const { silence } = path.thresholds;
  const { last, resultAt, answeredAt, lossRun } = record;
  const patience = probePatience(router, last);
  const common = {
    name: "routerSourced",
    strength: "routerSourced",
    asksFarEnd: last.target === path.session.remoteAddress,
    answeredAt,
    who: describe(last),
    isExpected: false,
  } as const;
  const mute = (says: string) => ({ ...common, word: "mute", says }) as const;
  if (!last.running) return mute("is not running");
  if (!isFreshProbe(router, last, now)) return mute(`was last read ${formatDuration(elapsed(last.at, now))} ago`);
  if (answeredAt === undefined) return mute("was not answered since this agent started");
  const quiet = elapsed(answeredAt, now);
  const { result } = last;
  if (result !== undefined && result.sent > 0 && result.received === 0) {
    const inVain = lossRun >= lostPackets || quiet >= patience;
    const says = `${result.sense}, not answered for ${formatDuration(quiet)}`;
    return { ...common, word: inVain && quiet >= silence ? "silent" : "mute", says };
  }
  if (resultAt === undefined || now - resultAt > patience) return mute("has no new result");
  if (result === undefined || result.sent === 0) return mute(`could not measure: ${result?.sense ?? "no result"}`);
  return { ...common, word: "answered", says: `was answered ${formatDuration(quiet)} ago${delayWords(last)}` };
}

function describe({ name, router, mib }: RouterProbeObservation): string {
  return `probe ${name} of ${router} (${mib})`;
}

function delayWords({ result }: RouterProbeObservation): string {
  const average = result?.delay?.average;
  return average === undefined ? "" : ` in ${(average * 1_000).toFixed(1)} ms`;
}

export interface Decision {
  readonly by: Witness;
  readonly holds: boolean;
}

/**
 * The strongest that can tell decides, whatever weaker ones say. Four things limit it:
 * - Of several that are equally strong, one that is answered decides: an answer proves the path, and a silence may be that
 *   of the target.
 * - An answer tells nothing of what came after it: who fell silent later is heard first. (A router's probe may run once a
 *   minute, and must not hide for so long what is seen in two seconds.)
 * - Who stayed silent while a stronger one was answered is no witness until it is answered again, even when the stronger
 *   one has nothing more to say: then nobody knows.
 * - The far end's own silence is nothing against an answer from behind it, whoever asked.
 *
 * Undefined when nobody can tell.
 */
export function decide(all: readonly Witness[], { silence }: Thresholds): Decision | undefined {
  const witnesses = all.filter((one) => !(one.word === "silent" && isDisproved(one, all, silence)));
  for (const strength of strengths) {
    const here = witnesses.filter((one) => one.strength === strength && one.word !== "mute");
    const answered = here.filter(({ word }) => word === "answered");
    // The first of them, so that two that are both answered do not take turns.
    const heard = answered.find((one) => !isOvertaken(one, witnesses));
    if (heard !== undefined) return { by: heard, holds: false };
    const silent = here.find(({ word }) => word === "silent");
    if (answered.length > 0 || silent === undefined) continue;
    const behind = silent.asksFarEnd ? answeredBehind(silent, witnesses) : undefined;
    return behind === undefined ? { by: silent, holds: true } : { by: behind, holds: false };
  }
  return undefined;
}

function answeredBehind(silent: Witness, witnesses: readonly Witness[]): Witness | undefined {
  return witnesses.find(
    ({ word, asksFarEnd, answeredAt }) =>
      word === "answered" && !asksFarEnd && (answeredAt ?? 0) >= (silent.answeredAt ?? 0),
  );
}

function isDisproved(silent: Witness, all: readonly Witness[], silence: Duration): boolean {
  const until = silent.answeredAt === undefined ? undefined : later(silent.answeredAt, silence);
  return all.some(
    ({ strength, answeredAt }) =>
      isStronger(strength, silent.strength) && answeredAt !== undefined && until !== undefined && answeredAt >= until,
  );
}

function isOvertaken(answered: Witness, witnesses: readonly Witness[]): boolean {
  return witnesses.some(
    ({ word, strength, answeredAt }) =>
      word === "silent" && isStronger(answered.strength, strength) && (answeredAt ?? 0) > (answered.answeredAt ?? 0),
  );
}

function isStronger(a: Strength, b: Strength): boolean {
  return strengths.indexOf(a) < strengths.indexOf(b);
}
