// How the agent checks itself, as the configuration file says it.

import { keys, list } from "./keys.ts";
import * as s from "./scalars.ts";

export const selfCheck = keys(
  {
    gateways: list(s.address({ is: "A next hop of this host.", example: "192.0.2.1" }), {
      is: "Next hops to ping, so that the agent knows whether its own way out works. When absent: the default gateway and the next hops to routers and targets, as the kernel's routes name them (Linux). An empty list: none.",
      examples: ["[192.0.2.1]"],
      json: { maxItems: 8 },
    }).optional(),
    starvedAfter: s
      .duration({
        is: "An agent that does not get to run for this long was starved by its host: what it lost meanwhile is no evidence.",
        example: "2s",
        least: "500ms",
        most: "1m",
      })
      .default("2s"),
  },
  { is: "How the agent knows whether it is itself the problem." },
);
