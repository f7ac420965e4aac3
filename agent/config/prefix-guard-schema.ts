// When the count of prefixes that a router announces to Microsoft is worth a word, as the configuration file says it.

import { keys } from "./keys.ts";
import * as s from "./scalars.ts";

export const prefixGuard = keys(
  {
    note: s
      .percentage({ is: "From this much of Microsoft's limit on it is noted, without a page.", example: "80%" })
      .default("80%"),
    raise: s
      .percentage({ is: "From this much of Microsoft's limit on the path is degraded; at least note.", example: "90%" })
      .default("90%"),
  },
  {
    is: "Prefixes that a router announces over a path, against Microsoft's limit for its peering and SKU: above the limit Microsoft drops the session.",
  },
).prefault({});
