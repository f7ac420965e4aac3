// The collectors against a simulated router, over UDP: what they see by SNMPv1 is what they see by v2c.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bfdCollector } from "../../agent/collect/bfd.ts";
import { bgpCollector } from "../../agent/collect/bgp-sessions.ts";
import type { CollectorDeps } from "../../agent/collect/collector.ts";
import { interfacesCollector } from "../../agent/collect/interfaces.ts";
import { neighborsCollector, wantedNeighbors } from "../../agent/collect/neighbors.ts";
import { opticsCollector } from "../../agent/collect/optics.ts";
import { createPolling } from "../../agent/collect/polling.ts";
import { systemCollector } from "../../agent/collect/system.ts";
import { createUptimeWatch } from "../../agent/collect/uptime.ts";
import { parseConfig } from "../../agent/config/load.ts";
import { ethernetCounters, type Observation, optionalGroups } from "../../agent/estate/observation.ts";
import { createLab } from "../../agent/lab/lab.ts";
import { createMibView } from "../../agent/lab/mib-view.ts";
import { paths, type RouterPlan, routers } from "../../agent/lab/plan.ts";
import { createSimulation } from "../../agent/lab/simulation.ts";
import { answerSnmp } from "../../agent/lab/snmp-agent.ts";
import { type Instant, systemClock } from "../../agent/lib/clock.ts";
import { createLogger } from "../../agent/lib/log.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient, type SnmpClient } from "../../agent/net/snmp-client.ts";
import { decodeMessage } from "../../agent/wire/snmp/message.ts";
import { seededRandom } from "../support/clock.ts";

const [router = {} as RouterPlan] = routers;
const ours = paths.filter((path) => path.router === router.name);
const interfaces = [...new Set(ours.map((path) => path.interface))];
const peers = [...new Set(ours.map((path) => path.peerAddress))];
const community = Buffer.from("public");

let socket: Socket;
let client: SnmpClient;
let heard: string[];

beforeEach(async () => {
  heard = [];
  const simulation = createSimulation(0 as Instant);
  simulation.advance(20_000 as Instant);
  const view = createMibView(router, simulation);
  socket = createSocket("udp4");
  socket.on("message", (request, from) => {
    const message = decodeMessage(request);
    if (message.ok) heard.push(`v${message.value.version} ${message.value.pdu.type}`);
    const answer = answerSnmp(request, community, view);
    if (answer.ok) socket.send(answer.octets, from.port, from.address);
  });
  await once(socket.bind(0, "127.0.0.1"), "listening");
  client = createSnmpClient({ clock: systemClock });
  await client.start();
});
afterEach(async () => {
  await client.stop();
  await new Promise<void>((done) => socket.close(() => done()));
});

function depsFor(version: 1 | "2c"): CollectorDeps {
  const target = client.target({
    router: router.name,
    address: "127.0.0.1",
    port: socket.address().port,
    credentials: { version, community: new Secret("public") },
    anySource: false,
  });
  return { clock: systemClock, target, uptime: createUptimeWatch() };
}

const clockless = 0 as Instant;

/** All polls of one group by one version, without the moment at which they were made. */
async function observed(version: 1 | "2c", group: "system" | "interfaces" | "bgp", polls = 1) {
  const deps = depsFor(version);
  const collect = {
    system: () => systemCollector(deps, router.name),
    interfaces: () => interfacesCollector(deps, router.name, interfaces),
    bgp: () => bgpCollector(deps, router.name, peers, undefined),
  }[group]();
  const seen = [];
  for (let i = 0; i < polls; i++) {
    const { result, detail, observations } = await collect();
    expect([result, detail]).toEqual(["ok", ""]);
    seen.push(
      observations.map(({ at: _, ...observation }) =>
        observation.kind === "interface" && observation.present
          ? { ...observation, source: { ...observation.source, askedAt: clockless } }
          : observation,
      ),
    );
  }
  return seen;
}

