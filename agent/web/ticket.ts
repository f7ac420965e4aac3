// The text that goes into a ticket with the provider or Microsoft: everything they ask for, in plain
// lines. Times are UTC, and nothing that a device said can begin a line of its own.

import { addressIn, formatSubnet, parseAddress, subnetOf } from "../estate/address.ts";
import { visible } from "./html.ts";
import { linkWords } from "./link-words.ts";
import { windowLines } from "./probe-words.ts";
import { flapWords } from "./session-status.ts";
import type { CircuitStatus, GlobalReachStatus, PairStatus, PathStatus, PeeringStatus, Status } from "./status.ts";
import { tracedLines } from "./trace-words.ts";
import {
  bitRate,
  causeWords,
  delayWords,
  interfaceWords,
  lossWords,
  sessionWords,
  span,
  ticketOwnerWords,
} from "./words.ts";

type Line = readonly [label: string, value: string];

export function pathTicket(status: Status, circuit: CircuitStatus, peering: PeeringStatus, path: PathStatus): string {
  const other = peering.paths.find(({ link }) => link !== path.link);
  return text(`ExpressRoute ${circuit.name}, ${peering.name}, ${path.link} link: ${path.state}`, [
    ...moments(status, path),
    ["Circuit", `${circuit.name} (${circuit.sku}, ${circuit.connectivityModel}, ${bitRate(circuit.bandwidth)})`],
    ["Service key", circuit.serviceKey],
    ["Provider", `${circuit.provider}, ${circuit.peeringLocation}`],
    ["Peering", `${peering.name}, VLAN ${path.vlan}`],
    ["Redundancy", `${peering.redundancy} since ${peering.since}`],
    ["Our router", `${path.router}, interface ${path.interface}: ${interfaceWords(path.interfaceStatus)}`],
    ["Far end", farEnd(path)],
    ["BGP session", session(path)],
    ...linkWords(path),
    ...measured(path),
    ...(other === undefined ? [] : [["Other link", `${other.link}: ${other.state} since ${other.since}`] as const]),
    ...reasons(path),
    ...tracedLines(path.traced),
  ]);
}

export function pairTicket(status: Status, globalReach: GlobalReachStatus, pair: PairStatus): string {
  const keys = globalReach.circuits.map((name) => {
    const circuit = status.circuits.find((c) => c.name === name);
    return ["Circuit", `${name}, service key ${circuit?.serviceKey ?? "not known"}`] as const;
  });
  return text(`ExpressRoute Global Reach ${globalReach.name}, ${pair.fromSite} to ${pair.toSite}: ${pair.state}`, [
    ...moments(status, pair),
    ...keys,
    ...measured(pair),
    ...reasons(pair),
    ...tracedLines(pair.traced),
  ]);
}

function moments(status: Status, { state, since }: PathStatus | PairStatus): readonly Line[] {
  const simulated: readonly Line[] = status.simulated ? [["SIMULATED", "no real circuit; not for a ticket"]] : [];
  const judgedAt = Date.parse(status.at);
  return [
    ...simulated,
    ["State", `${state} since ${since} (${span(since, judgedAt)})`],
    ["As of", `${status.at} (UTC)`],
  ];
}

function farEnd(path: PathStatus): string {
  const far = path.msee === null ? `provider edge ${path.remoteAddress}` : `MSEE ${path.msee}`;
  return `${far}, AS ${path.remoteAsn}${path.msee === null ? "" : subnetAround(path.msee)}`;
}

/** Both ends of a path share a /30 or /126, of which the MSEE has the second usable address. */
function subnetAround(msee: string): string {
  const address = parseAddress(msee);
  if (address === undefined) return "";
  const subnet = subnetOf(address, address.family === 4 ? 30 : 126);
  return addressIn(subnet, 2).value === address.value ? `, subnet ${formatSubnet(subnet)}` : "";
}

function session({ session: seen, localAddress, remoteAddress }: PathStatus): string {
  const ends = localAddress === null ? remoteAddress : `${localAddress} to ${remoteAddress}`;
  const error = seen.lastError === null || seen.state === "established" ? "" : `, last error ${seen.lastError}`;
  const flaps = flapWords(seen.drops);
  const dropped = flaps === undefined ? "" : `, ${flaps}`;
  // No MIB that is read tells whether a key is set, so it is asked for where it may be why.
  const key = seen.state === "established" ? "" : "; MD5 key: not told by the router";
  return `${ends}: ${sessionWords(seen)}${error}${dropped}${key}`;
}

function measured(of: PathStatus | PairStatus): readonly Line[] {
  return [["Loss", lossWords(of)], ["Round trip", delayWords(of)], ...windowLines(of.probing)];
}

function reasons({ reasons, notCovered }: PathStatus | PairStatus): readonly Line[] {
  const first = reasons[0];
  return [
    ...(first === undefined ? [] : ([["Fault with", ticketOwnerWords[first.owner]]] as const)),
    ...reasons.map(({ cause, evidence, lastSeen }) => {
      const held = lastSeen === null ? "" : ` (last seen ${lastSeen})`;
      return ["Evidence", `${causeWords[cause]}: ${evidence}${held}`] as const;
    }),
    ...notCovered.map((what) => ["Not covered", what] as const),
  ];
}

function text(title: string, lines: readonly Line[]): string {
  return [title, ...lines.map(([label, value]) => `${(label === "" ? "" : `${label}: `).padEnd(13)}${value}`)]
    .map(oneLine)
    .join("\n");
}

function oneLine(line: string): string {
  return visible(line.replace(/[\r\n\t]+/g, " "));
}
