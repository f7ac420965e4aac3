// The BMP station: routers connect, and tell of their BGP sessions and routes by themselves (RFC 7854). What they tell becomes
// observations of the configured sessions. A connection that is lost is no evidence of anything but itself.

import type { BmpConnectionObservation } from "../estate/bmp-observation.ts";
import {
  type Estate,
  type LinkName,
  linkNames,
  microsoftAsn,
  type Path,
  type Peering,
  pathsOf,
  type Router,
} from "../estate/estate.ts";
import type { Observe, PollGroup } from "../estate/observation.ts";
import { type Clock, elapsed, type Instant } from "../lib/clock.ts";
import { type Counters, createCounters } from "../lib/counters.ts";
import { milliseconds, seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import { ok, type Result } from "../lib/result.ts";
import { type BmpClose, connectionOctets, createBmpListener } from "../net/bmp-listener.ts";
import { peerTypes } from "../wire/bmp/message.ts";
import { createAttributeSets } from "./bmp-attributes.ts";
import { bestPathsOf } from "./bmp-best-paths.ts";
import { communityOctets } from "./bmp-communities.ts";
import { locRibsOf, prefixesOf, sessionOf } from "./bmp-observed.ts";
import { type BmpPeer, bmpViews, type ViewDoubt } from "./bmp-peer.ts";
import { routeOctets } from "./bmp-routes.ts";
import { type BmpMessageKind, type BmpSession, bmpMessageKinds, createBmpSession } from "./bmp-session.ts";
import { compareSets } from "./bmp-sets.ts";
import { createConfirming } from "./confirming.ts";

export interface BmpStationDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Cryptographically random octets. */
  readonly random: (octets: number) => Uint8Array;
  readonly observe: Observe;
  /** Polls a group of a router out of turn: BMP tells that a session went, and often only the MIB tells why. */
  readonly poll: (router: string, group: PollGroup) => void;
}

export interface BmpStation {
  /** The error is one line for people. Does nothing where no station is configured. */
  start(): Promise<Result<void, string>>;
  stop(): Promise<void>;
  /** The bound port; 0 when nothing is heard. */
  port(): number;
  /** Undefined where no station is configured. */
  read(): BmpTelemetry | undefined;
}

export interface BmpTelemetry {
  readonly routers: ReadonlyMap<
    string,
    {
      readonly connected: boolean;
      readonly messages: Readonly<Record<BmpMessageKind, number>>;
      readonly peers: number;
      readonly routes: number;
      /** Sessions with a view that cannot be counted now. */
      readonly inDoubt: number;
      /** Messages about peers that there was no room for, on the connection that stands. */
      readonly leftOut: number;
    }
  >;
  readonly closes: Readonly<Record<BmpClose, number>>;
  /** Connections from addresses of no router. */
  readonly refused: number;
  /** Times that the routes of a view could not be counted any more. */
  readonly doubts: number;
  /** Sets of path attributes. */
  readonly attributeSets: number;
  /** Octets: what is kept, and the most that the routers which are connected could make it. */
  readonly memory: number;
  readonly memoryLimit: number;
}

const silent: BmpStation = {
  start: async () => ok(undefined),
  stop: async () => {},
  port: () => 0,
  read: () => undefined,
};

/** Counts are told together, this long after the first of them changed. */
const countsAfter = milliseconds(250);

/** Sets are compared this long after one of them changed: a session that comes up announces for a while. */
const setsAfter = seconds(2);

/** All sets of attributes of all routers may take so many octets. */
const attributeOctets = 64 << 20;

/** Of a peer: both families of each view. */
const mostTables = 2 * bmpViews.length;

/** A session that flaps must not fill the log: the same line about it comes no more often. */
const linesApart = seconds(10);

/** Strangers of which a line is written: one that scans must not fill the log. */
const mostStrangers = 100;

interface Monitored {
  readonly router: Router;
  /** The paths of its configured sessions, by the address of the peer. */
  readonly peers: ReadonlyMap<string, Path>;
  readonly messages: Counters<BmpMessageKind>;
  connection:
    | {
        readonly session: BmpSession;
        readonly from: string;
        readonly since: Instant;
        readonly budget: { readonly most: number; used: number };
        /** Peers of which routes changed, or that were counted by the router. */
        readonly changed: Set<BmpPeer>;
        readonly gauged: Set<BmpPeer>;
        cancelBeat: () => void;
      }
    | undefined;
}

