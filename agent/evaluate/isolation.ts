// Whether the agent itself is the problem. The host's own word (routes, interfaces, gateway) explains a silence and makes
// it known sooner; it never makes one: whatever answers proves that the agent is not cut off.

import type { Estate } from "../estate/estate.ts";
import type { LoopObservation, LoopThread } from "../estate/host-observation.ts";
import { loopThreads } from "../estate/host-observation.ts";
import { type Isolation, type IsolationCause, notIsolated } from "../estate/isolation.ts";
import type { Judgement, Reason } from "../estate/judgement.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { type Duration, formatDuration, milliseconds, seconds } from "../lib/duration.ts";
import type { Snapshot } from "../state/state.ts";
import { freshHost, type Heard, latest, listen } from "./hearing.ts";

/** A silence that is shorter is no isolation, an uplink that blinks; nothing new fires in it all the same. */
const raiseAfter = seconds(2);
/** An isolation that comes back within this is the same one. */
export const keepIsolatedFor = seconds(5);
/** Judging is paced; so much between two rounds is no starvation. */
const pace = milliseconds(500);
/** A prober that is late for half of this span is starved too, however short each time. */
const starvedSpan = seconds(10);
/** A host that woke up and hears nothing for longer than this has another trouble. */
const wakingFor = seconds(30);

/** What the rest of the judging needs to know. */
export interface Hearing {
  /** False while what is lost may be lost here: nothing new may be said to be broken. */
  readonly mayFire: boolean;
  /** Nothing can be known at all. */
  readonly isolated: boolean;
  readonly isolation: Isolation;
  /** Why a path is unknown while isolated. */
  readonly reason: Reason;
  /** What was lost or timed out before this is no evidence; undefined: there was no such time. */
  readonly blindUntil: Instant | undefined;
}

export function hear(estate: Estate, snapshot: Snapshot, previous: Judgement | undefined, now: Instant): Hearing {
  const heard = listen(estate, snapshot, now);
  const finding = find(estate, snapshot, heard, previous?.at, now);
  const isolation = advanceIsolation(previous?.isolation ?? notIsolated(now), finding, now);
  const isolated = isolation.state === "firing";
  // With one router its death alone silences everything, and the gateway tells the two apart.
  const deaf = heard.silent && heard.anyProbe && !(heard.gateway === "answers" && estate.routers.size < 2);
  return {
    mayFire: !deaf && isolation.state === "inactive",
    isolated,
    isolation,
    reason: { cause: "agentIsolated", owner: "customer", evidence: isolation.evidence },
    blindUntil: isolation.lastTrue,
  };
}

interface Finding {
  readonly cause: IsolationCause;
  readonly evidence: string;
  /** The last moment at which it was so. */
  readonly until: Instant;
  /** How long it must last before it counts, */
  readonly wait: Duration;
  /** and since when it lasts; absent: since it was found. */
  readonly from?: Instant | undefined;
}

function advanceIsolation(before: Isolation, finding: Finding | undefined, now: Instant): Isolation {
  const lastTrue = latest(before.lastTrue, finding?.until);
  const recent = lastTrue !== undefined && now - lastTrue < keepIsolatedFor;
  // What is over before it was noticed counts, what was seen before does not count again.
  const holds = finding !== undefined && recent && (finding.until === now || finding.until !== before.lastTrue);
  const to = nextState(before, holds ? finding : undefined, recent, now);
  const said = holds ? finding : before;
  return {
    state: to,
    since: to === before.state ? before.since : now,
    lastTrue,
    cause: said.cause,
    evidence: said.evidence,
    count: before.count + (to === "firing" && before.state !== "firing" ? 1 : 0),
  };
}

function nextState(before: Isolation, finding: Finding | undefined, recent: boolean, now: Instant): Isolation["state"] {
  if (before.state === "firing") return recent ? "firing" : "inactive";
  if (finding === undefined) return "inactive";
  const foundAt = before.state === "pending" ? before.since : now;
  const lasted = elapsed(finding.from ?? foundAt, now);
  return lasted >= finding.wait ? "firing" : "pending";
}

function find(
  estate: Estate,
  snapshot: Snapshot,
  heard: Heard,
  judgedAt: Instant | undefined,
  now: Instant,
): Finding | undefined {
  return (
    asleep(snapshot, heard, now) ??
    starved(estate, snapshot, judgedAt, now) ??
    (heard.silent ? cutOff(snapshot, heard, now) : undefined) ??
    nothingAnswers(estate, heard, now)
  );
}

