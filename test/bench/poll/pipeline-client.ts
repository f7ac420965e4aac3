// The agent from the socket to its metrics: its collectors ask each router, its state takes what they saw, and (argument
// `metrics`) its exposition is rendered once for each sweep over the routers, as a scrape per poll interval has it.
// The other arguments are the routers' ports. Not in it: the judgement of paths, and the HTTP of the scrape.

import { bgpCollector } from "../../../agent/collect/bgp-sessions.ts";
import type { Collector, CollectorDeps } from "../../../agent/collect/collector.ts";
import { interfacesCollector } from "../../../agent/collect/interfaces.ts";
import { systemCollector } from "../../../agent/collect/system.ts";
import { createUptimeWatch } from "../../../agent/collect/uptime.ts";
import type { PollGroup } from "../../../agent/estate/observation.ts";
import { createPrometheusExport } from "../../../agent/export/prometheus.ts";
import { systemClock as clock, elapsed } from "../../../agent/lib/clock.ts";
import { seconds } from "../../../agent/lib/duration.ts";
import { keepHeapSmall } from "../../../agent/lib/heap.ts";
import { createSnmpClient } from "../../../agent/net/snmp-client.ts";
import { createState } from "../../../agent/state/state.ts";
import { oid } from "../../../agent/wire/snmp/oid.ts";
import { measure, ownCpu, pollAll, serveOrders } from "./client.ts";
import { estateOf, routerAt } from "./estate.ts";
import { expectedSum, ifColumns, ifName, interfaces, peerIndexes, routers } from "./load.ts";
import { credentialsOf } from "./security.ts";

// As `main.ts` does.
keepHeapSmall(routers);

const [, , upTo, ...given] = process.argv;
const estate = estateOf(given.map(Number));
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
    reflector: { outcomes: () => undefined, restarts: () => 0 },
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
  if (result !== "ok" || observations.length !== expected) throw new Error(`${router} ${group}: ${result} ${detail}`);
  const at = clock.now();
  state.observe({ kind: "poll", router, group, at, result, detail, seconds: elapsed(began, at) / 1_000 });
  for (const observation of observations) state.observe(observation);
}

async function poll(port: number): Promise<void> {
  let groups = known.get(port);
  if (groups === undefined) {
    groups = groupsOf(port);
    known.set(port, groups);
  }
  const router = routerAt(port);
  await Promise.all(groups.map((group) => pollGroup(router, group)));
}

/**
 * The scrape has each interface's counter, and what was seen of the counters is what the routers have: the scrape says
 * what they grew by, and these stand still. Gives the series of one
 * router and its circuits.
 */
async function verifyMetrics(): Promise<number> {
  const all = Buffer.from(await exposition.render())
    .toString()
    .split("\n");
  const lines = all.filter((line) => line.startsWith("expressroute_interface_receive_bytes_total{"));
  const grown = lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" "))), 0);
  const seen = [...known.keys()].flatMap((port) => names.map((name) => state.interface(routerAt(port), name)));
  const sum = seen.reduce((total, one) => total + Number(one?.present ? one.counters.receiveBytes : Number.NaN), 0);
  const column = ifColumns.find(({ name }) => name === "ifHCInOctets");
  const of = column === undefined ? Number.NaN : expectedSum(oid(column.oid));
  if (lines.length !== routers * interfaces || sum !== routers * of || grown !== 0) {
    throw new Error(`the metrics have ${lines.length} interfaces, which received ${sum} octets, ${grown} of them new`);
  }
  return all.filter((line) => line.includes('router="') || line.includes('circuit="')).length / routers;
}

serveOrders(async (order) => {
  await started;
  asked = 0;
  const cost = await measure(order.polls, ownCpu, async () => {
    for (let polled = 0; polled < order.polls; polled += routers) {
      await pollAll({ ...order, polls: Math.min(routers, order.polls - polled) }, poll);
      if (upTo === "metrics" && order.polls >= routers) await exposition.render();
    }
  });
  const values = asked / order.polls;
  if (order.polls < routers) return { ...cost, values };
  const series = await verifyMetrics();
  return upTo === "metrics" ? { ...cost, values, series } : { ...cost, values };
});
