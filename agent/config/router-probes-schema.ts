// The probes that routers send themselves, as the configuration file names them.

import { integer, keys, list } from "./keys.ts";
import * as s from "./scalars.ts";

const routerProbe = keys(
  {
    index: integer({
      is: "Number of an IP SLA operation (CISCO-RTTMON-MIB).",
      type: "a number of an operation",
      examples: ["10"],
      minimum: 1,
      maximum: 2_147_483_647,
    }).optional(),
    tag: s
      .words({ is: "Tag of an IP SLA operation or of an NQA test, or description of a ping test.", example: "azure" })
      .optional(),
    owner: s
      .words({ is: "Owner of an RPM, NQA or DISMAN-PING-MIB test: of RPM, the name of the probe.", example: "azure" })
      .optional(),
    test: s.words({ is: "Name of the test; only with owner.", example: "primary" }).optional(),
  },
  {
    is: "A probe of the router: by its index, by its tag, or by owner and test.",
    examples: ["{ index: 10 }", "{ tag: azure }", "{ owner: azure, test: primary }"],
  },
);

const routerProbeList = (which: string) =>
  list(routerProbe, {
    is: `Probes of the ${which} link's router that measure this path. When absent: those to the far end of its BGP session, and those from its near end. An empty list: none.`,
    examples: ["[{ index: 10 }]"],
    json: { maxItems: 8 },
  }).optional();

export const routerProbes = keys(
  { primary: routerProbeList("primary"), secondary: routerProbeList("secondary") },
  {
    is: "Probes that the routers send themselves and tell of by SNMP (IP SLA, RPM, DISMAN-PING-MIB, NQA). They outrank the agent's own.",
  },
);
