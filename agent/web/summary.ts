// The four questions of the engineer on call, answered for the whole estate: is it up, is it redundant,
// whose fault is it, what is the evidence. Pure, from the status alone.

import type { LinkName, PeeringName } from "../estate/estate.ts";
import type { PathState } from "../estate/judgement.ts";
import { isolationWords } from "./self-status.ts";
import type {
  CircuitStatus,
  GlobalReachStatus,
  PairStatus,
  PathStatus,
  PeeringStatus,
  ReasonStatus,
  Status,
} from "./status.ts";
import { capital, heldWords, listed, ownerWords, pathTones, serviceOwnerWords, type Tone } from "./words.ts";

/** What a peering, and by its worst peering a circuit, is to the person who was woken: worst first. */
const conditions = ["lost", "reduced", "unknown", "degraded", "good"] as const;
export type PeeringCondition = (typeof conditions)[number];

function conditionOf({ redundancy, paths }: PeeringStatus): PeeringCondition {
  if (redundancy !== "redundant") return redundancy;
  return paths.some(({ state }) => state === "degraded") ? "degraded" : "good";
}

export function worstOf(circuit: CircuitStatus): PeeringCondition {
  const present = new Set(circuit.peerings.map(conditionOf));
  return conditions.find((condition) => present.has(condition)) ?? "good";
}

/** Worst circuits first, otherwise as configured. */
export function worstFirst(circuits: readonly CircuitStatus[]): readonly CircuitStatus[] {
  return circuits.toSorted((a, b) => conditions.indexOf(worstOf(a)) - conditions.indexOf(worstOf(b)));
}

export interface Headline {
  readonly tone: Tone;
  readonly sentence: string;
  /** What else is wrong, less bad than the sentence. */
  readonly also: readonly string[];
}

/** Holds no running time, so that a screen reader speaks only when something changed. */
export function headlineOf(status: Status): Headline {
  if (status.isolated) {
    const why = status.isolation === null ? "" : `, ${isolationWords[status.isolation.cause]}`;
    const sentence = `The monitor is isolated${why}: no circuit can be judged`;
    return { tone: "unknown", sentence, also: ["Look at the agent's own host first"] };
  }
  const total = status.circuits.length;
  const found: { readonly tone: Tone; readonly sentence: string }[] = [];
  for (const [condition, tone, one, many] of sayings) {
    const names = status.circuits
      .filter((c) => worstOf(c) === condition)
      .map((c) => nameWith(c, (p) => conditionOf(p) === condition));
    if (names.length === 0) continue;
    const sentence = `${names.length} of ${count(total, "circuit")} ${names.length === 1 ? one : many}: ${listed(names)}`;
    found.push({ tone, sentence });
  }
  for (const { state, what } of brokenBesides(status)) {
    found.push({ tone: pathTones[state], sentence: capital(`${what} is ${state}`) });
  }
  const [first, ...rest] = found.toSorted((a, b) => tones.indexOf(a.tone) - tones.indexOf(b.tone));
  const drains = drainsOf(status);
  if (first !== undefined) return { ...first, also: [...rest.map(({ sentence }) => sentence), ...drains] };
  if (total === 0) return { tone: "unknown", sentence: "No circuit is configured", also: [] };
  return { tone: "good", sentence: total === 1 ? "The circuit is up and redundant" : allGood(total), also: drains };
}

/** The first thing to know before anybody works on the other link. While the drained one is up, it is no outage. */
function drainsOf({ circuits }: Status): readonly string[] {
  const drained = circuits.flatMap(({ name, peerings }) =>
    peerings.flatMap(({ paths }) =>
      paths
        .filter(({ notes }) => notes.some(({ cause }) => cause === "linkDraining"))
        .map(({ link, state }) => ({ what: `${name} ${link}`, state })),
    ),
  );
  if (drained.length === 0) return [];
  const isAllUp = drained.every(({ state }) => state === "up");
  const what = `Microsoft is draining ${listed([...new Set(drained.map(({ what }) => what))])}`;
  return [`${what}${isAllUp ? ", which is no outage" : ""}: leave the other link alone`];
}

const tones: readonly Tone[] = ["bad", "warn", "unknown", "good"];

const sayings: readonly (readonly [PeeringCondition, Tone, one: string, many: string])[] = [
  ["lost", "bad", "is down", "are down"],
  ["reduced", "warn", "is not redundant", "are not redundant"],
  ["unknown", "unknown", "cannot be judged", "cannot be judged"],
  ["degraded", "warn", "has a degraded path", "have a degraded path"],
];

