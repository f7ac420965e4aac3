// What stands beside a walk as NAME.expected.json, and how what was found differs from it.

import { formatAddress, parseAddress } from "../../agent/estate/address.ts";
import type { VarBind } from "../../agent/wire/snmp/value.ts";
import type { AskedNeighbor, Found, FoundPeer } from "./poll.ts";

/** Counts as the MIB gives them: `advertised` is cumulative where there is a `withdrawn`. */
export interface ExpectedPrefixes {
  readonly afi: number;
  readonly safi: number;
  readonly received?: number;
  readonly accepted?: number;
  readonly active?: number;
  readonly rejected?: number;
  readonly denied?: number;
  readonly advertised?: number;
  readonly withdrawn?: number;
}

export interface ExpectedPeer {
  readonly remoteAddress: string;
  readonly remoteAs: number | null;
  readonly state: string;
  readonly adminStatus: "start" | "stop" | null;
  readonly mib: string;
  readonly description?: string;
  readonly establishedSeconds?: number;
  readonly instance?: string | number;
  readonly prefixes?: readonly ExpectedPrefixes[];
}

export interface Expected {
  readonly interfaces: number;
  readonly bgpPeers: readonly ExpectedPeer[];
}

export interface Comparison {
  /** `interfaces 3/3, sessions 2/2 (1 established), prefixes 2/2, optics 4/4 (2 of interfaces), bfd 0/0, neighbours 5/5`: found/expected. */
  readonly counts: string;
  readonly differences: readonly string[];
}

/** What the walk's own lines say, where the expectation has nothing. */
export interface FromWalk {
  readonly optics: number;
  readonly bfd: number;
  readonly neighbors: number;
}

export function compare(found: Found, expected: Expected, walk: FromWalk): Comparison {
  const differences: string[] = [];
  const differ = (what: string, is: unknown, should: unknown) => {
    if (is !== should) differences.push(`${what} is ${is}, not ${should}`);
  };
  const powers = found.optics.filter(({ quantity }) => /power$/i.test(quantity)).length;
  const neighbors = found.neighbors.filter(({ state }) => state === "present").length;
  differ("number of interfaces", found.interfaces, expected.interfaces);
  differ("number of optical powers", powers, walk.optics);
  differ("number of BFD sessions", found.bfd.length, walk.bfd);
  differ("number of neighbours", neighbors, walk.neighbors);
  const left = [...found.peers];
  for (const peer of expected.bgpPeers) {
    const address = canonical(peer.remoteAddress);
    // One address may be a peer in several VRFs, and in several address families.
    const here = left.filter(({ row }) => row.remoteAddress === address);
    const best =
      here.find((one) => peerDifferences(one, peer).length === 0) ??
      here.find(({ row }) => row.vrf === peer.instance) ??
      here[0];
    if (best === undefined) {
      differences.push(`session ${peer.remoteAddress} was not found`);
      continue;
    }
    left.splice(left.indexOf(best), 1);
    differences.push(...peerDifferences(best, peer));
  }
  for (const { row } of left) differences.push(`session ${row.remoteAddress} is not expected`);
  const families = (peers: readonly { readonly prefixes?: readonly unknown[] }[]) =>
    peers.reduce((sum, { prefixes }) => sum + (prefixes?.length ?? 0), 0);
  const established = found.peers.filter(({ row }) => row.state === "established").length;
  const counts = [
    `interfaces ${found.interfaces}/${expected.interfaces}`,
    `sessions ${found.peers.length}/${expected.bgpPeers.length} (${established} established)`,
    `prefixes ${families(found.peers)}/${families(expected.bgpPeers)}`,
    `optics ${powers}/${walk.optics} (${found.opticsOfInterfaces} of interfaces)`,
    `bfd ${found.bfd.length}/${walk.bfd}`,
    `neighbours ${neighbors}/${walk.neighbors}`,
  ].join(", ");
  return { counts, differences };
}

const canonical = (address: string) => {
  const parsed = parseAddress(address);
  return parsed === undefined ? address : formatAddress(parsed);
};

/** A key that the expectation leaves out was not in the walk, or is not told by this table. */
function peerDifferences({ mib, row, prefixes }: FoundPeer, expected: ExpectedPeer): readonly string[] {
  const admin = { up: "start", down: "stop", none: null } as const;
  const pairs: (readonly [what: string, is: unknown, should: unknown])[] = [
    ["MIB", mib, expected.mib],
    ["remote AS", row.remoteAsn ?? null, expected.remoteAs],
    ["state", row.state, expected.state],
    ["admin status", row.admin === undefined ? undefined : admin[row.admin], expected.adminStatus],
  ];
  if (expected.description !== undefined) pairs.push(["description", row.description, expected.description]);
  if (expected.instance !== undefined) pairs.push(["VRF", row.vrf, expected.instance]);
  if (expected.establishedSeconds !== undefined && row.establishedSeconds !== undefined) {
    pairs.push(["established time", row.establishedSeconds, expected.establishedSeconds]);
  }
  const wanted = expected.prefixes ?? [];
  for (const one of wanted) {
    const counts = prefixes.find(({ afi, safi }) => afi === one.afi && safi === one.safi);
    const family = `prefixes of ${one.afi}/${one.safi}`;
    if (counts === undefined) {
      pairs.push([family, "missing", "there"]);
      continue;
    }
    const advertised = one.advertised === undefined ? undefined : one.advertised - (one.withdrawn ?? 0);
    pairs.push(
      [`${family} received`, counts.received, one.received],
      [`${family} accepted`, counts.accepted, one.accepted],
      [`${family} active`, counts.active, one.active],
      [`${family} rejected`, counts.rejected, one.rejected ?? one.denied],
      [`${family} advertised`, counts.advertised, advertised === undefined ? undefined : advertised >>> 0],
    );
  }
  for (const { afi, safi } of prefixes) {
    if (!wanted.some((one) => one.afi === afi && one.safi === safi))
      pairs.push([`prefixes of ${afi}/${safi}`, "there", "missing"]);
  }
  return pairs.flatMap(([what, is, should]) =>
    is === should ? [] : [`session ${expected.remoteAddress}: ${what} is ${is}, not ${should}`],
  );
}

