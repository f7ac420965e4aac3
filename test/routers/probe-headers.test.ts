// What a probe looks like on the wire: counted by nftables at the far end, header by header. Needs root.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ProbeTarget } from "../../agent/estate/estate.ts";
import { subject } from "../../agent/estate/observation.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { stampPort } from "../../agent/wire/stamp.ts";
import { createProbePair, farAddress, type ProbePair } from "./lab/probe-pair.ts";
import { attempt, run } from "./lab/processes.ts";
import { until } from "./lab/until.ts";
import type { DriverOrder } from "./probe-driver.ts";

const of = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });
/** Addresses of the near end besides those of the link. */
const ownSource = { 4: "10.98.0.9", 6: "fd00:98::9" } as const;
const linkLocal = "fe80::c0:2";

let pair: ProbePair;
beforeAll(async () => {
  pair = await createProbePair(`cwh${process.pid}`);
  const { near, far, inNear, inFar } = pair;
  await pair.pingGroupRange("0 0");
  await inNear("ip", "address", "add", `${ownSource[4]}/32`, "dev", "lo");
  await inNear("ip", "address", "add", `${ownSource[6]}/128`, "dev", "lo", "nodad");
  await inFar("ip", "route", "add", `${ownSource[4]}/32`, "via", "10.99.0.1");
  await inFar("ip", "route", "add", `${ownSource[6]}/128`, "via", "fd00:99::1");
  // A second link beside the first, with a subnet of its own, and a route that prefers the first one.
  await inNear("ip", "link", "add", "p1", "netns", near, "type", "veth", "peer", "name", "p1", "netns", far);
  for (const [run, end] of [
    [inNear, 1],
    [inFar, 2],
  ] as const) {
    await run("ip", "address", "add", `10.97.0.${end}/30`, "dev", "p1");
    await run("ip", "address", "add", `fe80::c0:${end}/64`, "dev", "p1", "nodad");
    await run("ip", "link", "set", "p1", "up");
  }
  await inNear("ip", "route", "add", "10.97.0.2/32", "via", farAddress[4], "dev", "p0");
});
afterEach(() => pair.endDrivers());
afterAll(() => pair?.remove());

function target(family: 4 | 6, technique: ProbeTarget["technique"], rest: Partial<ProbeTarget>): ProbeTarget {
  return {
    technique,
    address: farAddress[family],
    port: technique === "icmp" ? 0 : stampPort,
    source: undefined,
    interval: milliseconds(10),
    timeout: milliseconds(500),
    ...rest,
  };
}

const probing = (targets: readonly ProbeTarget[]): DriverOrder => ({
  kind: "probe",
  streams: targets.map((t, index) => ({ of, index, target: t })),
  busyMs: 0,
});

/** Counts what the far end gets: all that `request` describes, and that of it which `header` describes too. */
async function countAtFarEnd(request: string, header: string) {
  const filter = await pair.filter(
    pair.far,
    `table inet headers {
      counter seen { }
      counter right { }
      chain input { type filter hook input priority 0; ${request} counter name seen; ${request} ${header} counter name right; }
    }`,
  );
  return {
    async read() {
      const counted = { seen: await filter.packets("seen"), right: await filter.packets("right") };
      await filter.remove();
      return counted;
    },
  };
}

/** Runs one stream, and gives what the far end counted of it. */
async function sent(t: ProbeTarget, request: string, header: string) {
  const counting = await countAtFarEnd(request, header);
  const prober = pair.drive(pair.near, probing([t]));
  await prober.received(30);
  await prober.end();
  expect(prober.sum("lost") + prober.sum("sendErrors")).toBe(0);
  return { counted: await counting.read(), received: prober.sum("received") };
}

const df = "ip frag-off & 0x4000 == 0x4000";
const noDf = "ip frag-off & 0x4000 == 0";