const allGood = (total: number) => `All ${total} circuits are up and redundant`;
const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** The circuit's name, with the peerings that are meant unless all are. */
function nameWith(circuit: CircuitStatus, holds: (peering: PeeringStatus) => boolean): string {
  const meant = circuit.peerings.filter(holds);
  if (meant.length === circuit.peerings.length) return circuit.name;
  return `${circuit.name} (${meant.map(({ name }) => name).join(", ")})`;
}

export interface Answer {
  readonly question: string;
  readonly tone: Tone;
  readonly answer: string;
}

/** One working path carries the service, whatever is not known of the other. */
export function serviceAnswer(status: Status): Answer {
  const { circuits } = status;
  const question = "Is the service up?";
  const down = namesWhere(circuits, (p) => p.redundancy === "lost");
  const unknown = namesWhere(circuits, (p) => p.redundancy !== "lost" && working(p).length === 0);
  const degraded = namesWhere(
    circuits,
    (p) => working(p).length > 0 && working(p).every((x) => x.state === "degraded"),
  );
  const also = unknown.length > 0 ? `; unknown on ${listed(unknown)}` : "";
  if (down.length > 0) return { question, tone: "bad", answer: `No: both links are down on ${listed(down)}${also}` };
  const failing = brokenBesides(status).flatMap(({ state, what }) => (state === "down" ? [what] : []));
  if (failing.length > 0) {
    const verb = failing.length === 1 ? "is" : "are";
    return { question, tone: "bad", answer: `No: ${listed(failing)} ${verb} down${also}` };
  }
  if (unknown.length > 0) return { question, tone: "unknown", answer: `Unknown on ${listed(unknown)}` };
  if (degraded.length > 0) return { question, tone: "warn", answer: `Yes, but degraded on ${listed(degraded)}` };
  return { question, tone: "good", answer: "Yes, on every circuit" };
}

export function redundancyAnswer({ circuits }: Status): Answer {
  const question = "Is it redundant?";
  const lost = namesWhere(circuits, (p) => p.redundancy === "lost");
  const unknown = namesWhere(circuits, (p) => p.redundancy === "unknown");
  const alone = circuits.flatMap((circuit) => {
    const links = circuit.peerings.filter((p) => p.redundancy === "reduced").flatMap(linksNotDown);
    return [...new Set(links)].map((link) => `${circuit.name} has only its ${link} link`);
  });
  const also = unknown.length > 0 ? `; unknown on ${listed(unknown)}` : "";
  const not = [...(lost.length > 0 ? [`nothing is left of ${listed(lost)}`] : []), ...alone];
  if (not.length > 0) return { question, tone: lost.length > 0 ? "bad" : "warn", answer: `No: ${listed(not)}${also}` };
  if (unknown.length > 0) return { question, tone: "unknown", answer: `Unknown on ${listed(unknown)}` };
  return { question, tone: "good", answer: "Yes, every circuit has both links" };
}

/** The paths that are seen to carry traffic. */
function working({ paths }: PeeringStatus): readonly PathStatus[] {
  return paths.filter(({ state }) => state === "up" || state === "degraded");
}

function linksNotDown({ paths }: PeeringStatus): readonly LinkName[] {
  return paths.filter(({ state }) => state !== "down").map(({ link }) => link);
}

/** What a peering's redundancy means for the service; empty when there is nothing to say. */
export function meaningOf(peering: PeeringStatus): string {
  const left = linksNotDown(peering).join(" and ");
  switch (peering.redundancy) {
    case "redundant":
      return "";
    case "lost":
      return "service down, both links are down";
    case "unknown":
      return "not proven redundant";
    case "reduced":
      return working(peering).length > 0
        ? `not redundant, only the ${left} link is left`
        : `not redundant, and it is not known whether the ${left} link works`;
  }
}

function namesWhere(circuits: readonly CircuitStatus[], holds: (peering: PeeringStatus) => boolean): readonly string[] {
  return circuits.filter((circuit) => circuit.peerings.some(holds)).map((circuit) => nameWith(circuit, holds));
}

/** Something that is not up, with all that has the same evidence. */
export interface Problem {
  readonly state: PathState;
  /** `ams-1 primary`, `ams-1 (microsoft) primary` where that is not all of it, or `ams to sin` for Global Reach. */
  readonly where: string;
  readonly owner: string;
  readonly evidence: string;
  /** Id of the block with the text for the ticket. */
  readonly ticket: string;
}

