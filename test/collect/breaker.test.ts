import { afterEach, describe, expect, it } from "vitest";
import { createBreakers } from "../../agent/collect/breaker.ts";
import { nothing } from "../../agent/collect/collector.ts";
import { createPolling } from "../../agent/collect/polling.ts";
import { type Observation, pollGroups } from "../../agent/estate/observation.ts";
import { systemClock } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { createSnmpClient } from "../../agent/net/snmp-client.ts";
import { encodeMessage } from "../../agent/wire/snmp/message.ts";
import { createFakeClock } from "../support/clock.ts";
import { router } from "../support/estate.ts";
import { eventually } from "../support/eventually.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { startResponder } from "../support/snmp-responder.ts";
import { er0, mib, of, oneRouter, peer, polls, startPolling } from "./scene.ts";

const groups = ["system", "interfaces", "bgp"] as const;

/** A router whose three groups timed out three times, at an interval of 1 s. */
async function deadRouter() {
  const scripted = scriptedRouter(mib(100, [er0], [peer]));
  const scene = startPolling(scripted);
  await scene.pass(1_000);
  for (const group of pollGroups) scripted.breakGroup(group, "timeout");
  const dying = await scene.pass(3_000);
  return { scripted, ...scene, dying };
}

describe("a router that answers nothing", () => {
  it("is asked for everything until each group timed out three times, then for sysUpTime only", async () => {
    const { scripted, pass, polling, dying } = await deadRouter();
    for (const group of groups) expect(polls(dying, group)).toHaveLength(3);
    expect(polling.openBreakers()).toBe(1);
    scripted.asked.length = 0;
    await pass(5_000);
    // One small request a second, in place of three groups.
    expect(scripted.asked.length).toBeGreaterThanOrEqual(4);
    expect(scripted.asked.length).toBeLessThanOrEqual(5);
    expect(new Set(scripted.asked)).toEqual(new Set(["get system"]));
  });

  it("is told to time out by every group at its own pace, with the time since it was heard", async () => {
    const { pass } = await deadRouter();
    const seen = await pass(5_000);
    for (const group of groups) {
      expect(polls(seen, group)).toHaveLength(5);
      for (const { result, detail } of polls(seen, group)) {
        expect(result).toBe("timeout");
        expect(detail).toMatch(/ams-ce1 last answered \d+s ago, so it is only asked for sysUpTime/);
        expect(detail).toContain("scripted timeout");
      }
    }
    expect(of(seen, "interface")).toEqual([]);
    const last = (n: number) => polls(seen, "bgp").at(n)?.detail ?? "";
    expect(last(-1)).not.toBe(last(0));
  });

  it("is asked for everything at once when it answers again", async () => {
    const { scripted, pass, polling, lines } = await deadRouter();
    await pass(5_000);
    for (const group of pollGroups) scripted.heal(group);
    // At most one pause between two small requests, whatever is left of the interval.
    const seen = await pass(1_100);
    for (const group of groups) expect(polls(seen, group).some(({ result }) => result === "ok")).toBe(true);
    expect(of(seen, "session")).not.toEqual([]);
    expect(polling.openBreakers()).toBe(0);
    expect(lines.filter((line) => line.includes("it answers nothing"))).toHaveLength(1);
    expect(lines.filter((line) => line.includes("answers again, so everything"))).toHaveLength(1);
  });

  it("is asked for sysUpTime at once when a notification comes from it, and then for everything", async () => {
    const { scripted, pass, polling } = await deadRouter();
    // To just behind a small request, so that the next is nearly a second away.
    scripted.asked.length = 0;
    for (let i = 0; i < 20 && scripted.asked.length === 0; i++) await pass(100);
    expect(scripted.asked).toEqual(["get system"]);
    for (const group of pollGroups) scripted.heal(group);
    scripted.asked.length = 0;
    polling.confirm("ams-ce1", "interfaces");
    polling.confirm("ams-ce1", "bgp");
    expect(scripted.asked).toEqual(["get system"]);
    const seen = await pass(100);
    for (const group of groups) expect(polls(seen, group).map(({ result }) => result)).toContain("ok");
    expect(polling.openBreakers()).toBe(0);
  });

  it("is asked once more when the notification comes while a small request is under way, which it may never have got", async () => {
    const clock = createFakeClock();
    const knocks: ((sign: "silent") => void)[] = [];
    const breakers = createBreakers({ clock, log: { info: () => {}, warn: () => {}, error: () => {} } });
    const breaker = breakers.of({
      name: "ams-ce1",
      pollInterval: 1_000,
      groups: ["system"],
      knock: () => new Promise((resolve) => void knocks.push(resolve)),
      askAll: () => {},
    });
    const silence = async () => {
      knocks.at(-1)?.("silent");
      await new Promise((resolve) => setImmediate(resolve));
      clock.pass(1);
    };
    expect(breakers.knockNow(breaker)).toBe(false);
    for (let i = 0; i < 3; i++) breakers.took(breaker, "system", nothing("timeout", ""));
    clock.pass(1_000);
    expect(knocks).toHaveLength(1);
    expect(breakers.knockNow(breaker)).toBe(true);
    expect(knocks).toHaveLength(1);
    await silence();
    expect(knocks).toHaveLength(2);
    await silence();
    expect(knocks).toHaveLength(2);
    breakers.stop();
  });

  it("is heard when it refuses, too", async () => {
    const { scripted, pass, polling } = await deadRouter();
    for (const group of pollGroups) scripted.breakGroup(group, "refused");
    expect((await pass(1_200)).filter((o) => o.kind === "poll" && o.result === "refused")).not.toEqual([]);
    expect(polling.openBreakers()).toBe(0);
  });

  it("stays open, without new lines in the log, while only the small request is answered", async () => {
    const { scripted, pass, polling, lines } = await deadRouter();
    // A path that lets no large datagram through.
    scripted.breakGroup("system", "timeout", 2);
    const own = () => lines.filter((line) => /it answers (nothing|again)/.test(line)).length;
    const before = own();
    scripted.asked.length = 0;
    await pass(10_000);
    expect(polling.openBreakers()).toBe(1);
    expect(own()).toBe(before);
    expect(
      scripted.asked.filter((what) => what === "walk interfaces" || what === "get interfaces").length,
    ).toBeLessThanOrEqual(10);
    expect(scripted.asked).toContain("get interfaces");
  });

  it("never opens while one group is answered", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer]));
    const { pass, polling } = startPolling(scripted);
    await pass(1_000);
    scripted.breakGroup("bgp", "timeout");
    scripted.breakGroup("interfaces", "timeout");
    scripted.asked.length = 0;
    await pass(10_000);
    expect(polling.openBreakers()).toBe(0);
    expect(scripted.asked.filter((what) => what.endsWith("bgp"))).toHaveLength(10);
  });

  it("does not open because this host cannot send", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer]));
    const { pass, polling } = startPolling(scripted);
    for (const group of pollGroups) scripted.breakGroup(group, "unreachable");
    await pass(10_000);
    expect(polling.openBreakers()).toBe(0);
  });

  it("is asked no more once the polling stops", async () => {
    const { scripted, polling, pass, clock } = await deadRouter();
    polling.stop();
    expect(clock.pending()).toBe(0);
    scripted.asked.length = 0;
    polling.confirm("ams-ce1", "bgp");
    await pass(5_000);
    expect(scripted.asked).toEqual([]);
  });

  it("is asked more seldom where many are dead", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer]));
    for (const group of pollGroups) scripted.breakGroup(group, "timeout");
    const estate = oneRouter();
    const many = Array.from({ length: 1_200 }, (_, i) => router(`dead-${i}`, "10.255.0.11"));
    const { pass, polling } = startPolling(scripted, {
      ...estate,
      circuits: new Map(),
      routers: new Map(many.map((one) => [one.name, { ...one, pollInterval: milliseconds(1_000) }])),
    });
    await pass(10_000);
    expect(polling.openBreakers()).toBe(1_200);
    scripted.asked.length = 0;
    await pass(6_000);
    expect(scripted.asked.length).toBeGreaterThan(1_800);
    expect(scripted.asked.length).toBeLessThanOrEqual(2_700);
  });
});

