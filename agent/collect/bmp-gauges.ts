// Counts of routes that a router keeps itself, from its Statistics Reports (RFC 7854 section 4.8, types 7 to 10): they speak
// where its routes are not told, or cannot be counted.

import type { PrefixFamily } from "../estate/link-observation.ts";
import type { Instant } from "../lib/clock.ts";
import { afiIpv4, afiIpv6, safiUnicast } from "../wire/bgp/update.ts";
import type { Statistic } from "../wire/bmp/message.ts";

export interface Gauge {
  readonly count: number;
  /** When the report arrived. */
  readonly at: Instant;
}

export type GaugedRib = "adjRibIn" | "locRib";

export interface Gauges {
  /** `only`: the family of a count that is said of all together; undefined where there may be several. */
  take(statistics: readonly Statistic[], only: PrefixFamily | undefined, at: Instant): void;
  /** Undefined until a count above zero came: some routers send zero for what they do not count. */
  of(rib: GaugedRib, family: PrefixFamily): Gauge | undefined;
  clear(): void;
}

const types: Readonly<Record<number, { readonly rib: GaugedRib; readonly byFamily: boolean }>> = {
  7: { rib: "adjRibIn", byFamily: false },
  8: { rib: "locRib", byFamily: false },
  9: { rib: "adjRibIn", byFamily: true },
  10: { rib: "locRib", byFamily: true },
};

export function createGauges(): Gauges {
  const kept = new Map<string, Gauge>();
  return {
    take(statistics, only, at) {
      const byFamily = statistics.some(({ type }) => types[type]?.byFamily);
      for (const { type, afi, safi, value } of statistics) {
        const known = types[type];
        if (known === undefined || value === undefined || known.byFamily !== byFamily) continue;
        const family = known.byFamily ? familyOf(afi, safi) : only;
        if (family === undefined) continue;
        const key = `${known.rib} ${family}`;
        if (value > 0 || kept.has(key)) kept.set(key, { count: value, at });
      }
    },
    of: (rib, family) => kept.get(`${rib} ${family}`),
    clear: () => kept.clear(),
  };
}

function familyOf(afi: number, safi: number): PrefixFamily | undefined {
  if (safi !== safiUnicast) return undefined;
  return afi === afiIpv4 ? "ipv4" : afi === afiIpv6 ? "ipv6" : undefined;
}