describe("by SNMPv1", () => {
  it("the system is read in one round trip", async () => {
    const seen = await observed(1, "system");
    expect(heard).toEqual(["v1 getRequest"]);
    expect(seen).toEqual(await observed("2c", "system"));
  });

  it("an interface has its 32-bit counters from the first poll on, and a poll is one request", async () => {
    const [first, second] = await observed(1, "interfaces", 2);
    expect(heard.every((what) => what.startsWith("v1 "))).toBe(true);
    expect(heard.slice(-2)).toEqual(["v1 getRequest", "v1 getRequest"]);
    expect(heard.slice(0, -2).every((what) => what === "v1 getNextRequest")).toBe(true);
    expect(first).toHaveLength(interfaces.length);
    expect(second).toEqual(first);
    const [wide = []] = await observed("2c", "interfaces");
    const narrow = wide.map((one) => {
      if (one.kind !== "interface" || !one.present) throw new Error("not there");
      // What an agent may lack is not looked for by this version: it would cost each poll a request of its own.
      const isEthernet = (key: string) => ethernetCounters.some((name) => name === key);
      const counters = Object.entries(one.counters).map(([key, count]) => [
        key,
        count === undefined || isEthernet(key) ? undefined : Number(BigInt(count) % 2n ** 32n),
      ]);
      expect(one.counters.receiveBytes).toBeGreaterThan(0);
      expect(one.counters.fcsErrors).toBe(0);
      const source = { ...one.source, trafficBits: 32, ethernetBits: undefined };
      return { ...one, counters: Object.fromEntries(counters), duplex: undefined, source };
    });
    expect(first).toEqual(narrow);
  });

  it("sessions are found in BGP4-MIB", async () => {
    const [seen = [], again] = await observed(1, "bgp", 2);
    expect(heard.at(-1)).toBe("v1 getRequest");
    expect(heard).toContain("v1 getNextRequest");
    expect(again).toHaveLength(peers.length);
    // Only a walk tells of others.
    expect(seen).toEqual([...(again ?? []), { kind: "peers", router: router.name, unconfigured: [] }]);
    expect([seen]).toEqual(await observed("2c", "bgp"));
  });

  it("what a link tells besides is the same", async () => {
    const wanted = wantedNeighbors(
      ours.map(({ peerAddress, interface: name, peering }) => ({
        session: { remoteAddress: peerAddress, localAddress: undefined },
        interface: name,
        vlan: peering.vlan,
      })),
    );
    const all = async (version: 1 | "2c") => {
      const deps = depsFor(version);
      const collectors = [
        bfdCollector(deps, router.name, peers),
        neighborsCollector(deps, router.name, wanted),
        opticsCollector(deps, router.name, interfaces),
      ];
      const polls = [];
      for (const collect of [...collectors, ...collectors]) {
        const { result, observations } = await collect();
        polls.push({ result, observations: observations.map(({ at: _, ...observation }) => observation) });
      }
      return polls;
    };
    const seen = await all(1);
    expect(heard.every((what) => what.startsWith("v1 "))).toBe(true);
    expect(seen.map(({ result }) => result)).toEqual(Array(6).fill("ok"));
    expect(seen.map(({ observations }) => observations.length).every((n) => n > 0)).toBe(true);
    expect(seen).toEqual(await all("2c"));
  });

  it("a whole estate is polled as its configuration says", async () => {
    const lab = createLab({ clock: systemClock, log: createLogger("silent"), random: seededRandom(1) });
    const started = await lab.start();
    if (!started.ok) throw new Error(started.error);
    const { config, env } = started.value;
    const parsed = parseConfig(config.replace("version: 2c", "version: 1"), "lab.yaml", {
      env,
      readFile: () => ({ ok: false, error: "does not exist" }),
      credentialsDirectory: undefined,
    });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    const estate = parsed.value;
    const seen: Observation[] = [];
    const observe = (observation: Observation) => void seen.push(observation);
    const polling = createPolling({ clock: systemClock, log: createLogger("silent"), snmp: client, observe }, estate);
    polling.start();
    try {
      const subjects = () =>
        new Set(
          seen.flatMap((one) =>
            one.kind === "poll" && !optionalGroups.includes(one.group) ? [`${one.router} ${one.group}`] : [],
          ),
        );
      await expect.poll(() => subjects().size).toBe(3 * estate.routers.size);
    } finally {
      polling.stop();
      await lab.stop();
    }
    for (const one of seen) {
      if (one.kind === "poll") {
        const wellKnown = optionalGroups.includes(one.group) ? /^(ok|noSuchTable)$/ : /^ok$/;
        expect([one.router, one.group, one.result]).toEqual([one.router, one.group, expect.stringMatching(wellKnown)]);
      }
      if (one.kind === "session" || one.kind === "interface") expect(one.present).toBe(true);
    }
    expect([...estate.routers.values()].map(({ credentials }) => credentials.version)).toContain(1);
  });
});
