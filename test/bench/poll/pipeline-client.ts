// The agent from the socket to its metrics: its collectors ask each router, its state takes what they saw, and its
// exposition is rendered after every so many sweeps over the routers (first argument; 0: never), as scrapes have it.
// The other arguments are the routers' ports. Not in it: the judgement of paths, and the HTTP of the scrape.

import { bgpCollector } from "../../../agent/collect/bgp-sessions.ts";
import type { Collected, Collector, CollectorDeps } from "../../../agent/collect/collector.ts";
import { interfacesCollector } from "../../../agent/collect/interfaces.ts";
import { systemCollector } from "../../../agent/collect/system.ts";
import { createUptimeWatch } from "../../../agent/collect/uptime.ts";
import type { PollGroup } from "../../../agent/estate/observation.ts";
import { createPrometheusExport } from "../../../agent/export/prometheus.ts";
import { systemClock as clock, elapsed } from "../../../agent/lib/clock.ts";
import { seconds } from "../../../agent/lib/duration.ts";
import { keepHeapSmall, startSmall } from "../../../agent/lib/heap.ts";
import { createSnmpClient } from "../../../agent/net/snmp-client.ts";
import { createState } from "../../../agent/state/state.ts";
import { textOf } from "../../support/packed-text.ts";
import { measure, ownCpu, pollAll, serveOrders } from "./client.ts";
import { estateOf, routerAt } from "./estate.ts";
import { ifName, interfaces, peerIndexes, routers } from "./load.ts";
import { credentialsOf } from "./security.ts";

// As `main.ts` does.
startSmall();
keepHeapSmall(routers);

const [, , pollsPerScrape = "0", ...given] = process.argv;
const sweepsPerScrape = Number(pollsPerScrape);
const ports = given.map(Number);
const estate = estateOf(ports);
const client = createSnmpClient({ clock });
const state = createState({ keep: seconds(10) });
const started = client.start();
const exposition = createPrometheusExport({
  estate,
  snapshot: state,
  judgement: () => undefined,
  clock,
  agent: {
    version: "benchmark",
    simulated: false,
    openBreakers: () => 0,
    pollOverruns: () => 0,
    snmpMessages: client.requests.read,
    snmpDropped: client.dropped.read,
    notifications: {
      taken: () => new Map(),
      dropped: () => ({}),
      datagrams: () => ({}),
      confirmed: () => new Map(),
    },
    probesDropped: () => ({}),
    probesSkipped: () => 0,
    probeRestarts: () => 0,
    checking: { inFlight: () => 0, skipped: () => 0, restarts: () => 0 },
    reflector: { outcomes: () => undefined, restarts: () => 0 },
    tracing: {
      traces: () => ({}),
      searches: () => ({}),
      packets: () => 0,
      dropped: () => ({}),
    },
    bmp: () => undefined,
    httpRequests: () => ({}),
  },
});

interface Group {
  readonly group: PollGroup;
  readonly collect: Collector;
  readonly observations: number;
}

let asked = 0;
const names = Array.from({ length: interfaces }, (_, i) => ifName(i + 1));
const peers = peerIndexes.map((index) => index.join("."));
const known = new Map<number, readonly Group[]>();

/** The collectors of one router, as `collect/polling.ts` makes them. */
function groupsOf(port: number): readonly Group[] {
  const router = routerAt(port);
  const { get, prepare, ...asIs } = client.target({
    router,
    address: "127.0.0.1",
    port,
    credentials: credentialsOf("2c"),
    anySource: false,
  });
  const target: CollectorDeps["target"] = {
    ...asIs,
    get(oids, ask) {
      asked += oids.length;
      return get(oids, ask);
    },
    prepare(oids) {
      const ready = prepare(oids);
      return (ask) => {
        asked += oids.length;
        return ready(ask);
      };
    },
  };
  const deps = { clock, target, uptime: createUptimeWatch() };
  return [
    { group: "system", collect: systemCollector(deps, router), observations: 1 },
    { group: "interfaces", collect: interfacesCollector(deps, router, names), observations: interfaces },
    { group: "bgp", collect: bgpCollector(deps, router, peers, undefined), observations: peers.length },
  ];
}

async function pollGroup(router: string, { group, collect, observations: expected }: Group): Promise<void> {
  const began = clock.now();
  const { result, detail, observations } = await collect();
  // The first poll tells which peers nobody configured, besides.
  const own = observations.filter(({ kind }) => kind !== "peers").length;
  if (result !== "ok" || own !== expected) {
    throw new Error(`${router} ${group}: ${result}, ${own} observations of ${expected}. ${detail}`);
  }
  const at = clock.now();
  state.observe({ kind: "poll", router, group, at, result, detail, seconds: elapsed(began, at) / 1_000 });
  for (const observation of observations) state.observe(observation);
  if (group === "interfaces") noteOctets?.(router, observations);
}

/** Set for a round whose values are compared. */
let noteOctets: ((router: string, observations: readonly Collected[]) => void) | undefined;

/** Octets received by all interfaces together, as the routers say, in a round of its own. */
async function octetsNow(): Promise<number> {
  let octets = 0;
  noteOctets = (_, observations) => {
    for (const one of observations) {
      octets += one.kind === "interface" && one.present ? Number(one.counters.receiveBytes) : Number.NaN;
    }
  };
  await Promise.all(ports.map(poll));
  noteOctets = undefined;
  return octets;
}

/** At the first round. */
let octetsAtFirst: number | undefined;

async function poll(port: number): Promise<void> {
  let groups = known.get(port);
  if (groups === undefined) {
    groups = groupsOf(port);
    known.set(port, groups);
  }
  const router = routerAt(port);
  await Promise.all(groups.map((group) => pollGroup(router, group)));
}

/** The scrape has each interface's counter, and all grew by what the routers counted. Gives the series of one router and its circuits. */
async function verifyMetrics(): Promise<number> {
  const counted = (await octetsNow()) - (octetsAtFirst ?? Number.NaN);
  const all = textOf(await exposition.render()).split("\n");
  const lines = all.filter((line) => line.startsWith("expressroute_interface_receive_bytes_total{"));
  const grown = lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" "))), 0);
  if (lines.length !== routers * interfaces || grown !== counted || !(counted > 0)) {
    throw new Error(`the metrics have ${lines.length} interfaces with ${grown} octets; the routers counted ${counted}`);
  }
  return all.filter((line) => line.includes('router="') || line.includes('circuit="')).length / routers;
}

serveOrders(async (order) => {
  await started;
  octetsAtFirst ??= await octetsNow();
  asked = 0;
  const cost = await measure(order.polls, ownCpu, async () => {
    for (let sweep = 1; (sweep - 1) * routers < order.polls; sweep++) {
      await pollAll({ ...order, polls: Math.min(routers, order.polls - (sweep - 1) * routers) }, poll);
      if (order.polls >= routers && sweep % sweepsPerScrape === 0) await exposition.render();
    }
  });
  const values = asked / order.polls;
  if (order.polls < routers) return { ...cost, values };
  const series = await verifyMetrics();
  return sweepsPerScrape > 0 ? { ...cost, values, series } : { ...cost, values };
});
