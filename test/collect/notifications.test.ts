// From the datagram to the poll: a real socket, and a clock that the test moves.

import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { createNotifications } from "../../agent/collect/notifications.ts";
import type { Estate, Router } from "../../agent/estate/estate.ts";
import type { Observation } from "../../agent/estate/observation.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";
import { createFakeClock } from "../support/clock.ts";
import { circuit, router } from "../support/estate.ts";
import { eventually } from "../support/eventually.ts";
import { notificationV2c, octets, startNotifier, trapOids } from "../support/notifications.ts";

const community = "sentinel-community";
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** The small estate's circuit, with both links on that router. */
function circuitOf(name: string): Estate["circuits"] {
  const of = circuit();
  const peerings = of.peerings.map((peering) => {
    const { primary, secondary } = peering.paths;
    return { ...peering, paths: { primary: { ...primary, router: name }, secondary: { ...secondary, router: name } } };
  });
  return new Map([["ams-1", { ...of, peerings }]]);
}

async function scene() {
  const clock = createFakeClock();
  const polled: string[] = [];
  const observed: Observation[] = [];
  const lines: string[] = [];
  const line = (level: string) => (fields: unknown, message: string) =>
    void lines.push(`${level} ${JSON.stringify(fields)} ${message}`);
  const ce1: Router = router("ce1", "127.0.0.1");
  const of = { ...ce1, notifications: { ...ce1.notifications, addresses: ["127.0.0.1", "127.0.0.2"] } };
  const notifications = createNotifications(
    {
      clock,
      log: { info: line("info"), warn: line("warn"), error: line("error") },
      random: (n) => new Uint8Array(n),
      memory: undefined,
      observe: (observation) => void observed.push(observation),
      poll: (name, group) => void polled.push(`${name} ${group}`),
    },
    { notifications: { host: "127.0.0.1", port: 0 }, routers: new Map([["ce1", of]]), circuits: circuitOf("ce1") },
  );
  expect(await notifications.start()).toEqual({ ok: true, value: undefined });
  stops.push(notifications.stop);
  const senders = new Map<string, Awaited<ReturnType<typeof startNotifier>>>();
  let sent = 0;
  async function send(bytes: Uint8Array, from = "127.0.0.1"): Promise<void> {
    const sender = senders.get(from) ?? (await startNotifier(from));
    if (!senders.has(from)) stops.push(sender.stop);
    senders.set(from, sender);
    sent += 1;
    await sender.send(bytes, notifications.port());
    await eventually("the datagram", () => notifications.datagrams().received === sent);
  }
  return { clock, polled, observed, lines, notifications, send };
}

const trap = (name: keyof typeof trapOids) => notificationV2c(community, { trap: trapOids[name] });

describe("a notification", () => {
  it.each([
    ["linkDown", "link", ["interfaces", "bgp", "bfd"]],
    ["bgpBackward", "bgp", ["bgp", "interfaces"]],
    ["coldStart", "start", ["system", "interfaces", "bgp"]],
  ] as const)("%s causes a poll of what can confirm it, at once, and is counted as %s", async (name, kind, groups) => {
    const { polled, notifications, send } = await scene();
    await send(trap(name));
    expect(polled).toEqual(groups.map((group) => `ce1 ${group}`));
    expect(notifications.taken().get("ce1")).toEqual({ link: 0, bgp: 0, bfd: 0, start: 0, [kind]: 1 });
    expect(notifications.confirmed().get("ce1")).toBe(1);
  });

  it("of no interest causes none, and is counted", async () => {
    const { polled, notifications, lines, send } = await scene();
    for (let i = 0; i < 3; i++) await send(trap("authenticationFailure"));
    expect(polled).toEqual([]);
    expect(notifications.dropped()).toMatchObject({ notOfInterest: 3 });
    expect(lines.filter((line) => line.includes(trapOids.authenticationFailure))).toHaveLength(1);
  });

  it("in a storm causes a poll at once and one at the end of the second", async () => {
    const { polled, clock, notifications, send } = await scene();
    for (let i = 0; i < 20; i++) await send(trap(i % 2 ? "linkUp" : "linkDown"), i % 2 ? "127.0.0.1" : "127.0.0.2");
    const round = ["ce1 interfaces", "ce1 bgp", "ce1 bfd"];
    expect(polled).toEqual(round);
    clock.pass(1_000);
    expect(polled).toEqual([...round, ...round]);
    clock.pass(10_000);
    expect(polled).toHaveLength(6);
    expect(notifications.taken().get("ce1")?.link).toBe(20);
  });

  it("is told in the log once a minute, with what it said", async () => {
    const { lines, clock, send } = await scene();
    const index = { oid: oid("1.3.6.1.2.1.2.2.1.1.3"), value: { type: "integer", value: 3 } } as const;
    const name = { oid: oid("1.3.6.1.2.1.2.2.1.2.3"), value: { type: "octets", value: octets("ge0") } } as const;
    const said = notificationV2c(community, { trap: trapOids.linkDown, varbinds: [index, name] });
    const told = () => lines.filter((line) => line.includes('linkDown of ifIndex 3, "ge0": a poll confirms it'));
    for (let i = 0; i < 5; i++) await send(said);
    expect(told()).toHaveLength(1);
    clock.pass(61_000);
    await send(said);
    expect(told()).toHaveLength(2);
  });
});

