import { peeringNames } from "../../estate/estate.ts";
import { parseDuration } from "../../lib/duration.ts";
import { type ConfigurationDraft, present, type Rule } from "./rule.ts";

/** Packets of a usual trace: a few hops, some of which are asked again. */
const packetsOfATrace = 10;

const byDefault = ({ tracing }: ConfigurationDraft) => tracing?.enabled ?? true;

export const tracesFitTheRate: Rule = ({ draft, report }) => {
  const interval = parseDuration(draft.tracing?.interval ?? "5m");
  const rate = draft.tracing?.packetRate ?? 50;
  if (interval === undefined) return;
  const paths = present(draft.circuits).flatMap(([, { peerings }]) =>
    peeringNames.flatMap((peering) => peerings?.[peering] ?? []),
  );
  const traced = 2 * paths.filter(({ trace }) => trace ?? byDefault(draft)).length;
  const needed = Math.ceil((traced * packetsOfATrace) / (interval / 1_000));
  if (needed <= rate) return;
  const problem = `${traced} paths traced every ${draft.tracing?.interval ?? "5m"} take some ${needed} packets per second, and ${rate} may be sent`;
  report(["tracing", "interval"], problem, "write a longer interval, or a higher packetRate");
};

export const tracedPathsHaveATarget: Rule = ({ draft, report }) => {
  for (const [name, { connectivityModel, peerings }] of present(draft.circuits)) {
    if (connectivityModel !== "anyToAny") continue;
    for (const peering of peeringNames) {
      const { trace, probes } = peerings?.[peering] ?? {};
      const probed = (probes?.primary?.length ?? 0) > 0 && (probes?.secondary?.length ?? 0) > 0;
      if (trace !== true || probed) continue;
      const fix = "add a probe to each of its paths, or remove trace";
      report(["circuits", name, "peerings", peering, "trace"], "with anyToAny there is no MSEE to trace", fix);
    }
  }
};
