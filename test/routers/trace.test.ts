// Traces and path MTUs over real routers (Linux, in namespaces), both families and techniques. Needs root.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SubjectKey } from "../../agent/estate/observation.ts";
import type { Traced, TraceObservation, Tracing } from "../../agent/estate/tracing.ts";
import { milliseconds, seconds } from "../../agent/lib/duration.ts";
import { at, coreAddress, createTraceLab, jumpAddress, type TraceLab } from "./lab/trace-lab.ts";

const cases = [
  [4, "icmp"],
  [6, "icmp"],
  [4, "udp"],
  [6, "udp"],
] as const;

let lab: TraceLab;
beforeAll(async () => {
  lab = await createTraceLab(`cwt${process.pid}`);
});
afterEach(() => lab.reset());
afterAll(() => lab?.remove());

function traced(family: 4 | 6, technique: Traced["technique"], core: 1 | 2 | 3, rest: Partial<Traced> = {}): Traced {
  return {
    of: `core ${family} ${technique} ${core}` as SubjectKey,
    technique,
    address: coreAddress(family, core),
    port: technique === "udp" ? 33_434 : 0,
    source: jumpAddress[family],
    interface: undefined,
    dscp: 0,
    mtu: 1_500,
    ...rest,
  };
}

/** One trace and one search each, unless asked for more. */
function tracing(targets: readonly Traced[], rest: Partial<Tracing> = {}): Tracing {
  const [never, pause] = [seconds(3_600), seconds(1)];
  return { interval: never, mtuInterval: never, pause, packetRate: 200, ownPrefixes: [], targets, ...rest };
}

const addresses = ({ hops }: TraceObservation) => hops.map(({ address }) => address ?? "*");