describe("over UDP", () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  it("sends a silent router one datagram at a time, and finds it again", async () => {
    let silent = false;
    let swallowed = 0;
    const responder = await startResponder({
      community: "sentinel-community",
      mib: () => mib(100, [er0], [peer]),
      script: ({ answer, send }) => {
        if (silent) swallowed += 1;
        else send(encodeMessage(answer));
      },
    });
    stops.push(responder.stop);
    const interval = milliseconds(250);
    const estate = oneRouter();
    const one = { ...router("ams-ce1", "127.0.0.1"), port: responder.port, pollInterval: interval };
    const timeouts = { initial: milliseconds(40), floor: milliseconds(20), cap: milliseconds(40) };
    const snmp = createSnmpClient({ clock: systemClock }, { timeouts });
    const seen: Observation[] = [];
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const polling = createPolling(
      { clock: systemClock, log, snmp, observe: (o) => void seen.push(o) },
      { ...estate, routers: new Map([["ams-ce1", one]]) },
    );
    stops.push(async () => {
      polling.stop();
      await snmp.stop();
    });
    await snmp.start();
    polling.start();
    await eventually("first polls", () =>
      groups.every((group) => polls(seen, group).some(({ result }) => result === "ok")),
    );
    silent = true;
    await eventually("open", () => polling.openBreakers() === 1);
    const since = responder.requests().length;
    const swallowedBefore = swallowed;
    const all = () => responder.requests().slice(since);
    // What left before the breaker opened may arrive after.
    const firstSmall = () => all().findIndex(({ pdu }) => pdu.varbinds.length === 1);
    await eventually("small requests", () => firstSmall() >= 0 && all().length >= firstSmall() + 3);
    const small = all().slice(firstSmall());
    // The silence is real, and each request asks for sysUpTime alone and is sent once.
    expect(swallowed - swallowedBefore).toBe(all().length);
    expect(new Set(small.map(({ pdu }) => pdu.requestId)).size).toBe(small.length);
    for (const { pdu } of small) expect(pdu.varbinds.map(({ oid }) => oid.join("."))).toEqual(["1.3.6.1.2.1.1.3.0"]);
    silent = false;
    const from = seen.length;
    await eventually("polls again", () =>
      groups.every((group) => polls(seen.slice(from), group).some(({ result }) => result === "ok")),
    );
    expect(polling.openBreakers()).toBe(0);
  });
});
