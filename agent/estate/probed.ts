import { oncePer } from "../lib/once-per.ts";
import { type Estate, type ProbeTarget, pairsOf, pathsOf, type Thresholds } from "./estate.ts";
import { type SubjectKey, subject } from "./observation.ts";
import type { ServiceCheck } from "./service.ts";

/** A path or a Global Reach pair, as far as its probes go. */
export interface Probed {
  readonly of: SubjectKey;
  readonly probes: readonly ProbeTarget[];
  readonly thresholds: Thresholds;
}

/** Worked out once: an estate does not change, and it is asked for at every judgement. */
const known = new WeakMap<Estate, readonly Probed[]>();

/** All that the estate probes: its paths, then its pairs. */
export function probedOf(estate: Estate): readonly Probed[] {
  const probed = known.get(estate) ?? allOf(estate);
  known.set(estate, probed);
  return probed;
}

function allOf(estate: Estate): readonly Probed[] {
  return [
    ...pathsOf(estate).map((path) => ({ of: subject.path(path), probes: path.probes, thresholds: path.thresholds })),
    ...pairsOf(estate).map((pair) => ({ of: subject.pair(pair), probes: pair.probes, thresholds: pair.thresholds })),
  ];
}

/** All checks of the estate: its services', then its internet dependencies'. `index` is the place in the list of one. */
export function checksOf({ services, internetDependencies }: Estate) {
  return [...services, ...internetDependencies].flatMap((watched) =>
    watched.checks.map((check: ServiceCheck, index) => ({ of: subject.watched(watched), index, check })),
  );
}

/**
 * `stamp probes to 203.0.113.10 (DSCP 46, 200 octets, DF)`: what tells a stream from others to the same target. Worked out
 * once for each: every judgement names it.
 */
export const describeProbe = oncePer((target: ProbeTarget): string => {
  const { technique, address, dscp = 0, size, dontFragment, source, interface: name } = target;
  const marks = [
    ...(dscp === 0 ? [] : [`DSCP ${dscp}`]),
    ...(size === undefined ? [] : [`${size} octets`]),
    ...(dontFragment === true ? ["DF"] : []),
    ...(source === undefined ? [] : [`from ${source}`]),
    ...(name === undefined ? [] : [`on ${name}`]),
  ];
  return `${technique} probes to ${address}${marks.length === 0 ? "" : ` (${marks.join(", ")})`}`;
});