describe("a trace", () => {
  it.each(cases)("over IPv%d by %s names every hop in order, and ends at the target", async (family, technique) => {
    const driver = lab.trace(tracing([traced(family, technique, 1), traced(family, technique, 2)]));
    const primary = await driver.traceOf(coreAddress(family, 1));
    const secondary = await driver.traceOf(coreAddress(family, 2));
    expect(addresses(primary)).toEqual([at(family, 1, 2), at(family, 2, 2), coreAddress(family, 1)]);
    expect(addresses(secondary)).toEqual([at(family, 4, 2), at(family, 5, 2), coreAddress(family, 2)]);
    for (const trace of [primary, secondary]) {
      expect(trace).toMatchObject({ end: "reached", why: "scheduled", technique, detail: "" });
      expect(trace.hops.every(({ tries, delay }) => tries === 1 && (delay ?? 0) > 0)).toBe(true);
    }
    const { dropped } = await driver.end();
    expect(dropped).toMatchObject({ malformed: 0, forged: 0, wrongSource: 0, ambiguous: 0 });
  });

  it.each([4, 6] as const)("over IPv%d needs no privileges where ping_group_range admits it", async (family) => {
    const driver = lab.trace(tracing([traced(family, "icmp", 1), traced(family, "udp", 2)]), 65_534);
    expect((await driver.traceOf(coreAddress(family, 1))).end).toBe("reached");
    expect((await driver.traceOf(coreAddress(family, 2))).end).toBe("reached");
  });

  it.each([4, 6] as const)(
    "over IPv%d uses a raw socket where ping_group_range does not, and else says so",
    async (family) => {
      await lab.inside("jump", "sysctl", "-q", "-w", "net.ipv4.ping_group_range=1 0");
      try {
        const root = lab.trace(tracing([traced(family, "icmp", 1)]));
        expect(addresses(await root.traceOf(coreAddress(family, 1)))).toEqual([
          at(family, 1, 2),
          at(family, 2, 2),
          coreAddress(family, 1),
        ]);
        expect((await root.mtuOf(coreAddress(family, 1))).result).toBe("whole");
        const nobody = lab.trace(tracing([traced(family, "icmp", 1)]), 65_534);
        const refused = await nobody.traceOf(coreAddress(family, 1));
        expect(refused).toMatchObject({ end: "unsent", detail: expect.stringContaining("ping_group_range") });
        expect((await nobody.mtuOf(coreAddress(family, 1))).result).toBe("unsent");
        expect(nobody.logs().filter(({ level }) => level === "warn")).toHaveLength(1);
      } finally {
        await lab.inside("jump", "sysctl", "-q", "-w", "net.ipv4.ping_group_range=0 2147483647");
      }
    },
  );

  it.each(cases)(
    "over IPv%d by %s shows a router that answers nothing as *, and goes on",
    async (family, technique) => {
      const filter = await lab.filter(
        "msee1",
        `chain output { type filter hook output priority 0;
        icmp type time-exceeded counter name dropped drop; icmpv6 type time-exceeded counter name dropped drop; }`,
      );
      const driver = lab.trace(tracing([traced(family, technique, 1)]));
      const trace = await driver.traceOf(coreAddress(family, 1));
      expect(addresses(trace)).toEqual([at(family, 1, 2), "*", coreAddress(family, 1)]);
      expect(trace).toMatchObject({ end: "reached" });
      expect(trace.hops[1]?.tries).toBe(3);
      expect(await filter.dropped()).toBe(3);
      await filter.remove();
    },
  );

  it.each([4, 6] as const)(
    "over IPv%d into a hole ends after five silent hops, and a refusal ends it at once",
    async (family) => {
      const hole = await lab.filter(
        "msee1",
        `chain forward { type filter hook forward priority 0;
        iifname l2 ip ttl < 30 counter name dropped drop; iifname l2 ip6 hoplimit < 30 counter name dropped drop; }`,
      );
      const driver = lab.trace(tracing([traced(family, "icmp", 1)], { interval: seconds(12) }));
      const trace = await driver.traceOf(coreAddress(family, 1));
      expect(addresses(trace)).toEqual([at(family, 1, 2), at(family, 2, 2), "*", "*", "*", "*", "*"]);
      expect(trace.end).toBe("silent");
      expect(await hole.dropped()).toBe(15);
      await hole.remove();
      const wide = family === 4 ? "10.98.0.0/24" : "fd00:98::/64";
      await lab.inside("msee1", "ip", `-${family}`, "route", "replace", "unreachable", wide);
      driver.degraded(`core ${family} icmp 1`);
      const refused = await driver.traceOf(coreAddress(family, 1), 2);
      await lab.inside("msee1", "ip", `-${family}`, "route", "del", "unreachable", wide);
      await lab.inside("msee1", "ip", `-${family}`, "route", "replace", wide, "via", at(family, 3, 2));
      expect(refused).toMatchObject({ why: "degraded", end: "unreachable" });
      expect(refused.detail).toMatch(
        family === 4 ? /10\.97\.2\.2: host unreachable/ : /fd00:97:2::2: (no route|address unreachable)/,
      );
    },
  );

  it.each(cases)("over IPv%d by %s keeps to one of two ways of equal cost, every time", async (family, technique) => {
    const counters = `counter msee1 { }
      counter twin { }
      chain forward { type filter hook forward priority 0;
        ip daddr ${coreAddress(4, 3)} oifname l2 counter name msee1
        ip daddr ${coreAddress(4, 3)} oifname l10 counter name twin
        ip6 daddr ${coreAddress(6, 3)} oifname l2 counter name msee1
        ip6 daddr ${coreAddress(6, 3)} oifname l10 counter name twin
      }`;
    const filter = await lab.filter("ce1", counters);
    const driver = lab.trace(tracing([traced(family, technique, 3)], { interval: milliseconds(300) }));
    const traces = [];
    for (let n = 1; n <= 8; n++) traces.push(await driver.traceOf(coreAddress(family, 3), n));
    await driver.end();
    const second = new Set(traces.map((trace) => addresses(trace)[1]));
    expect(traces.every(({ end }) => end === "reached")).toBe(true);
    expect(second.size).toBe(1);
    const carried = [await filter.dropped("msee1"), await filter.dropped("twin")];
    expect(Math.min(...carried)).toBe(0);
    expect(Math.max(...carried)).toBeGreaterThanOrEqual(16);
    // The proof that the router does spread flows: other ports take both ways.
    const spread = Array.from({ length: 24 }, (_, i) =>
      traced(family, "udp", 3, { port: 40_000 + i, of: `${i}` as SubjectKey }),
    );
    const many = lab.trace(tracing(spread));
    await many.traceOf(coreAddress(family, 3), spread.length);
    expect(new Set(many.traces().map((trace) => addresses(trace)[1])).size).toBe(2);
    await filter.remove();
  });
});