/** Worst first: down, unknown, degraded. Peerings that fail with their common link are one problem. */
export function problemsOf(status: Status): readonly Problem[] {
  const problems = new Map<string, Problem>();
  const judgedAt = Date.parse(status.at);
  const told = (reason: ReasonStatus) => ({
    owner: ownerWords[reason.owner],
    evidence: reason.evidence + heldWords(reason, judgedAt),
  });
  for (const circuit of worstFirst(status.circuits)) {
    for (const peering of circuit.peerings) {
      for (const path of peering.paths) {
        const reason = path.reasons[0];
        if (path.state === "up" || reason === undefined) continue;
        const key = `${circuit.name} ${path.link} ${reason.cause} ${reason.evidence}`;
        if (problems.has(key)) continue;
        const failsAlike = ({ link, state, reasons: [other] }: PathStatus) =>
          link === path.link && state !== "up" && other?.cause === reason.cause && other.evidence === reason.evidence;
        const where = `${nameWith(circuit, ({ paths }) => paths.some(failsAlike))} ${path.link}`;
        const ticket = ticketId(circuit.name, peering.name, path.link);
        problems.set(key, { state: path.state, where, ticket, ...told(reason) });
      }
    }
  }
  for (const { pair, between, globalReach } of pairsOf(status.globalReach)) {
    const reason = pair.reasons[0];
    if (pair.state === "up" || reason === undefined) continue;
    const ticket = ticketId(globalReach, pair.fromSite, pair.toSite);
    problems.set(ticket, { state: pair.state, where: between, ticket, ...told(reason) });
  }
  for (const { state, what, owner, evidence, anchor } of brokenServices(status)) {
    problems.set(anchor, { state, where: what, owner: serviceOwnerWords[owner], evidence, ticket: anchor });
  }
  return mostUrgentFirst([...problems.values()]);
}

/** What is not up and is no circuit. */
function brokenBesides(status: Status): readonly { readonly state: PathState; readonly what: string }[] {
  return [...brokenPairs(status), ...brokenServices(status)];
}

/** Both directions between two sites are one, where they are in the same state. */
function brokenPairs({ globalReach }: Status): readonly { readonly state: PathState; readonly what: string }[] {
  const broken = globalReach.flatMap(({ name, pairs }) =>
    pairs.filter(({ state }) => state !== "up").map((pair) => ({ name, ...pair })),
  );
  const alike = Map.groupBy(broken, ({ name, state, fromSite, toSite }) =>
    [name, state, ...[fromSite, toSite].sort()].join(" "),
  );
  return [...alike.values()].flatMap(([one, other]) => {
    if (one === undefined) return [];
    const { state, fromSite, toSite } = one;
    const sites = other === undefined ? `from ${fromSite} to ${toSite}` : `between ${fromSite} and ${toSite}`;
    return [{ state, what: `Global Reach ${sites}` }];
  });
}

/** Without those that another failure explains: that one is told. */
function brokenServices(status: Status) {
  const services = status.services.map((one) => ({ ...one, what: `service ${one.name}`, section: "services" }));
  const dependencies = status.internetDependencies.map((one) => ({
    ...one,
    what: `internet dependency ${one.name}`,
    section: "internet-dependencies",
  }));
  return [...services, ...dependencies].flatMap(({ name, state, what, section, reasons }) => {
    const [reason] = reasons;
    if (state === "up" || reason === undefined || reason.cause === "circuitLost") return [];
    return [{ state, what, owner: reason.owner, evidence: reason.evidence, anchor: ticketId(section, name) }];
  });
}

const urgency: readonly PathState[] = ["down", "unknown", "degraded", "up"];

export function mostUrgentFirst<T extends { readonly state: PathState }>(all: readonly T[]): readonly T[] {
  return all.toSorted((a, b) => urgency.indexOf(a.state) - urgency.indexOf(b.state));
}

function pairsOf(
  globalReach: readonly GlobalReachStatus[],
): readonly { readonly pair: PairStatus; readonly between: string; readonly globalReach: string }[] {
  return globalReach.flatMap(({ name, pairs }) =>
    pairs.map((pair) => ({ pair, between: `${pair.fromSite} to ${pair.toSite}`, globalReach: name })),
  );
}

/** Id of an element: names come from the configuration, and may hold what an id may not. */
export function ticketId(...names: readonly (string | PeeringName | PathStatus["link"])[]): string {
  return ["ticket", ...names].join("-").replace(/[^A-Za-z0-9_-]/g, "_");
}
