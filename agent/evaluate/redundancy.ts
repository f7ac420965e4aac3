import type { Circuit, PeeringName } from "../estate/estate.ts";
import type { PathVerdict, Redundancy, RedundancyVerdict } from "../estate/judgement.ts";
import type { Instant } from "../lib/clock.ts";

/** What is left of the pair. A degraded path still carries traffic; an unknown one proves nothing. */
export function redundancyOf(
  circuit: Circuit,
  peering: PeeringName,
  paths: readonly PathVerdict[],
  was: RedundancyVerdict | undefined,
  now: Instant,
): RedundancyVerdict {
  const redundancy = combine(paths, was);
  const since = was?.redundancy === redundancy ? was.since : now;
  return { circuit, peering, redundancy, since, reason: explain(paths) };
}

function combine(paths: readonly PathVerdict[], was: RedundancyVerdict | undefined): Redundancy {
  const down = paths.filter(({ state }) => state === "down").length;
  if (down === paths.length) return "lost";
  // A path that comes and goes is none to rely on; and what it does must not begin and end an incident each time.
  const out = paths.filter((path) => path.state === "down" || isFlapping(path)).length;
  if (out === paths.length && was?.redundancy === "lost") return "lost";
  // One is proven down: whatever the other is, the pair is no longer redundant.
  if (out > 0) return "reduced";
  return paths.some(({ state }) => state === "unknown") ? "unknown" : "redundant";
}

function isFlapping({ conditions }: PathVerdict): boolean {
  return conditions.some(({ check, state }) => check === "flapping" && state === "firing");
}

function explain(paths: readonly PathVerdict[]): string {
  return paths
    .filter((path) => path.state === "down" || path.state === "unknown" || isFlapping(path))
    .map(({ path, state, reasons }) => `${path.link} ${state}: ${reasons[0]?.evidence ?? "no reason known"}`)
    .join("; ");
}
