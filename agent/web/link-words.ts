// What the router tells of a link beyond its interface and session, in lines for people: none where it tells nothing.

import { type OpticalQuantity, opticalQuantities } from "../estate/link-observation.ts";
import { formatDuration, seconds } from "../lib/duration.ts";
import type { LinkStatus } from "./link-status.ts";
import { routerProbeWords } from "./router-probe-status.ts";
import { ms } from "./words.ts";

type Line = readonly [label: string, words: string];

interface Told {
  readonly remoteAddress: string;
  readonly evidence: LinkStatus;
}

export function linkWords({ remoteAddress, evidence }: Told): readonly Line[] {
  const { bfd, neighbor, optics, prefixes, routerProbes } = evidence;
  const lines: Line[] = [];
  if (bfd !== null) lines.push(["BFD", bfdWords(bfd)]);
  if (neighbor !== null) {
    const words = neighbor.mac === null ? neighbor.state : `${neighbor.state}, ${neighbor.mac}`;
    lines.push([remoteAddress.includes(":") ? "ND" : "ARP", words]);
  }
  if (optics !== null && optics.length > 0) lines.push(["Optics", opticsWords(optics)]);
  if (prefixes !== null && prefixes.length > 0) lines.push(["Prefixes", prefixes.map(familyWords).join("; ")]);
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

function familyWords({ family, ...counts }: NonNullable<LinkStatus["prefixes"]>[number]): string {
  const told = Object.entries(counts).filter(([, count]) => count !== null);
  return `${family} ${told.map(([what, count]) => `${count} ${what}`).join(", ")}`;
}
