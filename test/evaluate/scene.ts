// Plays observations into a real State and judges every half second, as the agent does.

import type { Estate, Path, ProbeTarget, ProbeTechnique } from "../../agent/estate/estate.ts";
import type { Sleep } from "../../agent/estate/host-observation.ts";
import type { Judgement, PairVerdict, PathVerdict, RedundancyVerdict } from "../../agent/estate/judgement.ts";
import {
  type InterfaceObservation,
  type Observation,
  pollGroups,
  type SessionObservation,
  subject,
} from "../../agent/estate/observation.ts";
import type { RouterProbeObservation } from "../../agent/estate/router-probe.ts";
import { judge } from "../../agent/evaluate/judge.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { estate as anEstate, at } from "../support/estate.ts";
import { noCounters, reading } from "../support/interfaces.ts";

type Interface = Extract<InterfaceObservation, { present: true }>;
type Session = Extract<SessionObservation, { present: true }>;

/** What one router and the probes of its path show from now on. */
export interface PathScene {
  answers: boolean;
  interface: Partial<Interface> | "absent";
  session: Partial<Session> | "absent" | "noSuchTable";
  /** What else it tells of the link, at each poll. */
  tells: (remoteAddress: string, at: Instant) => readonly Observation[];
  /** Loss as "every nth probe"; 0 loses none. */
  loseEvery: number;
  dark: boolean;
  delay: number;
  cannotSend: boolean;
  /** Its losses are on the way there, and the far end counts for itself. */
  tellsWays: boolean;
  /** Its receive buffer is full of what others send. */
  cannotHear: boolean;
  /** The same of its second stream, if the estate has one. */
  secondDark: boolean;
  secondLoseEvery: number;
  /** Bits per second over the interface, each way. */
  traffic: number;
  /** A probe that the router sends itself. */
  routerProbe: RouterProbeScene | undefined;
}

export interface RouterProbeScene {
  /** Seconds between its results. */
  readonly every: number;
  readonly packets: number;
  lost: number;
  /** Average round-trip delay in seconds. */
  delay: number;
  readonly target: string;
  running: boolean;
}

const well = (): PathScene => ({
  answers: true,
  interface: {},
  session: {},
  tells: () => [],
  loseEvery: 0,
  dark: false,
  delay: 0.002,
  cannotSend: false,
  tellsWays: false,
  cannotHear: false,
  secondDark: false,
  secondLoseEvery: 0,
  traffic: 0,
  routerProbe: undefined,
});

/** What the host tells of itself from now on; `undefined` facts are not told. */
export interface HostScene {
  /** Whether this host tells anything: the rest is then Linux. */
  tells: boolean;
  gateway: "answers" | "silent" | "neverAnswered";
  interface: "up" | "down";
  routes: "all" | "noDefault" | "none";
  /** Lateness of the probing thread at each report, in seconds. */
  probingLate: number;
  sleep: Sleep | undefined;
}

export interface Scene {
  readonly primary: PathScene;
  readonly secondary: PathScene;
  readonly pair: PathScene;
  readonly host: HostScene;
  /** Nobody runs for `s` seconds; the answers of that time are read afterwards, `late` or not. */
  pause(s: number): void;
  /** The host sleeps: the clock of the agent stands still. */
  sleep(s: number): void;
  /** How often isolation began. */
  isolations(): number;
  /** Every state of the agent's own condition, in order, each with its cause. */
  selfStates(): readonly string[];
  /** Plays `s` seconds. */
  play(s: number): Judgement;
  path(link: "primary" | "secondary"): PathVerdict;
  redundancy(): RedundancyVerdict;
  pairVerdict(): PairVerdict;
  latest(): Judgement;
  /** Takes what the scene does not play itself. */
  observe(observation: Observation): void;
  /** Every state that the path had, in order. */
  states(link: "primary" | "secondary"): readonly string[];
}

const batch = 0.25;
const interval = 0.2;
const timeout = 1;

/** The probes of one subject: each is settled when answered, or `timeout` later when lost. */
interface Prober {
  next: number;
  sent: number;
  expiring: number[];
  lossRun: number;
  lastReceived: number | undefined;
}

/** Its result of this moment. */
function resultOf(probe: RouterProbeScene, path: Path, now: Instant): RouterProbeObservation {
  const { every, packets, lost, delay, target, running } = probe;
  const received = packets - lost;
  return {
    kind: "routerProbe",
    router: path.router,
    of: subject.path(path),
    at: now,
    mib: "CISCO-RTTMON-MIB",
    name: "7",
    target,
    source: undefined,
    frequency: seconds(every),
    running,
    result: !running
      ? undefined
      : {
          mark: String(now),
          completedAt: now,
          sense: received > 0 ? "ok" : "timeout",
          sent: packets,
          received,
          complete: true,
          delay: received > 0 ? { min: delay, average: delay, max: delay } : undefined,
          directions: undefined,
          jitter: undefined,
        },
  };
}

