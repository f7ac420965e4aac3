// The next hops of this host as streams of probes: they tell whether the agent's own way out works.

import type { ProbeTarget } from "../estate/estate.ts";
import { type Gateway, gatewayName } from "../estate/host-observation.ts";
import { type SubjectKey, subject } from "../estate/observation.ts";
import { milliseconds, seconds } from "../lib/duration.ts";

/** Often enough that its silence is noticed before a path is called down for its own. */
const interval = milliseconds(250);
const timeout = seconds(1);

export function gatewayStreams(
  gateways: readonly Gateway[],
): readonly { readonly of: SubjectKey; readonly index: number; readonly target: ProbeTarget }[] {
  return gateways.map((gateway) => ({
    of: subject.gateway(gatewayName(gateway)),
    index: 0,
    target: {
      technique: "icmp",
      address: gateway.address,
      port: 0,
      source: undefined,
      interval,
      timeout,
      ...(gateway.interface === undefined ? {} : { interface: gateway.interface }),
    },
  }));
}
