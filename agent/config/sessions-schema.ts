// When a BGP session that is up is not as it should be, as the configuration file says it.

import { integer, keys } from "./keys.ts";
import * as s from "./scalars.ts";

const flappingDefaults = { drops: 3, within: "10m", quiet: "15m" } as const;

const flapping = keys(
  {
    drops: integer({
      is: "So many drops within `within`, of the session or of its interface, and the path is degraded: one incident, however many more there are.",
      type: "a number of drops",
      examples: ["3"],
      minimum: 2,
      maximum: 100,
    }).default(flappingDefaults.drops),
    within: s
      .duration({ is: "The time in which drops are counted.", example: "10m", least: "10s", most: "1h" })
      .default(flappingDefaults.within),
    quiet: s
      .duration({ is: "It ends after so long without a drop.", example: "15m", least: "10s", most: "6h" })
      .default(flappingDefaults.quiet),
  },
  { is: "When a session or an interface that comes and goes is flapping." },
).prefault({});

export const sessions = keys(
  {
    slowestDetection: s
      .duration({
        is: "A path without BFD whose hold time is longer than this is a finding: its failures are seen late. 180s accepts ExpressRoute's own hold time.",
        example: "30s",
        least: "3s",
        most: "1h",
      })
      .default("30s"),
    flapping,
  },
  { is: "What is expected of the BGP sessions." },
).prefault({});