describe("a notification of a session", () => {
  const entry = "1.3.6.1.2.1.15.3.1";
  const told = (peer: string) =>
    notificationV2c(community, {
      trap: trapOids.bgpBackward,
      varbinds: [
        { oid: oid(`${entry}.14.${peer}`), value: { type: "octets", value: Uint8Array.of(4, 0) } },
        { oid: oid(`${entry}.2.${peer}`), value: { type: "integer", value: 1 } },
      ],
    });

  it("is observed with its time and what it said, where the session is configured", async () => {
    const { clock, observed, polled, send } = await scene();
    await send(told("172.16.0.2"));
    expect(observed).toEqual([
      {
        kind: "notification",
        router: "ce1",
        remoteAddress: "172.16.0.2",
        at: clock.now(),
        name: "bgpBackwardTransNotification",
        state: "idle",
        lastError: [4, 0],
      },
    ]);
    expect(polled).toContain("ce1 bgp");
  });

  it("is not kept of any other session, and none of one without a peer; each causes its poll all the same", async () => {
    const { observed, notifications, send } = await scene();
    await send(told("198.51.100.1"));
    await send(trap("bgpBackward"));
    await send(trap("linkDown"));
    expect(observed).toEqual([]);
    expect(notifications.taken().get("ce1")).toMatchObject({ bgp: 2, link: 1 });
  });
});

describe("what is dropped", () => {
  it("is told once an hour by reason, and by address where nobody is known there, without a secret", async () => {
    const { lines, clock, polled, notifications, send } = await scene();
    const drops = async () => {
      for (let i = 0; i < 3; i++) {
        await send(notificationV2c("sentinel-guess", { trap: trapOids.linkDown }));
        await send(trap("linkDown"), "127.0.0.3");
        await send(trap("linkDown"), "127.0.0.4");
      }
    };
    await drops();
    const warnings = () => lines.filter((line) => line.startsWith("warn"));
    expect(warnings().map((line) => JSON.parse(line.slice(5, line.indexOf("}") + 1)))).toEqual([
      { router: "ce1", address: "127.0.0.1", reason: "community" },
      { address: "127.0.0.3", reason: "unknownSource" },
      { address: "127.0.0.4", reason: "unknownSource" },
    ]);
    clock.pass(3_600_000);
    await drops();
    expect(warnings()).toHaveLength(6);
    expect(notifications.dropped()).toMatchObject({ community: 6, unknownSource: 12 });
    expect(polled).toEqual([]);
    expect(lines.join()).not.toContain("sentinel");
    expect(inspect(notifications, { depth: 9, showHidden: true })).not.toContain("sentinel");
  });
});

describe("where none are configured", () => {
  it("nothing listens and nothing is counted", async () => {
    const clock = createFakeClock();
    const silence = () => {};
    const notifications = createNotifications(
      {
        clock,
        log: { info: silence, warn: silence, error: silence },
        random: (n) => new Uint8Array(n),
        memory: undefined,
        observe: () => {},
        poll: silence,
      },
      { notifications: undefined, routers: new Map([["ce1", router("ce1", "127.0.0.1")]]), circuits: new Map() },
    );
    expect(await notifications.start()).toEqual({ ok: true, value: undefined });
    expect([notifications.port(), notifications.taken().size, notifications.dropped()]).toEqual([0, 0, {}]);
    await notifications.stop();
  });
});