export function scene(estate: Estate = anEstate()): Scene {
  const state = createState({ keep: seconds(60) });
  const scenes = { primary: well(), secondary: well(), pair: well() };
  const host: HostScene = {
    tells: false,
    gateway: "answers",
    interface: "up",
    routes: "all",
    probingLate: 0,
    sleep: undefined,
  };
  const gateway = { lastReceived: undefined as number | undefined, lossRun: 0 };
  const course: string[] = [];
  const history = { primary: [] as string[], secondary: [] as string[] };
  const [circuit] = estate.circuits.values();
  const [globalReach] = estate.globalReach.values();
  const paths = circuit?.peerings[0]?.paths;
  const pair = globalReach?.pairs[0];
  if (paths === undefined || pair === undefined) throw new Error("the scene needs a circuit and a pair");
  const newProber = (): Prober => ({ next: 0, sent: 0, expiring: [], lossRun: 0, lastReceived: undefined });
  const probers = { primary: newProber(), secondary: newProber(), pair: newProber() };
  const seconders = { primary: newProber(), secondary: newProber() };
  const octets = { primary: 0, secondary: 0 };
  let now = 0;
  let nextPoll = 0;
  let latest: Judgement | undefined;

  function probe(name: keyof typeof probers): void {
    const { dark, loseEvery } = scenes[name];
    const [first] = name === "pair" ? [] : probesOf(name);
    stream(name, 0, first?.technique ?? "icmp", probers[name], dark, loseEvery);
  }

  function probeAgain(name: keyof typeof seconders): void {
    const [, second] = probesOf(name);
    const { secondDark, secondLoseEvery } = scenes[name];
    if (second !== undefined) stream(name, 1, second.technique, seconders[name], secondDark, secondLoseEvery);
  }

  function probesOf(link: "primary" | "secondary"): readonly ProbeTarget[] {
    return (paths as NonNullable<typeof paths>)[link].probes;
  }

  function stream(
    name: keyof typeof probers,
    index: number,
    technique: ProbeTechnique,
    prober: Prober,
    dark: boolean,
    loseEvery: number,
  ): void {
    const { delay, cannotSend, cannotHear, tellsWays } = scenes[name];
    const o = { received: 0, lost: 0, sendErrors: 0, unheard: 0, delays: [] as number[] };
    prober.expiring = prober.expiring.filter((expiry) => {
      if (expiry > now) return true;
      o.lost++;
      prober.lossRun++;
      return false;
    });
    for (; prober.next <= now; prober.next += interval) {
      prober.sent++;
      const vanishes = dark || (loseEvery > 0 && prober.sent % loseEvery === 0);
      if (cannotSend) o.sendErrors++;
      else if (cannotHear) o.unheard++;
      else if (vanishes) prober.expiring.push(prober.next + timeout);
      else {
        o.received++;
        o.delays.push(delay);
        prober.lossRun = 0;
        prober.lastReceived = now;
      }
    }
    state.observe({
      kind: "probe",
      of:
        name === "pair"
          ? subject.pair(pair as NonNullable<typeof pair>)
          : subject.path((paths as NonNullable<typeof paths>)[name]),
      index,
      technique,
      at: at(now),
      unsent: o.sendErrors > 0 ? { reason: "noPermission", says: "ICMP is not permitted" } : undefined,
      late: 0,
      duplicate: 0,
      reordered: 0,
      discarded: 0,
      lossRun: prober.lossRun,
      lastReceivedAt: prober.lastReceived === undefined ? undefined : at(prober.lastReceived),
      directions: tellsWays ? { forward: o.lost, backward: 0 } : undefined,
      ...o,
    });
  }

  function poll(link: "primary" | "secondary"): void {
    const { answers, interface: iface, session, tells } = scenes[link];
    const path = (paths as NonNullable<typeof paths>)[link];
    for (const group of pollGroups) {
      const result = !answers ? "timeout" : group === "bgp" && session === "noSuchTable" ? "noSuchTable" : "ok";
      const detail = result === "ok" ? "" : `no answer (${result})`;
      state.observe({ kind: "poll", router: path.router, group, at: at(now), result, detail, seconds: 0.01 });
    }
    if (!answers) return;
    const seen = { router: path.router, at: at(now) };
    const subjectInterface = { kind: "interface", interface: path.interface, ...seen } as const;
    if (iface === "absent") state.observe({ ...subjectInterface, present: false, shown: "er7, er8" });
    else {
      octets[link] += scenes[link].traffic / 8;
      const counted = { receiveBytes: BigInt(octets[link]), transmitBytes: BigInt(octets[link]) };
      const counters = { ...noCounters, ...counted };
      state.observe({ ...reading(now, { counters }), ...subjectInterface, present: true, ...iface });
    }
    const { routerProbe } = scenes[link];
    if (routerProbe !== undefined && now % routerProbe.every === 0) {
      state.observe(resultOf(routerProbe, path, at(now)));
    }
    for (const observation of tells(path.session.remoteAddress, at(now))) state.observe(observation);
    if (session === "noSuchTable") return;
    const subjectSession = { kind: "session", remoteAddress: path.session.remoteAddress, ...seen } as const;
    if (session === "absent") state.observe({ ...subjectSession, present: false });
    else {
      state.observe({
        ...subjectSession,
        present: true,
        state: "established",
        adminUp: true,
        remoteAsn: 12076,
        establishedTransitions: 1,
        establishedSeconds: 100,
        lastError: [0, 0],
        ...session,
      });
    }
  }

  function tellOfHost(): void {
    if (host.gateway === "answers") Object.assign(gateway, { lastReceived: now, lossRun: 0 });
    else gateway.lossRun++;
    const lastReceivedAt = gateway.lastReceived === undefined ? undefined : at(gateway.lastReceived);
    const counts = {
      received: 0,
      lost: 0,
      late: 0,
      duplicate: 0,
      reordered: 0,
      discarded: 0,
      sendErrors: 0,
      delays: [],
    };
    const of = subject.gateway("192.0.2.1");
    const run = { lossRun: gateway.lossRun, lastReceivedAt };
    state.observe({ kind: "probe", of, index: 0, technique: "icmp", at: at(now), ...counts, ...run });
    if (now % 1 !== 0) return;
    state.observe({ kind: "loop", thread: "probing", at: at(now), late: seconds(host.probingLate) });
    state.observe({
      kind: "host",
      at: at(now),
      egress: {
        gateways: [{ address: "192.0.2.1", interface: undefined }],
        interfaces: ["eth0"],
        defaultRouteLost: host.routes === "noDefault",
        routed: host.routes !== "none",
      },
      interfaces: [{ name: "eth0", state: host.interface, detail: `operstate ${host.interface}`, counters: undefined }],
      receiveBufferErrors: 0,
      cpuWait: 0.9,
      cpuPressure: undefined,
      clockSteps: 0,
      sleep: host.sleep,
      sleptSeconds: 0,
    });
  }

  const self: Scene = {
    ...scenes,
    host,
    pause(s) {
      now += s;
      // The prober makes up for no turn that it missed.
      for (const prober of Object.values(probers)) prober.next = now;
    },
    sleep(s) {
      host.sleep = { until: at(now), length: seconds(s) };
    },
    isolations: () => self.latest().isolation.count,
    selfStates: () => course,
    play(s) {
      const end = now + s;
      while (now < end) {
        now = Math.round((now + batch) * 1_000) / 1_000;
        probe("primary");
        probe("secondary");
        probe("pair");
        if (host.tells) tellOfHost();
        probeAgain("primary");
        probeAgain("secondary");
        if (now >= nextPoll) {
          poll("primary");
          poll("secondary");
          nextPoll += 1;
        }
        latest = judge(estate, state, latest, at(now));
        const { isolation } = latest;
        const word = isolation.state === "inactive" ? isolation.state : `${isolation.state} ${isolation.cause}`;
        if (course.at(-1) !== word) course.push(word);
        for (const { path, state: word } of latest.paths) {
          if (history[path.link].at(-1) !== word) history[path.link].push(word);
        }
      }
      return self.latest();
    },
    path(link) {
      const found = self.latest().paths.find(({ path }) => path.link === link);
      if (found === undefined) throw new Error(`no ${link} path`);
      return found;
    },
    redundancy() {
      const found = self.latest().redundancy[0];
      if (found === undefined) throw new Error("no redundancy");
      return found;
    },
    pairVerdict() {
      const found = self.latest().pairs[0];
      if (found === undefined) throw new Error("no pair");
      return found;
    },
    latest() {
      if (latest === undefined) throw new Error("nothing was played");
      return latest;
    },
    states: (link) => history[link],
    observe: state.observe,
  };
  return self;
}
