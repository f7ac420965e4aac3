// Where routers send what is for the prefixes that are declared of their paths: the route that each chose, and the link that
// it leads to.

import type { Instant } from "../lib/clock.ts";
import { oncePer } from "../lib/once-per.ts";
import { formatSubnet } from "./address.ts";
import type { BmpConnectionObservation } from "./bmp-observation.ts";
import { type Estate, type Path, pathsOf, type Router } from "./estate.ts";
import { isFresh } from "./freshness.ts";
import type { SessionSource } from "./seen-session.ts";

export interface BestRoute {
  /** As it is declared. */
  readonly prefix: string;
  /** The route that the router takes: the same prefix, or the longest that covers it where all of them are told. Undefined: none. */
  readonly matched: string | undefined;
  /** Addresses; several where the router spreads what it sends. Empty: it ends on the router, or is thrown away. */
  readonly nextHops: readonly string[];
}

/** Told of the table in which a session lives: Loc-RIB by BMP (RFC 9069), or the router's forwarding by SNMP. */
export interface BestPathsObservation {
  readonly kind: "bestPaths";
  readonly router: string;
  readonly remoteAddress: string;
  readonly at: Instant;
  readonly source: Exclude<SessionSource, "notification">;
  /** What can be told: a prefix that is missing here is not known. */
  readonly routes: readonly BestRoute[];
}

/**
 * Which way what is for a prefix leaves. `own`: over the path itself; `otherLink`: the other one of its peering. `otherCircuit`:
 * another circuit of which the prefix is declared as well. `elsewhere`: none of these, as far as the configuration knows
 * the next hop. `none`: there is no route.
 */
export const exits = ["own", "otherLink", "otherCircuit", "elsewhere", "none"] as const;
export type Exit = (typeof exits)[number];

export interface TakenWay {
  readonly prefix: string;
  readonly matched: string | undefined;
  readonly exit: Exit;
  /** The next hop that says so; undefined without one. */
  readonly nextHop: string | undefined;
}

export type BestPathsOf = (router: string, remoteAddress: string) => BestPathsObservation | undefined;

/** What still speaks for the present. */
function isBestPathNow(router: Router, seen: BestPathsObservation, now: Instant): boolean {
  return isFresh(router, seen.at, now, seen.source === "snmp" ? "routes" : "system");
}

/** What BMP tells holds as long as its connection stands, and is then as old as that; an empty word of it is none. */
export function seenBestPaths(
  snmp: BestPathsObservation | undefined,
  bmp: BestPathsObservation | undefined,
  connection: BmpConnectionObservation | undefined,
): BestPathsObservation | undefined {
  const stands = bmp !== undefined && connection?.connected === true && bmp.at >= connection.since;
  return stands && bmp.routes.length > 0 ? { ...bmp, at: connection.at } : snmp;
}

export interface KnownWays {
  readonly seen: BestPathsObservation;
  readonly ways: readonly TakenWay[];
}

/** What is known now of the way that a path's router takes, and who tells; undefined where nobody does. */
export function knownWays(estate: Estate, path: Path, best: BestPathsOf, now: Instant): KnownWays | undefined {
  const current: BestPathsOf = (name, remoteAddress) => {
    const router = estate.routers.get(name);
    const seen = best(name, remoteAddress);
    return router !== undefined && seen !== undefined && isBestPathNow(router, seen, now) ? seen : undefined;
  };
  const seen = current(path.router, path.session.remoteAddress);
  return seen && { seen, ways: takenWays(estate, path, current) };
}

interface Ends {
  /** Paths by the far end of their session. */
  readonly far: ReadonlyMap<string, readonly Path[]>;
  /** Routers by each of their addresses. */
  readonly routers: ReadonlyMap<string, string>;
}

const endsOf = oncePer((estate: Estate): Ends => {
  const routers = new Map<string, string>();
  for (const { name, address, notifications } of estate.routers.values()) {
    for (const one of [address, ...notifications.addresses]) routers.set(one, name);
  }
  for (const { router, addresses } of estate.bmp?.routers ?? []) for (const one of addresses) routers.set(one, router);
  for (const { router, session } of pathsOf(estate)) {
    if (session.localAddress !== undefined) routers.set(session.localAddress, router);
  }
  return { far: Map.groupBy(pathsOf(estate), ({ session }) => session.remoteAddress), routers };
});

/**
 * The ways that the router of a path takes to the prefixes declared of it; what is not known is left out. `best` gives what
 * is known now.
 */
function takenWays(estate: Estate, path: Path, best: BestPathsOf): readonly TakenWay[] {
  const seen = best(path.router, path.session.remoteAddress);
  return (seen?.routes ?? []).flatMap((route): readonly TakenWay[] => {
    const { prefix, matched, nextHops } = route;
    if (matched === undefined) return [{ prefix, matched, exit: "none", nextHop: undefined }];
    const ways = nextHops.map((nextHop) => ({ nextHop, exit: exitOf(estate, path, prefix, nextHop, best) }));
    // Of several, what goes over the path itself is enough: the router uses it.
    const way = ways.find(({ exit }) => exit === "own") ?? ways[0];
    if (way === undefined) return [{ prefix, matched, exit: "elsewhere", nextHop: undefined }];
    return way.exit === undefined ? [] : [{ prefix, matched, exit: way.exit, nextHop: way.nextHop }];
  });
}

/** Undefined where it goes by another router of the estate, of which the way is not known. */
function exitOf(estate: Estate, path: Path, prefix: string, nextHop: string, best: BestPathsOf): Exit | undefined {
  const { far, routers } = endsOf(estate);
  const ends = far.get(nextHop);
  if (ends !== undefined) return exitOver(path, prefix, ends);
  const router = routers.get(nextHop);
  if (router === undefined || router === path.router) return "elsewhere";
  const there = pathsOf(estate).filter((one) => one.router === router && declares(one, prefix));
  const routes = there.flatMap(({ session }) => best(router, session.remoteAddress)?.routes ?? []);
  const onward = routes.find((route) => route.prefix === prefix)?.nextHops.flatMap((hop) => far.get(hop) ?? []) ?? [];
  return onward.length === 0 ? undefined : exitOver(path, prefix, onward);
}

function exitOver(path: Path, prefix: string, ends: readonly Path[]): Exit {
  if (ends.some((end) => isSame(end, path))) return "own";
  if (ends.some(({ circuit, peering }) => circuit === path.circuit && peering === path.peering)) return "otherLink";
  return ends.some((end) => declares(end, prefix)) ? "otherCircuit" : "elsewhere";
}

const isSame = (a: Path, b: Path) => a.circuit === b.circuit && a.peering === b.peering && a.link === b.link;

/** Declared prefixes are compared as text: it is canonical. */
const textsOf = oncePer(({ declared }: Path) => new Set(declared?.received.map(formatSubnet)));
const declares = (path: Path, prefix: string) => textsOf(path).has(prefix);
