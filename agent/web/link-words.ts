// What the router tells of a link beyond its interface and session, in lines for people: none where it tells nothing.

import type { Exit } from "../estate/best-path.ts";
import { type OpticalQuantity, opticalQuantities } from "../estate/link-observation.ts";
import { formatDuration, seconds } from "../lib/duration.ts";
import { type CommunityStatus, communityWords } from "./community-status.ts";
import type { LinkStatus } from "./link-status.ts";
import { routerProbeWords } from "./router-probe-status.ts";
import { ms } from "./words.ts";

type Line = readonly [label: string, words: string];

interface Told {
  readonly remoteAddress: string;
  readonly evidence: LinkStatus;
  readonly communities: readonly CommunityStatus[];
}

export function linkWords({ remoteAddress, evidence, communities }: Told): readonly Line[] {
  const { bfd, neighbor, optics, prefixes, bestPaths, routerProbes } = evidence;
  const lines: Line[] = [];
  if (bfd !== null) lines.push(["BFD", bfdWords(bfd)]);
  if (neighbor !== null) {
    const words = neighbor.mac === null ? neighbor.state : `${neighbor.state}, ${neighbor.mac}`;
    lines.push([remoteAddress.includes(":") ? "ND" : "ARP", words]);
  }
  if (optics !== null && optics.length > 0) lines.push(["Optics", opticsWords(optics)]);
  if (prefixes !== null && prefixes.length > 0) lines.push(["Prefixes", prefixes.map(familyWords).join("; ")]);
  const announced = communityWords(communities);
  if (announced !== undefined) lines.push(["Announced", announced]);
  if (bestPaths !== null && bestPaths.ways.length > 0) lines.push(["Best path", bestPathWords(bestPaths)]);
  for (const probe of routerProbes ?? []) lines.push(["Router probe", routerProbeWords(probe)]);
  return lines;
}

function bfdWords({
  state,
  diagnostic,
  detectionTime,
  interval,
  multiplier,
  upSeconds,
}: NonNullable<LinkStatus["bfd"]>): string {
  if (state === "absent") return "none on the router";
  const lasting = upSeconds === null ? "" : ` for ${formatDuration(seconds(upSeconds))}`;
  const why = state === "up" || diagnostic === null || diagnostic === "noDiagnostic" ? "" : `, ${diagnostic}`;
  const product = interval === null || multiplier === null ? "" : ` (${ms(interval)} x ${multiplier})`;
  return `${state}${lasting}${why}${detectionTime === null ? "" : `, detects in ${ms(detectionTime)}${product}`}`;
}

const quantityWords: Readonly<Record<OpticalQuantity, readonly [words: string, unit: string, factor: number]>> = {
  receivePower: ["receive", "dBm", 1],
  transmitPower: ["transmit", "dBm", 1],
  biasCurrent: ["bias", "mA", 1_000],
  temperature: ["", "°C", 1],
};

/** `receive -3.1 dBm, transmit -2.2 dBm`; the lanes of a quantity beside each other. */
function opticsWords(readings: NonNullable<LinkStatus["optics"]>): string {
  return opticalQuantities
    .flatMap((quantity) => {
      const values = readings.filter((reading) => reading.quantity === quantity).map(({ value }) => value);
      const [words, unit, factor] = quantityWords[quantity];
      const shown = values.map((value) => (value === null ? "–" : (value * factor).toFixed(1)));
      return shown.length === 0 ? [] : [`${words} ${shown.join(" / ")} ${unit}`.trim()];
    })
    .join(", ");
}

const countWords = ["received", "accepted", "active", "advertised"] as const;

/** `ipv4 12 received, 9 accepted (counted by the router 20s ago)`; who counted is said where it is neither a poll nor the routes. */
function familyWords(counts: NonNullable<LinkStatus["prefixes"]>[number]): string {
  const told = countWords.filter((what) => counts[what] !== null).map((what) => `${counts[what]} ${what}`);
  const { family, receivedBy, receivedAge } = counts;
  const by = receivedBy === "bmpGauge" ? ` (received: counted by the router ${ago(receivedAge ?? 0)})` : "";
  return `${family} ${told.join(", ")}${by}`;
}

const exitWords: Readonly<Record<Exit, string>> = {
  own: "over this link",
  otherLink: "over the other link",
  otherCircuit: "over another circuit",
  elsewhere: "elsewhere",
  none: "no route",
};

/** `10.60.0.0/16 over this link (172.16.0.2); by snmp 3s ago`, at most as many as people read. */
function bestPathWords({ source, age, ways }: NonNullable<LinkStatus["bestPaths"]>): string {
  const some = ways.slice(0, mostWays).map(({ prefix, matched, exit, nextHop }) => {
    const by = matched === null || matched === prefix ? "" : ` by ${matched}`;
    return `${prefix} ${exitWords[exit]}${by}${nextHop === null ? "" : ` (${nextHop})`}`;
  });
  const more = ways.length > mostWays ? `, and ${ways.length - mostWays} more` : "";
  return `${some.join(", ")}${more}; by ${source} ${ago(age)}`;
}

const mostWays = 8;

function ago(age: number): string {
  return `${age < 1 ? "under 1s" : formatDuration(seconds(Math.floor(age)))} ago`;
}