export function createBmpStation({ clock, log, random, observe, poll }: BmpStationDeps, estate: Estate): BmpStation {
  const { bmp } = estate;
  if (bmp === undefined) return silent;
  const seed = Buffer.from(random(4)).readInt32BE();
  const sets = createAttributeSets(attributeOctets, seed);
  const peersOf = Map.groupBy(pathsOf(estate), (path) => path.router);
  const monitored = new Map<string, Monitored>();
  for (const { router } of bmp.routers) {
    const known = estate.routers.get(router);
    if (known === undefined) throw new Error(`bmp names the router ${router}, which is not in the estate`);
    const peers = new Map(peersOf.get(router)?.map((path) => [path.session.remoteAddress, path]));
    monitored.set(router, { router: known, peers, messages: createCounters(bmpMessageKinds), connection: undefined });
  }
  const confirming = createConfirming({ clock, poll }, monitored.keys());
  const saidAt = new Map<string, Instant>();
  const strangers = new Set<string>();
  let refused = 0;
  let doubts = 0;
  let cancelCounts: (() => void) | undefined;
  const pairsOf = new Map<string, Peering[]>();
  for (const pair of [...estate.circuits.values()].flatMap(({ peerings }) => peerings)) {
    const routers = linkNames.map((link) => pair.paths[link].router);
    if (!routers.every((router) => monitored.has(router))) continue;
    for (const router of new Set(routers)) pairsOf.set(router, [...(pairsOf.get(router) ?? []), pair]);
  }
  const changedPairs = new Set<Peering>();
  let cancelSets: (() => void) | undefined;

  const must = (router: string): Monitored => {
    const found = monitored.get(router);
    if (found === undefined) throw new Error(`BMP of ${router}, which is not monitored`);
    return found;
  };

  function toTell(peers: Set<BmpPeer>, peer: BmpPeer): void {
    peers.add(peer);
    cancelCounts ??= clock.after(countsAfter, tellCounts);
  }

  function opened(name: string, from: string): void {
    const of = must(name);
    const now = clock.now();
    const budget = { most: bmp?.routes ?? 0, used: 0 };
    const changed = new Set<BmpPeer>();
    const gauged = new Set<BmpPeer>();
    const session = createBmpSession({
      sets,
      budget,
      seed,
      messages: of.messages,
      keepsRoutes: (address) => of.peers.has(address),
      keepsLocRib: [...of.peers.values()].some(({ declared }) => declared !== undefined),
      changed: (peer) => sessionChanged(of, peer),
      routed(peer) {
        if (peer.peerType === peerTypes.locRib || of.peers.has(peer.address)) toTell(changed, peer);
      },
      gauged(peer) {
        if (of.peers.has(peer.address)) toTell(gauged, peer);
      },
      doubted: (peer, doubt) => doubted(name, peer, doubt),
    });
    of.connection = { session, from, since: now, budget, changed, gauged, cancelBeat: () => {} };
    log.info({ router: name, address: from }, "BMP: the router connected");
    // What it told on the connection before is no more its word.
    for (const remoteAddress of of.peers.keys()) {
      observe({
        kind: "bmpSession",
        router: name,
        remoteAddress,
        at: now,
        isOld: true,
        ups: 0,
        established: undefined,
      });
    }
    beat(of);
  }

  /**
   * Says at every poll interval that the connection stands: so long holds what it told. A router whose statistics are overdue
   * is not vouched for: its BGP may hang, while its kernel still answers TCP's probes.
   */
  function beat(of: Monitored): void {
    const { connection, router } = of;
    if (connection === undefined) return;
    const { session, since } = connection;
    if (!session.isSilent(clock.now())) {
      observe(connectionOf(router.name, true, since, session.sysDescr() || session.sysName()));
    }
    connection.cancelBeat = clock.after(router.pollInterval, () => beat(of));
  }

  function connectionOf(router: string, connected: boolean, since: Instant, detail: string): BmpConnectionObservation {
    const of = must(router);
    const unconfigured = (of.connection?.session.peers() ?? [])
      .filter((peer) => peer.state().kind === "up" && peer.peerAs() === microsoftAsn && !of.peers.has(peer.address))
      .map(({ address }) => address);
    const locRibs = locRibsOf(of.connection?.session);
    return { kind: "bmpConnection", router, at: clock.now(), connected, since, detail, unconfigured, ...locRibs };
  }

  function sessionChanged(of: Monitored, peer: BmpPeer): void {
    const { connection, router } = of;
    if (connection === undefined) return;
    if (peer.peerType === peerTypes.locRib) toTell(connection.changed, peer);
    if (!of.peers.has(peer.address)) return;
    // Of two peers with one address, in two VRFs, the one of the global instance is meant, if there is one.
    if (connection.session.peerAt(peer.address) !== peer) return;
    const observation = sessionOf(router.name, peer, connection.since);
    if (observation === undefined) return;
    observe(connectionOf(router.name, true, connection.since, connection.session.sysDescr()));
    observe(observation);
    toTell(connection.changed, peer);
    if (observation.isOld || observation.established === undefined) return;
    confirming.confirm(router.name, ["bgp"]);
    const line = `${router.name} ${peer.address} ${observation.established}`;
    const last = saidAt.get(line);
    const now = clock.now();
    if (last !== undefined && elapsed(last, now) < linesApart) return;
    saidAt.set(line, now);
    const said = observation.established ? "is established" : `went down (${observation.reason})`;
    log.info({ router: router.name, peer: peer.address }, `BMP: the session ${said}`);
  }

  function tellCounts(): void {
    cancelCounts = undefined;
    const at = clock.now();
    for (const of of monitored.values()) {
      const { router, connection, peers } = of;
      if (connection === undefined) continue;
      const { changed, gauged, session } = connection;
      for (const peer of new Set([...changed, ...gauged])) {
        if (session.peerAt(peer.address) !== peer) continue;
        observe(prefixesOf(router.name, peer, peers.get(peer.address)?.declared, at));
      }
      if (changed.size > 0) {
        for (const pair of pairsOf.get(router.name) ?? []) changedPairs.add(pair);
        tellBestPaths(of, session, at);
      }
      changed.clear();
      gauged.clear();
    }
    if (changedPairs.size > 0) cancelSets ??= clock.after(setsAfter, tellSets);
  }

  /** The first word is that there is something to tell: a router without a Loc-RIB has none. */
  function tellBestPaths({ router, peers }: Monitored, session: BmpSession, at: Instant): void {
    for (const [remoteAddress, { declared }] of peers) {
      const peer = session.peerAt(remoteAddress);
      const locRib = peer && session.locRibOf(peer);
      if (declared === undefined || locRib === undefined) continue;
      observe(bestPathsOf(router.name, remoteAddress, locRib, declared, sets, at));
    }
  }

  function tellSets(): void {
    cancelSets = undefined;
    for (const { name: peering, paths } of changedPairs) {
      const peerOf = (link: LinkName) =>
        monitored.get(paths[link].router)?.connection?.session.peerAt(paths[link].session.remoteAddress);
      const [primary, secondary] = [peerOf("primary"), peerOf("secondary")];
      const compared = primary && secondary && compareSets({ primary, secondary });
      if (compared !== undefined) {
        observe({ kind: "bmpSets", circuit: paths.primary.circuit, peering, at: clock.now(), ...compared });
      }
    }
    changedPairs.clear();
  }

  function doubted(router: string, peer: BmpPeer, doubt: ViewDoubt): void {
    doubts += 1;
    const what = peer.peerType === peerTypes.locRib ? "its Loc-RIB" : "this session";
    const why =
      doubt === "tooMany"
        ? `the router has more than the ${bmp?.routes} routes of bmp.routes`
        : `an UPDATE of it cannot be read (${doubt})`;
    log.warn({ router, peer: peer.address }, `BMP: routes of ${what} are not counted until it comes up anew: ${why}`);
  }

  function closed(name: string, why: BmpClose, detail: string): void {
    const of = must(name);
    const { connection } = of;
    if (connection === undefined) return;
    connection.cancelBeat();
    const said = connection.session.termination();
    connection.session.close();
    of.connection = undefined;
    const reason = said === undefined ? detail : `the router ended it: ${said}`;
    log[why === "malformed" || why === "stalled" ? "warn" : "info"](
      { router: name, address: connection.from, reason: why },
      `BMP: the connection ended: ${reason}. Its sessions are told by SNMP alone until the router connects again`,
    );
    observe(connectionOf(name, false, clock.now(), reason));
  }

  const listener = createBmpListener(
    { clock },
    { ...bmp.listen, routers: bmp.routers },
    {
      opened,
      message: (router, bytes, at, end) => must(router).connection?.session.take(bytes, at, end, clock.now()),
      closed,
      refused(address) {
        refused += 1;
        if (strangers.has(address) || strangers.size >= mostStrangers) return;
        strangers.add(address);
        log.warn(
          { address },
          "BMP: a connection came from an address of no router and was refused; if it is one of a router, add it to bmp.routers",
        );
      },
    },
  );

  return {
    async start() {
      const started = await listener.start();
      if (started.ok) log.info({ host: bmp.listen.host, port: listener.port() }, "BMP: routers can connect");
      return started;
    },
    async stop() {
      confirming.stop();
      cancelCounts?.();
      cancelCounts = undefined;
      cancelSets?.();
      cancelSets = undefined;
      await listener.stop();
    },
    port: listener.port,
    read() {
      const connected = [...monitored.values()].filter(({ connection }) => connection !== undefined);
      const tables = [...monitored.values()].reduce((sum, { connection }) => sum + memoryOf(connection?.session), 0);
      return {
        routers: new Map(
          [...monitored].map(([name, { connection, messages }]) => [
            name,
            {
              connected: connection !== undefined,
              messages: messages.read(),
              peers: connection?.session.peers().length ?? 0,
              routes: connection?.budget.used ?? 0,
              inDoubt: connection?.session.peers().filter((peer) => peer.isInDoubt()).length ?? 0,
              leftOut: connection?.session.leftOut() ?? 0,
            },
          ]),
        ),
        closes: listener.closes.read(),
        refused,
        doubts,
        attributeSets: sets.size(),
        memory: listener.memory() + sets.memory() + tables,
        memoryLimit:
          connected.length * (connectionOctets + bmp.routes * routeOctets(128)) +
          connected.reduce((sum, { peers }) => sum + peers.size * mostTables * communityOctets, 0) +
          attributeOctets,
      };
    },
  };
}

function memoryOf(session: BmpSession | undefined): number {
  let sum = 0;
  for (const peer of session?.peers() ?? []) sum += peer.memory();
  return sum;
}