describe.each(["1 0", "0 0"])("ICMP probes, ping_group_range %s", (range) => {
  const request = { 4: "icmp type echo-request", 6: "icmpv6 type echo-request" } as const;

  it.each([
    [
      4,
      { dscp: 46, size: 1_200, dontFragment: true, source: ownSource[4] },
      `ip dscp ef ip length 1228 ${df} ip saddr ${ownSource[4]}`,
    ],
    [4, {}, `ip dscp cs0 ip length 84 ${noDf} ip saddr 10.99.0.1`],
    [
      6,
      { dscp: 34, size: 1_200, dontFragment: true, source: ownSource[6] },
      `ip6 dscp af41 ip6 length 1208 ip6 saddr ${ownSource[6]}`,
    ],
    [6, {}, "ip6 dscp cs0 ip6 length 64 ip6 saddr fd00:99::1"],
  ] as const)("IPv%d with %o have it all in their headers", async (family, options, header) => {
    await pair.pingGroupRange(range);
    const { counted, received } = await sent(target(family, "icmp", options), request[family], header);
    await pair.pingGroupRange("0 0");
    expect(counted.seen).toBeGreaterThanOrEqual(received);
    expect(counted.right).toBe(counted.seen);
  });
});

describe("STAMP probes", () => {
  it.each([
    [
      4,
      { dscp: 8, size: 500, dontFragment: true, source: ownSource[4] },
      `ip dscp cs1 udp length 508 ${df} ip saddr ${ownSource[4]}`,
    ],
    [4, {}, `ip dscp cs0 udp length 52 ${noDf} ip saddr 10.99.0.1`],
    [6, { dscp: 8, size: 500, source: ownSource[6] }, `ip6 dscp cs1 udp length 508 ip6 saddr ${ownSource[6]}`],
    [6, {}, "ip6 dscp cs0 udp length 52 ip6 saddr fd00:99::1"],
  ] as const)("IPv%d with %o have it all in their headers", async (family, options, header) => {
    const reflector = pair.drive(pair.far, { kind: "reflect", address: farAddress[family], port: stampPort });
    await until("the reflector listens", () => reflector.lines.length > 0, { within: 10_000 });
    const request = `udp dport ${stampPort}`;
    const { counted, received } = await sent(target(family, "stamp", options), request, header);
    expect(counted.seen).toBeGreaterThanOrEqual(received);
    expect(counted.right).toBe(counted.seen);
  });
});

describe("probes on an interface", () => {
  it.each([
    ["by the route, without one", {}, "p0"],
    ["by the interface, against the route", { interface: "p1" }, "p1"],
  ])("leave %s", async (_, options, leaving) => {
    const there = target(4, "icmp", { ...options, address: "10.97.0.2" });
    const { counted } = await sent(there, "icmp type echo-request", `iifname ${leaving}`);
    expect(counted.seen).toBeGreaterThan(0);
    expect(counted.right).toBe(counted.seen);
  });

  it("reach a link-local address", async () => {
    const there = target(6, "icmp", { interface: "p1", address: linkLocal });
    const { counted } = await sent(there, "icmpv6 type echo-request", `iifname p1 ip6 daddr ${linkLocal}`);
    expect(counted.seen).toBeGreaterThan(0);
    expect(counted.right).toBe(counted.seen);
  });

  it("that does not exist say so, and are sent when it comes up, each time", async () => {
    const there = target(4, "icmp", { interface: "p9", address: "10.96.0.2" });
    const prober = pair.drive(pair.near, probing([there]));
    await until("the complaint", () => prober.logs().length > 0 && prober.sum("sendErrors") > 20, { within: 10_000 });
    expect(prober.logs().map(({ message }) => message)).toEqual([
      `cannot probe: this host has no interface p9: fix the probe's "interface"`,
    ]);
    const bringUp = async () => {
      await pair.inNear("ip", "link", "add", "p9", "type", "veth", "peer", "name", "p9", "netns", pair.far);
      await pair.inNear("ip", "address", "add", "10.96.0.1/30", "dev", "p9");
      await pair.inNear("ip", "link", "set", "p9", "up");
      await pair.inFar("ip", "address", "add", "10.96.0.2/30", "dev", "p9");
      await pair.inFar("ip", "link", "set", "p9", "up");
    };
    await bringUp();
    await prober.received(30);

    // Made anew, it has another number.
    await pair.inNear("ip", "link", "delete", "p9");
    await until(
      "the sends fail",
      () => prober.logs().some(({ message }) => message.startsWith("probes cannot be sent")),
      {
        within: 10_000,
      },
    );
    await bringUp();
    await prober.received(prober.sum("received") + 30);
    await prober.end();
  });
});

