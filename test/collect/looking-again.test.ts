// What a poll costs in datagrams, counted at the router, and how soon what appears is seen: over real UDP.

import { afterEach, describe, expect, it } from "vitest";
import { bgpCollector } from "../../agent/collect/bgp-sessions.ts";
import type { Collector, Poll } from "../../agent/collect/collector.ts";
import { interfacesCollector } from "../../agent/collect/interfaces.ts";
import { mostPollsBetweenLooks } from "../../agent/collect/looks.ts";
import { createUptimeWatch } from "../../agent/collect/uptime.ts";
import { systemClock } from "../../agent/lib/clock.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient } from "../../agent/net/snmp-client.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { type Mib, startResponder } from "../support/snmp-responder.ts";
import { er0, er1, type Interface, mib, otherPeer, peer } from "./scene.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const number = (value: number): Value => ({ type: "gauge32", value });
const lastChange = (ticks: number): Readonly<Record<string, Value>> => ({
  "1.3.6.1.2.1.31.1.5.0": { type: "timeTicks", value: ticks },
});
const ifNumber = (count: number): Readonly<Record<string, Value>> => ({ "1.3.6.1.2.1.2.1.0": number(count) });

async function startRouter(first: Mib) {
  let now = first;
  const responder = await startResponder({ mib: () => now });
  stops.push(() => responder.stop());
  const client = createSnmpClient({ clock: systemClock });
  stops.push(() => client.stop());
  const target = client.target({
    router: "ams-ce1",
    address: "127.0.0.1",
    port: responder.port,
    credentials: { version: "2c", community: new Secret("public") },
    anySource: false,
  });
  await client.start();
  const deps = { clock: systemClock, target, uptime: createUptimeWatch() };
  let counted = 0;
  return {
    interfaces: (...names: readonly string[]) => interfacesCollector(deps, "ams-ce1", names),
    sessions: (...peers: readonly string[]) => bgpCollector(deps, "ams-ce1", peers, "bgpPeerTable"),
    become: (next: Mib) => {
      now = next;
    },
    /** Requests since this was last asked: those of walks, those of GETs, and all names that they had. */
    asked() {
      const requests = responder.requests().slice(counted);
      counted += requests.length;
      const walks = requests.filter(({ pdu }) => pdu.type === "getBulkRequest").length;
      const names = requests.flatMap(({ pdu }) => pdu.varbinds.map(({ oid }) => oid.join(".")));
      return { walks, gets: requests.length - walks, names };
    },
  };
}

/** Polls `times` times; the last one. */
async function poll(collect: Collector, times = 1): Promise<Poll> {
  let last = await collect();
  for (let i = 1; i < times; i++) last = await collect();
  return last;
}

const presence = ({ observations }: Poll) => observations.flatMap((seen) => ("present" in seen ? [seen.present] : []));

/** Polls until it is seen. */
async function pollsUntilSeen(collect: Collector): Promise<number> {
  for (let polls = 1; polls <= 40; polls++) if (presence(await collect()).every(Boolean)) return polls;
  throw new Error("not seen in 40 polls");
}

const three: readonly Interface[] = [er0, er1, { ...er1, ifIndex: 5, names: ["er2", "ethernet 2", ""] }];

describe("a poll of known interfaces", () => {
  it.each([
    [1, ["er0"], 64 as const],
    [1, ["er0", "er1"], 64 as const],
    [1, ["er0", "er1", "er2"], undefined],
    [1, ["er0", "er1", "er2"], 64 as const],
  ])("is %i datagram for %j with Ethernet counters of %s bits", async (datagrams, names, ethernet) => {
    const interfaces = three.map((one) => ({ ...one, ...(ethernet === undefined ? {} : { ethernet }) }));
    const router = await startRouter(mib(100, interfaces, []));
    const collect = router.interfaces(...names);
    await poll(collect);
    router.asked();
    expect(presence(await poll(collect, 10))).toEqual(names.map(() => true));
    expect(router.asked()).toMatchObject({ walks: 0, gets: 10 * datagrams });
  });
});

describe("an interface that the router does not have", () => {
  it("costs a walk now and then, and is seen within ten polls of its coming", async () => {
    const router = await startRouter(mib(100, [er1], []));
    const collect = router.interfaces("er0", "er1");
    expect(presence(await poll(collect, 47))).toEqual([true, false]);
    expect(router.asked().walks).toBe(9);
    await poll(collect, 20);
    expect(router.asked()).toMatchObject({ walks: 2, gets: 22 });
    router.become(mib(101, [er1, er0], []));
    expect(await pollsUntilSeen(collect)).toBeLessThanOrEqual(mostPollsBetweenLooks);
    router.asked();
    await poll(collect, 20);
    expect(router.asked()).toMatchObject({ walks: 0, gets: 20 });
  });

  it.each([
    ["ifTableLastChange", lastChange(5), lastChange(9_900)],
    ["ifNumber", ifNumber(1), ifNumber(2)],
    [
      "ifNumber, where ifTableLastChange is always 0",
      { ...lastChange(0), ...ifNumber(1) },
      { ...lastChange(0), ...ifNumber(2) },
    ],
  ])("is seen at once when %s moves", async (_, before, after) => {
    const router = await startRouter(mib(100, [er1], [], before));
    const collect = router.interfaces("er0");
    await poll(collect, 30);
    router.become(mib(101, [er1, er0], [], after));
    expect(await pollsUntilSeen(collect)).toBe(1);
  });

  it("is not walked for at every poll of a router whose ifTableLastChange always moves", async () => {
    const router = await startRouter(mib(100, [er1], [], lastChange(0)));
    const collect = router.interfaces("er0");
    for (let i = 0; i < 100; i++) {
      router.become(mib(100, [er1], [], lastChange(i)));
      await collect();
    }
    const { walks } = router.asked();
    expect(walks).toBeGreaterThan(10);
    expect(walks).toBeLessThan(30);
  });

  it("is seen at once when it comes back to its ifIndex, whatever else the router tells", async () => {
    const router = await startRouter(mib(100, [er0, er1], []));
    const collect = router.interfaces("er0", "er1");
    await poll(collect);
    router.become(mib(101, [er1], []));
    expect(presence(await poll(collect, 40))).toEqual([true, false]);
    router.become(mib(102, [er0, er1], []));
    expect(await pollsUntilSeen(collect)).toBe(1);
  });

  it("is looked for at once after a restart of the agent", async () => {
    const router = await startRouter(mib(100, [er1], []));
    const collect = router.interfaces("er0");
    await poll(collect, 40);
    router.become(mib(3, [er1, er0], []));
    expect(await pollsUntilSeen(collect)).toBe(1);
  });

  it("is absent only while the router answers", async () => {
    const router = await startRouter(mib(100, [er1], []));
    const collect = router.interfaces("er0");
    expect(await poll(collect, 5)).toMatchObject({ result: "ok", observations: [{ present: false }] });
    router.become(mib(101, [], []));
    expect(await poll(collect, 10)).toMatchObject({ result: "noSuchTable", observations: [] });
  });
});