describe("the path MTU", () => {
  it.each(cases)("over IPv%d by %s is what is expected where nothing is smaller", async (family, technique) => {
    const driver = lab.trace(tracing([traced(family, technique, 1)]));
    expect(await driver.mtuOf(coreAddress(family, 1))).toMatchObject({ result: "whole", mtu: 1_500 });
  });

  it.each(cases)("over IPv%d by %s is 1400 where a hop says so, and the hop is named", async (family, technique) => {
    await lab.mtu(3, 1_400);
    const driver = lab.trace(tracing([traced(family, technique, 1)], { mtuInterval: milliseconds(500) }));
    const found = { result: "limited", mtu: 1_400, by: at(family, 2, 2) };
    expect(await driver.mtuOf(coreAddress(family, 1))).toMatchObject(found);
    // The kernel has learnt it by now, and is not believed: the search finds it again by itself.
    expect(await driver.mtuOf(coreAddress(family, 1), 2)).toMatchObject(found);
    await lab.mtu(3, 1_500);
    const seen = driver.mtuOf(coreAddress(family, 1), 5);
    expect(await seen).toMatchObject({ result: "whole", mtu: 1_500 });
  });

  it.each(cases)("over IPv%d by %s is 1400 and a black hole where the hop says nothing", async (family, technique) => {
    await lab.mtu(3, 1_400);
    const filter = await lab.filter(
      "msee1",
      `chain output { type filter hook output priority 0;
        icmp type destination-unreachable counter name dropped drop; icmpv6 type packet-too-big counter name dropped drop; }`,
    );
    const driver = lab.trace(tracing([traced(family, technique, 1)]));
    expect(await driver.mtuOf(coreAddress(family, 1))).toMatchObject({
      result: "blackHole",
      mtu: 1_400,
    });
    expect(await filter.dropped()).toBeGreaterThanOrEqual(6);
    await filter.remove();
    await lab.mtu(3, 1_500);
  });

  it.each([4, 6] as const)(
    "over IPv%d is told apart from loss: with one packet in four lost it is found all the same",
    async (family) => {
      const filter = await lab.filter(
        "msee1",
        "chain forward { type filter hook forward priority 0; iifname l2 numgen inc mod 4 == 0 counter name dropped drop; }",
      );
      const driver = lab.trace(tracing([traced(family, "icmp", 1)], { mtuInterval: seconds(3) }));
      for (let n = 1; n <= 3; n++) {
        expect(await driver.mtuOf(coreAddress(family, 1), n)).toMatchObject({ result: "whole", mtu: 1_500 });
      }
      expect(await filter.dropped()).toBeGreaterThan(1);
      await filter.remove();
    },
  );

  it.each([4, 6] as const)(
    "over IPv%d of jumbo frames is limited by this host's own interface, or by a hop",
    async (family) => {
      const target = traced(family, "icmp", 1, { mtu: 9_000 });
      const own = lab.trace(tracing([target]));
      expect(await own.mtuOf(coreAddress(family, 1))).toMatchObject({ result: "ownInterface", mtu: 1_500 });
      for (const link of [1, 2, 3]) await lab.mtu(link, 9_000);
      const whole = lab.trace(tracing([target]));
      expect(await whole.mtuOf(coreAddress(family, 1))).toMatchObject({ result: "whole", mtu: 9_000 });
      await lab.mtu(2, 4_321);
      const hop = lab.trace(tracing([target]));
      expect(await hop.mtuOf(coreAddress(family, 1))).toMatchObject({
        result: "limited",
        mtu: 4_321,
        by: at(family, 1, 2),
      });
      for (const link of [1, 2, 3]) await lab.mtu(link, 1_500);
    },
  );

  it("of a target that answers nothing is not known", async () => {
    const filter = await lab.filter(
      "core",
      "chain input { type filter hook input priority 0; icmp type echo-request counter name dropped drop; }",
    );
    const driver = lab.trace(tracing([traced(4, "icmp", 1)]));
    const found = await driver.mtuOf(coreAddress(4, 1));
    expect(found.result).toBe("unanswered");
    expect(found.mtu).toBeUndefined();
    expect(await filter.dropped()).toBeGreaterThanOrEqual(3);
    await filter.remove();
  });
});
