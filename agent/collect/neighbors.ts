// Polls whether the far end of each configured session is in the router's ARP or neighbour discovery table. The table
// itself is never walked: the interface is found by the session's own address, or among those that the link's
// interface and VLAN name, and then exactly that entry is asked for.

import type { Path } from "../estate/estate.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { IfNames } from "../mib/if-mib.ts";
import { neighborInstances, ownAddressInstances, ownIfIndex, readNeighbor } from "../mib/ip-mib.ts";
import type { SnmpTarget } from "../net/snmp-client.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import { isNoSuchObject } from "../wire/snmp/cells.ts";
import type { Oid } from "../wire/snmp/oid.ts";
import type { Collector, CollectorDeps } from "./collector.ts";
import { walkIfNames } from "./interface-names.ts";
import { type Place, type Sought, type SoughtContext, soughtCollector, tenMinutes } from "./sought.ts";

/** A far end, and what is known of the interface behind which it is. */
export interface WantedNeighbor {
  readonly remoteAddress: string;
  readonly localAddress: string | undefined;
  readonly interface: string;
  readonly vlan: number;
}

interface NeighborPlace extends Place {
  readonly ifIndex: number;
}

/** Where a far end may stand. */
interface Candidate {
  readonly key: string;
  readonly ifIndex: number;
  readonly oids: readonly Oid[];
}

const group = "neighbors";
const table = "ipNetToPhysicalTable and ipNetToMediaTable";

/** A link has a subinterface for each peering; more than this are somebody else's. */
const mostCandidates = 16;

/** What of a path says where its far end stands. */
type Told = Pick<Path, "interface" | "vlan"> & {
  readonly session: Pick<Path["session"], "remoteAddress" | "localAddress">;
};

export function wantedNeighbors(paths: readonly Told[]): readonly WantedNeighbor[] {
  const wanted = new Map<string, WantedNeighbor>();
  for (const { session, interface: name, vlan } of paths) {
    const { remoteAddress, localAddress } = session;
    if (!wanted.has(remoteAddress)) wanted.set(remoteAddress, { remoteAddress, localAddress, interface: name, vlan });
  }
  return [...wanted.values()];
}

interface Wanted extends SoughtContext {
  readonly wanted: readonly WantedNeighbor[];
  /** Address families of which this router has shown an entry: only then does a missing one mean that there is none. */
  readonly proven: { ipv4: boolean; ipv6: boolean };
}

export function neighborsCollector(
  { clock, target, uptime }: CollectorDeps,
  router: string,
  wanted: readonly WantedNeighbor[],
): Collector {
  const proven = { ipv4: false, ipv6: false };
  return soughtCollector({ clock, target, uptime, router, wanted, proven }, neighbors);
}

const neighbors: Sought<Wanted, NeighborPlace> = {
  group,
  table,
  rarely: tenMinutes,
  nothingShown: ({ wanted }) =>
    `shows no entry for ${wanted.map(({ remoteAddress }) => remoteAddress).join(", ")} in ${table}`,
  async look({ target, wanted, proven }) {
    const looked = await look(target, wanted);
    if (!looked.ok) return looked;
    const here = looked.value.filter(({ entered, key }) => entered || proven[familyOf(key)]);
    const places = here.map(({ key, ifIndex, oids }) => ({ key, ifIndex, width: oids.length }));
    const found = new Set(places.map(({ key }) => key));
    const missing = wanted.flatMap(({ remoteAddress }) => (found.has(remoteAddress) ? [] : [remoteAddress]));
    return ok({ places, oids: here.flatMap(({ oids }) => oids), missing, shown: places.length > 0, doubt: undefined });
  },
  read({ router, proven }, { key, ifIndex, width }, cells, from, at) {
    const row = readNeighbor(cells, from, width);
    if (row.state !== "absent") proven[familyOf(key)] = true;
    return proven[familyOf(key)] ? { kind: "neighbor", router, remoteAddress: key, at, ifIndex, ...row } : undefined;
  },
  doubts: (observation) => observation.kind === "neighbor" && observation.state === "absent",
};

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}