describe("a session that the router does not have", () => {
  it("costs a walk now and then, and is seen within ten polls of its coming", async () => {
    const router = await startRouter(mib(100, [], [otherPeer]));
    const collect = router.sessions(peer.address, otherPeer.address);
    expect(presence(await poll(collect, 47))).toEqual([true, false]);
    router.asked();
    await poll(collect, 20);
    expect(router.asked()).toMatchObject({ walks: 2 });
    router.become(mib(101, [], [peer, otherPeer]));
    expect(await pollsUntilSeen(collect)).toBeLessThanOrEqual(mostPollsBetweenLooks);
    router.asked();
    await poll(collect, 20);
    expect(router.asked()).toMatchObject({ walks: 0, gets: 20 });
  });

  it("is seen at once when it comes back", async () => {
    const router = await startRouter(mib(100, [], [peer, otherPeer]));
    const collect = router.sessions(peer.address, otherPeer.address);
    await poll(collect);
    router.become(mib(101, [], [otherPeer]));
    expect(presence(await poll(collect, 40))).toEqual([true, false]);
    router.become(mib(102, [], [peer, otherPeer]));
    expect(await pollsUntilSeen(collect)).toBe(1);
  });

  it("is seen at once when the whole table comes back, which is not walked at every poll meanwhile", async () => {
    const router = await startRouter(mib(100, [], [peer, otherPeer]));
    const collect = router.sessions(peer.address, otherPeer.address);
    await poll(collect);
    router.become(mib(101, [], []));
    expect(await poll(collect, 40)).toMatchObject({ result: "noSuchTable", observations: [] });
    router.asked();
    expect(await poll(collect, 20)).toMatchObject({ result: "noSuchTable" });
    expect(router.asked().walks).toBeLessThanOrEqual(2);
    router.become(mib(102, [], [peer, otherPeer]));
    expect(presence(await poll(collect))).toEqual([true, true]);
  });
});

describe("Ethernet counters", () => {
  const errors = (poll: Poll) =>
    poll.observations.map((seen) => (seen.kind === "interface" && seen.present ? seen : undefined));

  it.each([
    [
      64 as const,
      { alignmentErrors: 2 ** 33 + 1, fcsErrors: 2 ** 33 + 2, symbolErrors: 2 ** 33 + 6, lateCollisions: 16 },
    ],
    [
      32 as const,
      {
        alignmentErrors: 10,
        fcsErrors: 11,
        macTransmitErrors: 12,
        framesTooLong: 13,
        macReceiveErrors: 14,
        symbolErrors: 15,
        lateCollisions: 16,
      },
    ],
  ])("are read in %i bits", async (ethernet, counters) => {
    const router = await startRouter(mib(100, [{ ...er0, ethernet }], []));
    const seen = errors(await poll(router.interfaces("er0")));
    expect(seen).toMatchObject([{ counters, duplex: "fullDuplex", source: { ethernetBits: ethernet } }]);
  });

  it("are asked for rarely of an interface that has none, and found when it has", async () => {
    const router = await startRouter(mib(100, [er0], []));
    const collect = router.interfaces("er0");
    await poll(collect);
    const isEthernet = (name: string) => name.startsWith("1.3.6.1.2.1.10.7.");
    expect(router.asked().names.filter(isEthernet)).toHaveLength(2);
    expect(errors(await poll(collect, 99))).toMatchObject([{ counters: { fcsErrors: undefined }, duplex: undefined }]);
    expect(router.asked()).toMatchObject({ walks: 0, gets: 99 });
    router.become(mib(101, [{ ...er0, ethernet: 32 }], []));
    expect(errors(await poll(collect))).toMatchObject([{ counters: { fcsErrors: 11 } }]);
    expect(router.asked()).toMatchObject({ walks: 0, gets: 2 });
  });
});

describe("64-bit counters", () => {
  it("that the agent loses are replaced by those of 32 bits, and taken again when they are back", async () => {
    const router = await startRouter(mib(100, [er0], []));
    const collect = router.interfaces("er0");
    await poll(collect);
    router.become(mib(101, [{ ...er0, octets: 7n, narrow: true }], []));
    await poll(collect);
    expect((await poll(collect, 2)).observations).toMatchObject([
      { source: { trafficBits: 32 }, counters: { receiveBytes: 7 } },
    ]);
    router.become(mib(102, [er0], []));
    expect((await poll(collect, 101)).observations).toMatchObject([{ source: { trafficBits: 64 } }]);
  });
});
