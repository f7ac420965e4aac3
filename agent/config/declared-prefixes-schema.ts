// Which prefixes are to come and go over a peering, as the configuration file says it.

import { pathUses } from "../estate/declared.ts";
import { anySubnet } from "./any-subnet.ts";
import { keys, list, word } from "./keys.ts";

const prefixes = (is: string, one: string, example: string) =>
  list(anySubnet({ is: one, example }), {
    is,
    examples: [`[${example}]`],
    json: { maxItems: 256 },
  }).optional();

export const declaredPrefixes = keys(
  {
    received: prefixes(
      "Prefixes that Microsoft announces to us over each path of the peering, such as the address spaces of virtual networks, written as they are announced. One that a link lacks while the other has it degrades the path. The ways to the first 64 of a router are asked for by SNMP.",
      "A prefix that Microsoft announces.",
      "10.60.0.0/16",
    ),
    advertised: prefixes(
      "Prefixes that our routers announce over each path of the peering, such as those of the site, or 0.0.0.0/0. Seen where a router tells Adj-RIB-Out by BMP (RFC 8671).",
      "A prefix that our routers announce.",
      "10.10.0.0/16",
    ),
    use: word(pathUses, {
      is: "activeActive: each router is to send over its own link. activePassive: the secondary link only stands by, and may be idle.",
      type: "a use of the paths",
      examples: [...pathUses],
      absent: "`activeActive`",
    }).optional(),
  },
  { is: "Prefixes that are declared of the peering: what is announced, and which way is taken, is held against them." },
);
