// Polls where a router sends what is for the prefixes declared of its paths: their rows of its forwarding table, and of nothing
// else. That a prefix has no row means something only while another row, which must be there, is: the link's own subnet.

import { formatSubnet, parseAddress, type Subnet, subnetOf } from "../estate/address.ts";
import type { BestPathsObservation, BestRoute } from "../estate/best-path.ts";
import type { Path } from "../estate/estate.ts";
import type { Instant } from "../lib/clock.ts";
import { isRemote, type RouteTableMib, routeTables } from "../mib/ip-forward.ts";
import type { SnmpTarget } from "../net/snmp-client.ts";
import { isAbsent } from "../wire/snmp/cells.ts";
import { decodeArcs, type Oid } from "../wire/snmp/oid.ts";
import { type Collector, type CollectorDeps, failed, notAsked, nothing, type Poll } from "./collector.ts";
import { allFound, isDue, missed, newLookout } from "./lookout.ts";
import { tenMinutes } from "./sought.ts";

const group = "routes";

/** Prefixes that are asked for of one router; a configuration that declares more is not followed further. */
const mostPrefixes = 64;

type Session = Pick<Path["session"], "remoteAddress">;

/** Rows by prefix; those of a prefix that has none are an empty list. */
type Rows = ReadonlyMap<string, readonly Row[]>;

interface Row {
  readonly isRemote: boolean;
  readonly nextHop: string;
}

/** What is asked of one table, made once: the client keeps the plan of a walk by its array. */
interface Asked {
  readonly table: RouteTableMib;
  readonly prefixes: readonly Subnet[];
  readonly oids: readonly Oid[];
}

/** Undefined where nothing is declared of the paths of a router. */
export function routesCollector(deps: CollectorDeps, router: string, paths: readonly Path[]): Collector | undefined {
  const declaring = paths.filter(({ declared }) => (declared?.received.length ?? 0) > 0);
  if (declaring.length === 0) return undefined;
  const { clock, target } = deps;
  const wanted = distinct(declaring.flatMap(({ declared }) => declared?.received ?? [])).slice(0, mostPrefixes);
  const links = distinct(declaring.flatMap(({ session }) => linkOf(session)));
  const tables = routeTables.map((table) => askedOf(table, [...links, ...wanted]));
  const lookout = newLookout(deps);
  let chosen: Asked | undefined;

  async function collect(): Promise<Poll> {
    if (chosen === undefined && !isDue(lookout, deps)) return notAsked;
    for (const asked of chosen === undefined ? tables : [chosen]) {
      if (asked.oids.length === 0) continue;
      const rows = await read(target, asked);
      if (!rows.ok) return failed(rows.error);
      const observations = observe(rows.value, clock.now());
      if (observations.length === 0) continue;
      chosen = asked;
      allFound(lookout, deps);
      return { result: "ok", detail: "", observations };
    }
    missed(lookout, deps, chosen === undefined ? "never" : "lost", tenMinutes);
    chosen = undefined;
    return nothing(
      "noSuchTable",
      `${router} answers, but shows neither the subnets of its links nor the declared prefixes in inetCidrRouteTable and ipCidrRouteTable`,
    );
  }

  function observe(rows: Rows, at: Instant): readonly BestPathsObservation[] {
    return declaring.flatMap(({ session, declared }): readonly BestPathsObservation[] => {
      const proven = linkOf(session).filter((link) => (rows.get(formatSubnet(link)) ?? []).length > 0);
      const isProven = (of: Subnet) => proven.some(({ family }) => family === of.family);
      const routes = (declared?.received ?? []).flatMap((of) => routeOf(formatSubnet(of), rows, isProven(of)));
      if (routes.length === 0) return [];
      return [{ kind: "bestPaths", router, remoteAddress: session.remoteAddress, at, source: "snmp", routes }];
    });
  }

  return collect;
}

/** Empty where it is not known: that there is no row says nothing of a table that shows none. */
function routeOf(prefix: string, rows: Rows, isProven: boolean): readonly BestRoute[] {
  const found = rows.get(prefix);
  if (found === undefined) return [];
  if (found.length === 0) return isProven ? [{ prefix, matched: undefined, nextHops: [] }] : [];
  const nextHops = [...new Set(found.filter((row) => row.isRemote).map(({ nextHop }) => nextHop))];
  return [{ prefix, matched: prefix, nextHops }];
}

async function read(target: SnmpTarget, { table, prefixes, oids }: Asked) {
  const walked = await target.walk(oids, { group, table: table.name });
  if (!walked.ok) return walked;
  const { rows, cells } = walked.value;
  const width = oids.length;
  const found = new Map<string, Row[]>(prefixes.map((prefix) => [formatSubnet(prefix), []]));
  rows.forEach((octets, i) => {
    const arcs = decodeArcs(octets, 0, octets.length);
    const nextHop = arcs && table.nextHop(arcs);
    if (nextHop === undefined) return;
    prefixes.forEach((prefix, column) => {
      const at = i * width + column;
      if (!isAbsent(cells, at)) found.get(formatSubnet(prefix))?.push({ isRemote: isRemote(cells, at), nextHop });
    });
  });
  return { ok: true as const, value: found };
}

function askedOf(table: RouteTableMib, all: readonly Subnet[]): Asked {
  const known = all.flatMap((prefix) => {
    const under = table.under(prefix);
    return under === undefined ? [] : [{ prefix, under }];
  });
  return { table, prefixes: known.map(({ prefix }) => prefix), oids: known.map(({ under }) => under) };
}

/** The subnet of the session: a /30 or /126, by Microsoft's rules. */
function linkOf({ remoteAddress }: Session): readonly Subnet[] {
  const address = parseAddress(remoteAddress);
  return address === undefined ? [] : [subnetOf(address, address.family === 4 ? 30 : 126)];
}

function distinct(subnets: readonly Subnet[]): readonly Subnet[] {
  return [...new Map(subnets.map((subnet) => [formatSubnet(subnet), subnet])).values()];
}
