// Which way packets take and how large they may be, as the configuration file says what to look for.

import { anySubnet } from "./any-subnet.ts";
import { flag, integer, keys, list, word } from "./keys.ts";
import * as s from "./scalars.ts";

/** `asProbed`: as the first probe of the path does. */
export const tracingTechniques = ["asProbed", "icmp", "udp"] as const;

const mtu = (is: string, absent?: string) =>
  integer({
    is,
    type: "a number of octets",
    examples: ["1500", "9000"],
    ...(absent === undefined ? {} : { absent }),
    minimum: 1_280,
    maximum: 9_216,
  });

const trace = (what: string) =>
  flag({
    is: `Trace ${what}, and look for its path MTU.`,
    type: "true or false",
    examples: ["true", "false"],
    absent: "`tracing.enabled`",
  }).optional();

/** Of a peering and of a Global Reach. */
export const tracedKeys = (what: string, absent: string) => ({
  trace: trace(what),
  mtu: mtu(`Octets of an IP packet that must get through ${what} whole.`, absent).optional(),
});

/** Of a link. */
export const linkMtu = mtu("Octets of an IP packet that must get over this link whole.", "`tracing.mtu`").optional();

export const tracing = keys(
  {
    enabled: flag({
      is: "Trace every path and pair that does not say otherwise.",
      type: "true or false",
      examples: ["true", "false"],
    }).default(true),
    technique: word(tracingTechniques, {
      is: "asProbed: as the first probe of the path. icmp: echo requests. udp: STAMP packets, to the probe's port or to 33434.",
      type: "a technique",
      examples: [...tracingTechniques],
    }).default("asProbed"),
    interval: s
      .duration({
        is: "Time between two traces of a path.",
        example: "5m",
        least: "5s",
        most: "1d",
      })
      .default("5m"),
    pause: s
      .duration({
        is: "A path that becomes degraded or down is traced at once, but not twice within this time.",
        example: "30s",
        least: "1s",
        most: "1h",
      })
      .default("30s"),
    mtu: mtu("Octets of an IP packet that must get through whole, where nothing else says so.").default(1_500),
    mtuInterval: s
      .duration({
        is: "Time between two searches for the MTU of a path.",
        example: "1h",
        least: "5s",
        most: "7d",
      })
      .default("1h"),
    packetRate: integer({
      is: "Packets per second that all traces and searches send together: routers limit how many they answer.",
      type: "a number of packets",
      examples: ["50"],
      minimum: 1,
      maximum: 1_000,
    }).default(50),
    ownPrefixes: list(
      anySubnet({
        is: "A public prefix of our own.",
        example: "203.0.113.0/24",
        everybody: "write the public prefixes that are your own",
      }),
      {
        is: "Public prefixes that our own network uses inside: a hop there is not on the internet.",
        examples: ["[203.0.113.0/24, 2001:db8:ff::/48]"],
        json: { maxItems: 256 },
      },
    ).optional(),
  },
  { is: "Traces (which way the packets of a path take) and the search for its path MTU." },
).prefault({});
