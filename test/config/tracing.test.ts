// What is traced follows from the paths and their probes; what cannot be is said.

import { describe, expect, it } from "vitest";
import { formatSubnet } from "../../agent/estate/address.ts";
import { edited, errorsOf, estateOf } from "./estate-yaml.ts";

const withTracing = (keys: string) => edited(["routers:\n", `tracing: { ${keys} }\nrouters:\n`]);
const targets = (text: string) =>
  (estateOf(text).tracing?.targets ?? []).map((t) => `${t.of}: ${t.technique} ${t.address} ${t.port} ${t.mtu}`);
const peering = "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }";

describe("tracing", () => {
  it("is of every path that has a probe or an MSEE, and of the pairs that are probed from here", () => {
    expect(targets(edited())).toEqual([
      "path ams-1 azurePrivate primary: icmp 172.16.0.2 0 1500",
      "path ams-1 azurePrivate secondary: icmp 172.16.0.6 0 1500",
      "path ams-1 microsoft primary: icmp 203.0.113.2 0 1500",
      "path ams-1 microsoft secondary: icmp 203.0.113.6 0 1500",
      "pair ams-sin ams sin: udp 192.0.2.30 862 1500",
    ]);
    expect(estateOf(edited()).tracing).toMatchObject({
      interval: 300_000,
      pause: 30_000,
      mtuInterval: 3_600_000,
      packetRate: 50,
    });
  });

  it("takes the first probe of the path, with its source, interface and DSCP", () => {
    const probes =
      "[{ technique: stamp, address: 10.100.0.4, port: 8620, source: 10.0.0.9, interface: eth1, dscp: EF }, { technique: icmp }]";
    const text = edited([peering, `${peering}\n        probes: { primary: ${probes} }`]);
    expect(estateOf(text).tracing?.targets[0]).toEqual({
      of: "path ams-1 azurePrivate primary",
      technique: "udp",
      address: "10.100.0.4",
      port: 8_620,
      source: "10.0.0.9",
      interface: "eth1",
      dscp: 46,
      mtu: 1_500,
    });
  });

  it("uses one technique for all where that is said", () => {
    expect(targets(withTracing("technique: udp"))[0]).toBe(
      "path ams-1 azurePrivate primary: udp 172.16.0.2 33434 1500",
    );
    expect(targets(withTracing("technique: icmp")).at(-1)).toBe("pair ams-sin ams sin: icmp 192.0.2.30 0 1500");
  });

  it("is off where nothing is wanted, and on where that is said", () => {
    expect(estateOf(withTracing("enabled: false")).tracing).toBeUndefined();
    const one = edited(
      ["routers:\n", "tracing: { enabled: false }\nrouters:\n"],
      [peering, `${peering}\n        trace: true`],
    );
    expect(targets(one)).toHaveLength(2);
    expect(targets(edited([peering, `${peering}\n        trace: false`]))).toHaveLength(3);
    expect(targets(edited(["subnet: 192.168.250.0/29", "subnet: 192.168.250.0/29\n    trace: false"]))).toHaveLength(4);
  });

  it("expects the MTU of the peering, of the link, or of all, the nearest first", () => {
    const link = [
      "primary: { router: ams-ce1, interface: er0 }",
      "primary: { router: ams-ce1, interface: er0, mtu: 9000 }",
    ] as const;
    const mtus = (text: string) => (estateOf(text).tracing?.targets ?? []).map(({ mtu }) => mtu);
    expect(mtus(edited(link))).toEqual([9_000, 1_500, 9_000, 1_500, 1_500]);
    expect(mtus(edited(link, [peering, `${peering}\n        mtu: 1400`]))).toEqual([1_400, 1_400, 9_000, 1_500, 1_500]);
    expect(mtus(withTracing("mtu: 1450"))).toEqual([1_450, 1_450, 1_450, 1_450, 1_450]);
  });

  it("knows our own public prefixes", () => {
    const { ownPrefixes = [] } = estateOf(withTracing('ownPrefixes: [203.0.113.0/24, "2001:db8::/32"]')).tracing ?? {};
    expect(ownPrefixes.map(formatSubnet)).toEqual(["203.0.113.0/24", "2001:db8::/32"]);
  });

  it.each([
    ["mtu: 1000", "5:17: tracing.mtu: 1000 is not a number of octets; write a whole number from 1280 to 9216"],
    ["technique: tcp", '5:23: tracing.technique: "tcp" is not a technique; use asProbed, icmp or udp'],
    [
      "ownPrefixes: [0.0.0.0/0]",
      "5:26: tracing.ownPrefixes[0]: 0.0.0.0/0 is everybody; write the public prefixes that are your own",
    ],
    [
      "ownPrefixes: [203.0.113.9/24]",
      '5:26: tracing.ownPrefixes[0]: "203.0.113.9/24" has host bits set; the network that contains it is 203.0.113.0/24',
    ],
    [
      "interval: 5s, packetRate: 2",
      "5:22: tracing.interval: 6 paths traced every 5s take some 12 packets per second, and 2 may be sent; write a longer interval, or a higher packetRate",
    ],
  ])("says what is wrong with { %s }", (keys, expected) => {
    expect(errorsOf(withTracing(keys))).toEqual([`estate.yaml:${expected}`]);
  });

  it("says that with anyToAny there is nothing to trace without a probe", () => {
    const text = edited([
      "azurePrivate: { vlan: 200, customerAsn: 65020 }",
      "azurePrivate: { vlan: 200, customerAsn: 65020, trace: true }",
    ]);
    expect(errorsOf(text)).toEqual([
      "estate.yaml:40:61: circuits.sin-1.peerings.azurePrivate.trace: with anyToAny there is no MSEE to trace; add a probe to each of its paths, or remove trace",
    ]);
  });
});