function asleep(snapshot: Snapshot, heard: Heard, now: Instant): Finding | undefined {
  const sleep = snapshot.host()?.sleep;
  if (sleep === undefined) return undefined;
  const awake = elapsed(sleep.until, now);
  const again = heard.at !== undefined && heard.at > sleep.until;
  if (awake >= (again ? keepIsolatedFor : wakingFor)) return undefined;
  const evidence = `this host slept for ${formatDuration(sleep.length)}: what was seen before is old`;
  return { cause: "hostSlept", evidence, until: again ? sleep.until : now, wait: milliseconds(0) };
}

function starved(
  { selfCheck: { starvedAfter } }: Estate,
  snapshot: Snapshot,
  judgedAt: Instant | undefined,
  now: Instant,
): Finding | undefined {
  const paused = judgedAt === undefined ? 0 : now - judgedAt - pace;
  const wait = milliseconds(0);
  if (paused >= starvedAfter) {
    const evidence = `this agent did not run for ${formatDuration(milliseconds(paused))}${pressure(snapshot)}`;
    return { cause: "hostStarved", evidence, until: now, wait };
  }
  for (const thread of loopThreads) {
    const recent = snapshot.loop(thread).filter(({ at }) => now - at < starvedSpan);
    const stall = recent.findLast(({ late }) => late >= starvedAfter);
    const evidence = stall === undefined ? oftenLate(thread, recent) : `${names[thread]} did not run for ${say(stall)}`;
    const until = stall?.at ?? recent.at(-1)?.at;
    if (evidence === undefined || until === undefined || now - until >= keepIsolatedFor) continue;
    return { cause: "hostStarved", evidence: `${evidence}${pressure(snapshot)}`, until, wait };
  }
  return undefined;
}

const names: Readonly<Record<LoopThread, string>> = { main: "this agent", probing: "its probing thread" };
const say = ({ late }: LoopObservation) => formatDuration(late);

function oftenLate(thread: LoopThread, recent: readonly LoopObservation[]): string | undefined {
  // What the main thread does late in pieces it still does; a probe that is late is lost.
  if (thread === "main") return undefined;
  const sum = recent.reduce((n, { late }) => n + late, 0);
  if (sum < starvedSpan / 2) return undefined;
  return `${names[thread]} was late by ${formatDuration(milliseconds(sum))} of ${formatDuration(starvedSpan)}`;
}

/** What the host says of its CPU, as far as it does. */
function pressure(snapshot: Snapshot): string {
  const host = snapshot.host();
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const said = [
    ...(host?.cpuWait === undefined ? [] : [`it waited for a CPU ${percent(host.cpuWait)} of the time`]),
    ...(host?.cpuPressure === undefined ? [] : [`CPU pressure of the host ${percent(host.cpuPressure)}`]),
  ];
  return said.length === 0 ? "" : ` (${said.join(", ")})`;
}

/** Nothing is heard, and the host itself says why. */
function cutOff(snapshot: Snapshot, { at, gateway, gateways }: Heard, now: Instant): Finding | undefined {
  const host = freshHost(snapshot, now);
  if (host === undefined) return undefined;
  const quiet = `nothing is heard${at === undefined ? "" : ` for ${formatDuration(elapsed(at, now))}`}`;
  const found = (cause: IsolationCause, why: string): Finding => ({
    cause,
    evidence: `${why}, and ${quiet}`,
    until: now,
    wait: raiseAfter,
    from: at,
  });
  const { interfaces, egress } = host;
  if (interfaces.length > 0 && interfaces.every(({ state }) => state === "down" || state === "absent")) {
    const list = interfaces.map(({ name, detail }) => `${name} (${detail})`).join(", ");
    return found("interfaceDown", `this host's own interface is down: ${list}`);
  }
  if (egress?.defaultRouteLost === true) return found("noRoute", "this host's default route is gone");
  if (egress?.routed === false) return found("noRoute", "this host has no route to any router or target");
  if (gateway === "silent") return found("gatewaySilent", `the gateway ${gateways} of this host does not answer`);
  return undefined;
}

/** Nobody says why: then a silence must last until the answers of every router are stale. */
function nothingAnswers(estate: Estate, heard: Heard, now: Instant): Finding | undefined {
  const { at, anyRouter, silent, anyProbe, gateway, gateways } = heard;
  if (at === undefined || anyRouter || (anyProbe && !silent)) return undefined;
  if (gateway === "answers" && estate.routers.size < 2) return undefined;
  const but = gateway === "answers" ? ` (only the gateway ${gateways} answers)` : "";
  const quiet = formatDuration(elapsed(at, now));
  const evidence = `this agent hears neither a router nor a probe for ${quiet}${but}: look at its own connection first`;
  return { cause: "nothingAnswers", evidence, until: now, wait: milliseconds(0) };
}
