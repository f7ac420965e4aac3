// The story that repeats: a table of chapters, each in force for a while, each with what it breaks.
// Chapters with nothing broken are as long as conditions need to clear (hysteresis and `keepFiringFor`),
// so that every failure stands alone on the page.

import type { Duration } from "../lib/duration.ts";
import { seconds } from "../lib/duration.ts";
import {
  bgpTableMissing,
  carrierLost,
  drained,
  type Effect,
  endpointFails,
  globalReachDegraded,
  healthy,
  type Network,
  packetsLost,
  prefixesLeaked,
  probesStopped,
  serviceWithheld,
  sessionClosed,
  sessionsClosed,
  slower,
  snmpSilent,
} from "./network.ts";

export interface Chapter {
  /** Seconds from the start of the story. */
  readonly at: number;
  readonly duration: number;
  readonly title: string;
  readonly effects: readonly Effect[];
}

/** Cease (RFC 4486): Administrative Shutdown and Administrative Reset. */
const administrativeShutdown = [6, 2] as const;
const administrativeReset = [6, 4] as const;

const quietTitle = "All well: every path is up and carries its share";

/** One row of the story: seconds, what a person would say of it, what is broken. Rows follow each other. */
const rows: readonly (readonly [duration: number, title: string, ...effects: Effect[]])[] = [
  [40, quietTitle],
  [
    45,
    "Link failure: the primary link of ams-1 lost its carrier; both peerings on it are down, traffic moved to the secondary",
    carrierLost("ams-1", "primary"),
  ],
  [35, "Recovery: the primary link of ams-1 has its carrier back, its BGP sessions return"],
  [
    2,
    "BGP reset: Microsoft reset the session on the secondary link of fra-2 (Cease 06 04)",
    sessionClosed("fra-2", "azurePrivate", "secondary", administrativeReset),
  ],
  [33, "BGP reset: the session on the secondary link of fra-2 comes back by itself within seconds"],
  [
    45,
    "Silent loss: 12 % of packets on the secondary link of fra-1 vanish; link and BGP stay up",
    packetsLost("fra-1", "azurePrivate", "secondary", 0.12),
  ],
  [35, "Recovery: the secondary link of fra-1 loses nothing any more"],
  [
    35,
    "Silent blackhole: nothing gets through the primary link of sin-1; link and BGP with the provider edge stay up",
    packetsLost("sin-1", "azurePrivate", "primary", 1),
  ],
  [35, "Recovery: the primary link of sin-1 forwards again"],
  [
    40,
    "Latency step: the round trip over the primary link of fra-1 takes 60 ms more; nothing is lost",
    slower("fra-1", "azurePrivate", "primary", 60),
  ],
  [35, "Recovery: the round trip over the primary link of fra-1 is back to normal"],
  [
    15,
    "Drain: Microsoft maintenance prepends 12076 eight times on the secondary link of ams-1; traffic leaves it, its sessions stay up",
    drained("ams-1", "secondary"),
  ],
  [
    30,
    "Drain: Microsoft closed the sessions on the secondary link of ams-1 (Cease/Administrative Shutdown 06 02)",
    drained("ams-1", "secondary"),
    sessionsClosed("ams-1", "secondary", administrativeShutdown),
  ],
  [
    10,
    "Drain: the sessions on the secondary link of ams-1 return; traffic is still on the primary",
    drained("ams-1", "secondary"),
  ],
  [35, "Recovery: maintenance is over, traffic uses both links of ams-1 again"],
  [
    25,
    "Prefix leak: ams-ce1 announces 187 of the 200 prefixes that Microsoft takes on the primary microsoft path of ams-1; more would drop it",
    prefixesLeaked("ams-1", "microsoft", "primary"),
  ],
  [35, "Recovery: the filter of ams-ce1 is back, it announces 24 prefixes again"],
  [
    // Half a minute of it is the time for which a service that is gone is waited for.
    50,
    "Service withdrawn: Microsoft announces Exchange Online no more over the secondary link of ams-1; the session and all else stay",
    serviceWithheld("ams-1", "microsoft", "secondary", "exchangeOnline"),
  ],
  [35, "Recovery: Exchange Online is announced over both links of ams-1 again"],
  [
    40,
    "Global Reach: the way between ams and sin takes 90 ms more and loses 8 %; both circuits are well",
    globalReachDegraded("ams-sin", { loss: 0.08, extraDelay: 90 }),
  ],
  [35, "Recovery: Global Reach between ams and sin is back to normal"],
  [
    20,
    "Monitoring gap: the SNMP agent of sin-ce2 does not answer; the router itself forwards as ever",
    snmpSilent("sin-ce2"),
  ],
  [
    13,
    "Monitoring gap: the SNMP agent of sin-ce2 restarted and answers, but has no BGP table yet",
    bgpTableMissing("sin-ce2"),
  ],
  [37, quietTitle],
  [
    20,
    "Monitoring gap: somebody stopped the probes that ams-ce1 sends itself; its paths are well, and judged by the agent's own probes",
    probesStopped("ams-ce1"),
  ],
  [30, quietTitle],
  [
    30,
    "Service failure: orders, behind ams-1, answers with status 503; the circuit is well and nobody blames it",
    endpointFails("orders", "failing"),
  ],
  [30, "Recovery: orders answers as it should"],
  [
    25,
    "Internet dependency: the revocation server takes requests and never answers; no circuit is blamed",
    endpointFails("revocation", "silent"),
  ],
  [35, quietTitle],
];

export const story: readonly Chapter[] = rows.map(([duration, title, ...effects], i) => ({
  at: rows.slice(0, i).reduce((sum, [d]) => sum + d, 0),
  duration,
  title,
  effects,
}));

export const storyLength: Duration = seconds(story.reduce((sum, c) => sum + c.duration, 0));

export interface Moment {
  readonly chapter: Chapter;
  readonly next: Chapter;
  /** Until `next` begins. */
  readonly remaining: Duration;
}

/** Where the story stands, so long after it first began; it repeats for ever. */
export function momentAt(sinceStart: Duration): Moment {
  const into = Math.max(0, sinceStart) % storyLength;
  let index = story.findIndex((c) => into < (c.at + c.duration) * 1_000);
  if (index < 0) index = story.length - 1;
  const chapter = story[index];
  const next = story[(index + 1) % story.length];
  if (chapter === undefined || next === undefined) throw new Error("the story has no chapters");
  return { chapter, next, remaining: ((chapter.at + chapter.duration) * 1_000 - into) as Duration };
}

export function networkIn(chapter: Chapter): Network {
  return chapter.effects.reduce((network, effect) => effect(network), healthy);
}

/** What the story does now, in plain words for the page. */
export function tell(sinceStart: Duration): string {
  const { chapter, next, remaining } = momentAt(sinceStart);
  const headline = next.title.split(":")[0] ?? next.title;
  return `${chapter.title} (${Math.ceil(remaining / 1_000)} s to the next: ${headline.toLowerCase()})`;
}