describe("probes larger than the MTU", () => {
  it.each([
    [4, "icmp"],
    [6, "icmp"],
    [4, "stamp"],
    [6, "stamp"],
  ] as const)(
    "over IPv%d by %s are send errors with DF, and never loss; without it they are cut and answered",
    async (family, technique) => {
      const reflector = pair.drive(pair.far, { kind: "reflect", address: farAddress[family], port: stampPort });
      await until("the reflector listens", () => reflector.lines.length > 0, { within: 10_000 });
      const large = target(family, technique, { size: 3_000 });
      const small = target(family, technique, { dontFragment: true, size: 1_400 });
      const prober = pair.drive(pair.near, probing([large, { ...large, dontFragment: true }, small]));
      await prober.received(50, 0);
      await prober.received(50, 2);
      await prober.end();
      expect(prober.sum("sendErrors", 1)).toBeGreaterThan(30);
      expect(prober.sum("lost", 1) + prober.sum("received", 1)).toBe(0);
      expect([0, 2].map((index) => prober.sum("lost", index) + prober.sum("sendErrors", index))).toEqual([0, 0]);
      const told = prober.logs().filter(({ level }) => level === "warn");
      expect(told).toEqual([
        expect.objectContaining({
          fields: expect.objectContaining({ reason: "EMSGSIZE", streams: 1 }),
          message: expect.stringContaining("larger than the MTU of the way"),
        }),
      ]);
    },
  );
});

describe("probes larger than the MTU of a hop", () => {
  const beyond = { 4: "10.95.0.2", 6: "fd00:95::2" } as const;
  const name = `cwh${process.pid}-beyond`;

  beforeAll(async () => {
    const { far, inFar, inNear } = pair;
    await run("ip", ["netns", "add", name]);
    await run("ip", ["link", "add", "q0", "netns", far, "type", "veth", "peer", "name", "q0", "netns", name]);
    for (const [ns, end] of [
      [far, 1],
      [name, 2],
    ] as const) {
      await run("ip", ["-n", ns, "address", "add", `10.95.0.${end}/30`, "dev", "q0"]);
      await run("ip", ["-n", ns, "address", "add", `fd00:95::${end}/126`, "dev", "q0", "nodad"]);
      await run("ip", ["-n", ns, "link", "set", "q0", "mtu", "1300", "up"]);
    }
    await inFar("sysctl", "-q", "-w", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    await run("ip", ["-n", name, "route", "add", "default", "via", "10.95.0.1"]);
    await run("ip", ["-n", name, "route", "add", "default", "via", "fd00:95::1"]);
    await inNear("ip", "route", "add", "10.95.0.0/30", "via", farAddress[4]);
    await inNear("ip", "route", "add", "fd00:95::/126", "via", farAddress[6]);
  });
  afterAll(() => attempt("ip", ["netns", "del", name]));

  it.each([
    [4, "icmp"],
    [6, "icmp"],
    [4, "stamp"],
    [6, "stamp"],
  ] as const)(
    "over IPv%d by %s are lost until the hop has said so, and then send errors",
    async (family, technique) => {
      // What an earlier case has taught the kernel is forgotten.
      await pair.inNear("ip", `-${family}`, "route", "flush", "cache");
      const there = target(family, technique, {
        address: beyond[family],
        dontFragment: true,
        interval: milliseconds(50),
      });
      const small = target(family, "icmp", { address: beyond[family], interval: milliseconds(50) });
      const prober = pair.drive(pair.near, probing([{ ...there, size: 1_400 }, small]));
      await until("the sends fail", () => prober.sum("sendErrors", 0) > 30, { within: 15_000 });
      await prober.received(30, 1);
      await prober.end();
      expect(prober.sum("lost", 0)).toBe(1);
      expect(prober.sum("received", 0) + prober.sum("lost", 1) + prober.sum("sendErrors", 1)).toBe(0);
      expect(prober.logs().flatMap(({ fields }) => fields.reason ?? [])).toEqual(["EMSGSIZE"]);
    },
  );
});