/**
 * Optical powers by the walk's own lines, since the expectation has none: every sensor in dBm, those in watts that
 * the entity's name calls received or sent light, and both powers of each Juniper port that reads anything.
 */
export function opticalPowersOf(bindings: readonly VarBind[]): number {
  const values = new Map(bindings.map(({ oid, value }) => [oid.join("."), value]));
  const dom = "1.3.6.1.4.1.2636.3.60.1.1.1.1";
  const litPorts = new Set<string>();
  let powers = 0;
  for (const [name, value] of values) {
    const sensor = /^(1\.3\.6\.1\.2\.1\.99\.1\.1\.1|1\.3\.6\.1\.4\.1\.9\.9\.91\.1\.1\.1\.1)\.1\.(\d+)$/.exec(name);
    if (sensor !== null && value.type === "integer") {
      const names = [7, 2].map((column) => {
        const text = values.get(`1.3.6.1.2.1.47.1.1.1.1.${column}.${sensor[2]}`);
        return text?.type === "octets" ? Buffer.from(text.value).toString() : "";
      });
      const units = values.get(`1.3.6.1.2.1.99.1.1.1.6.${sensor[2]}`);
      const inDbm = units?.type === "octets" && /dbm/i.test(Buffer.from(units.value).toString());
      const light = /\b(rx|tx|receive|transmit)\b/i.test(names.join(" "));
      const asUnits = value.value <= 2 && inDbm;
      if (value.value === 14 || asUnits || (value.value === 6 && light)) powers += 1;
    }
    const port = new RegExp(`^${dom.replaceAll(".", "\\.")}\\.[567]\\.(\\d+)$`).exec(name);
    if (port?.[1] !== undefined && value.type === "integer" && value.value !== 0) litPorts.add(port[1]);
  }
  return powers + 2 * litPorts.size;
}

/** Sessions of the three BFD tables that have a state and an address of 4, 8, 16 or 20 octets. */
export function bfdSessionsOf(bindings: readonly VarBind[]): number {
  const values = new Map(bindings.map(({ oid, value }) => [oid.join("."), value]));
  const tables = [
    ["1.3.6.1.2.1.222.1.2.1", 11, 22],
    ["1.3.6.1.4.1.9.10.137.1.2.1", 6, 14],
    ["1.3.6.1.4.1.2636.5.3.1.1.2.1", 6, 14],
  ] as const;
  return tables.reduce((sum, [entry, state, address]) => {
    const root = `${entry}.${state}.`;
    const sessions = [...values.keys()].filter((name) => name.startsWith(root));
    const addressed = sessions.filter((name) => {
      const value = values.get(`${entry}.${address}.${name.slice(root.length)}`);
      return value?.type === "octets" && [4, 8, 16, 20].includes(value.value.length);
    });
    return sum + addressed.length;
  }, 0);
}

/** Each interface and address that a neighbour table of the walk gives a MAC address that is not all zeros. */
export function neighborsIn(bindings: readonly VarBind[]): readonly AskedNeighbor[] {
  const found = new Map<string, AskedNeighbor>();
  for (const { oid, value } of bindings) {
    if (value.type !== "octets" || !value.value.some((octet) => octet !== 0)) continue;
    const name = oid.join(".");
    const media = /^1\.3\.6\.1\.2\.1\.4\.22\.1\.2\.(\d+)\.(\d+\.\d+\.\d+\.\d+)$/.exec(name);
    const physical = /^1\.3\.6\.1\.2\.1\.4\.35\.1\.4\.(\d+)\.([12])\.(?:4|16)\.([\d.]+)$/.exec(name);
    const ifIndex = Number(media?.[1] ?? physical?.[1] ?? Number.NaN);
    const address = media?.[2] ?? (physical?.[3] === undefined ? undefined : addressFrom(physical[3]));
    if (!Number.isNaN(ifIndex) && address !== undefined) found.set(`${ifIndex} ${address}`, { ifIndex, address });
  }
  return [...found.values()];
}

function addressFrom(arcs: string): string | undefined {
  const octets = arcs.split(".").map(Number);
  if (octets.length === 4) return arcs;
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((octets[2 * i] ?? 0) << 8) | (octets[2 * i + 1] ?? 0)).toString(16),
  );
  return octets.length === 16 ? canonical(groups.join(":")) : undefined;
}