/** Each far end on the interface where it has an entry, or on the one that must have it. */
async function look(
  target: SnmpTarget,
  wanted: readonly WantedNeighbor[],
): Promise<Result<readonly (Candidate & { readonly entered: boolean })[], SnmpError>> {
  const certain = await ownInterfaces(target, wanted);
  if (!certain.ok) return certain;
  const uncertain = wanted.some(({ remoteAddress }) => !certain.value.has(remoteAddress));
  const names = uncertain ? await walkIfNames(target, group) : ok<readonly IfNames[]>([]);
  if (!names.ok) return names;
  const places = wanted.flatMap((one): readonly Candidate[] => {
    const only = certain.value.get(one.remoteAddress);
    const candidates = only === undefined ? candidatesFor(one, names.value) : [only];
    return candidates.map((ifIndex) => ({
      key: one.remoteAddress,
      ifIndex,
      oids: neighborInstances(ifIndex, one.remoteAddress),
    }));
  });
  const oids = places.flatMap((place) => place.oids);
  if (oids.length === 0) return ok([]);
  const got = await target.get(oids, { group, table });
  if (!got.ok) return err(got.error);
  let next = 0;
  const read = places.map((place) => {
    const from = next;
    next += place.oids.length;
    const { state } = readNeighbor(got.value, from, place.oids.length);
    const unknownTable = place.oids.every((_, i) => isNoSuchObject(got.value, from + i));
    return { ...place, entered: state !== "absent", present: state === "present", unknownTable };
  });
  return ok(
    wanted.flatMap(({ remoteAddress }) => {
      const here = read.filter(({ key }) => key === remoteAddress);
      const best = here.find(({ present }) => present) ?? here.find(({ entered }) => entered);
      if (best !== undefined) return [best];
      const [only] = here;
      return only !== undefined && certain.value.has(remoteAddress) && !only.unknownTable ? [only] : [];
    }),
  );
}

/** ifIndex by remote address, for the sessions whose own address the router shows on an interface. */
async function ownInterfaces(
  target: SnmpTarget,
  wanted: readonly WantedNeighbor[],
): Promise<Result<ReadonlyMap<string, number>, SnmpError>> {
  const asked = wanted.flatMap(({ remoteAddress, localAddress }) =>
    localAddress === undefined ? [] : [{ remoteAddress, oids: ownAddressInstances(localAddress) }],
  );
  const found = new Map<string, number>();
  if (asked.length === 0) return ok(found);
  const oids = asked.flatMap((one) => one.oids);
  const got = await target.get(oids, { group, table: "ipAddressTable and ipAddrTable" });
  if (!got.ok) return got;
  let from = 0;
  for (const one of asked) {
    const ifIndex = ownIfIndex(got.value, from, one.oids.length);
    if (ifIndex !== undefined) found.set(one.remoteAddress, ifIndex);
    from += one.oids.length;
  }
  return ok(found);
}

/** The link's interface, its subinterfaces, and interfaces that are named after the VLAN; the likeliest first. */
export function candidatesFor({ interface: name, vlan }: WantedNeighbor, all: readonly IfNames[]): readonly number[] {
  const ends = new RegExp(`[^0-9]0*${vlan}$`);
  const rank = ({ names }: IfNames) => {
    const known = names.flatMap((one) => one ?? []);
    const below = known.some((one) => one.startsWith(`${name}.`) || one.startsWith(`${name}:`));
    const tagged = vlan > 0 && known.some((one) => ends.test(one));
    if (below && tagged) return 0;
    if (known.includes(name)) return 1;
    return tagged ? 2 : below ? 3 : undefined;
  };
  return all
    .flatMap((one) => {
      const place = rank(one);
      return place === undefined ? [] : [{ place, ifIndex: one.ifIndex }];
    })
    .sort((a, b) => a.place - b.place)
    .slice(0, mostCandidates)
    .map(({ ifIndex }) => ifIndex);
}
