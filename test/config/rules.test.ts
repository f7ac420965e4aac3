// Every message about parts of the file that do not fit together.

import { describe, expect, it } from "vitest";
import { edited, errorsOf } from "./estate-yaml.ts";

/** What is replaced in the valid file by what, and every line that the parser then says. */
type Case = readonly [
  title: string,
  edits: readonly (readonly [from: string, to: string])[],
  expected: readonly string[],
];

describe("routers", () => {
  it.each<Case>([
    [
      "credentials that are not defined",
      [
        [
          "ams-ce1: { site: ams, address: 192.0.2.11, credentials: edge }",
          "ams-ce1: { site: ams, address: 192.0.2.11, credentials: egde }",
        ],
      ],
      ["6:59: routers.ams-ce1.credentials: names credentials that are not defined; did you mean edge? (defined: edge)"],
    ],
    [
      "two routers at one address",
      [
        [
          "ams-ce1: { site: ams, address: 192.0.2.11, credentials: edge }",
          "ams-ce1: { site: ams, address: 192.0.2.12, credentials: edge }",
        ],
      ],
      [
        "7:34: routers.ams-ce2.address: 192.0.2.12:161 is also the address of ams-ce1; give each router its own address or port, or remove one of them",
      ],
    ],
    [
      "credentials of notifications that are not defined",
      [
        [
          "    edge: { version: 2c, community: { env: SNMP_COMMUNITY } }",
          "    edge: { version: 2c, community: { env: SNMP_COMMUNITY } }\n  notifications: { listen: 0.0.0.0:162, credentials: trap }",
        ],
        ["192.0.2.11, credentials: edge", "192.0.2.11, credentials: edge, notifications: { credentials: egde }"],
      ],
      [
        "5:54: snmp.notifications.credentials: names credentials that are not defined; define it, or use one of: edge",
        "7:95: routers.ams-ce1.notifications.credentials: names credentials that are not defined; did you mean edge? (defined: edge)",
      ],
    ],
    [
      "an address from which two routers would notify",
      [
        [
          "192.0.2.11, credentials: edge",
          "192.0.2.11, credentials: edge, notifications: { addresses: [192.0.2.12, 198.51.100.9] }",
        ],
        [
          "192.0.2.12, credentials: edge",
          '192.0.2.12, credentials: edge, notifications: { addresses: ["198.51.100.9"] }',
        ],
      ],
      [
        "6:94: routers.ams-ce1.notifications.addresses[0]: 192.0.2.12 is also an address of ams-ce2; a notification is known by its source: list each address under the one router that has it",
        "7:94: routers.ams-ce2.notifications.addresses[0]: 198.51.100.9 is also an address of ams-ce1; a notification is known by its source: list each address under the one router that has it",
      ],
    ],
  ])("says what is wrong with %s", (_, edits, expected) => {
    expect(errorsOf(edited(...edits))).toEqual(expected.map((line) => `estate.yaml:${line}`));
  });
});

describe("circuits", () => {
  it.each<Case>([
    [
      "a router that is not defined",
      [["primary: { router: ams-ce1,", "primary: { router: ams-ce3,"]],
      [
        '18:26: circuits.ams-1.links.primary.router: "ams-ce3" is not defined under routers; did you mean ams-ce1? (defined: ams-ce1, ams-ce2, sin-ce1)',
      ],
    ],
    [
      "both links on one interface",
      [["secondary: { router: ams-ce2, interface: er0 }", "secondary: { router: ams-ce1, interface: er0 }"]],
      [
        '19:48: circuits.ams-1.links.secondary.interface: "er0" on ams-ce1 is the primary link already, and one interface cannot be both; name the router and interface on which the secondary link ends',
      ],
    ],
    [
      "a bandwidth that is not sold",
      [["bandwidth: 1Gbps", "bandwidth: 40Gbps"]],
      [
        "14:16: circuits.ams-1.bandwidth: 40Gbps is no bandwidth of a cloudExchange circuit; use 50Mbps, 100Mbps, 200Mbps, 500Mbps, 1Gbps, 2Gbps, 5Gbps or 10Gbps",
      ],
    ],
    [
      "a bandwidth that is not sold as Direct",
      [
        ["bandwidth: 1Gbps", "bandwidth: 500Mbps"],
        ["connectivityModel: cloudExchange", "connectivityModel: direct"],
      ],
      [
        "14:16: circuits.ams-1.bandwidth: 500Mbps is no bandwidth of an ExpressRoute Direct circuit; use 1Gbps, 2Gbps, 5Gbps, 10Gbps, 40Gbps or 100Gbps",
      ],
    ],
    [
      "one service key for two circuits",
      [["serviceKey: 7a3c0000-0000-4000-8000-000000000002", "serviceKey: 7A3C0000-0000-4000-8000-000000000001"]],
      ["30:17: circuits.sin-1.serviceKey: is the service key of ams-1 too; each circuit has a key of its own"],
    ],
    [
      "one VLAN for both peerings",
      [["vlan: 101", "vlan: 100"]],
      [
        "26:15: circuits.ams-1.peerings.microsoft.vlan: 100 is the VLAN of azurePrivate already; each peering of a circuit has a VLAN of its own",
      ],
    ],
    [
      "a documentation ASN for microsoft",
      [["customerAsn: 65551", "customerAsn: 64496"]],
      [
        "27:22: circuits.ams-1.peerings.microsoft.customerAsn: 64496 is an ASN for documents (RFC 5398), which microsoft peering does not take; write the ASN that Azure has for it",
      ],
    ],
    [
      "a circuit without peerings, and a circuit joined with itself",
      [
        ["    peerings:\n      azurePrivate: { vlan: 200, customerAsn: 65020 }", "    peerings: {}"],
        ["circuits: [ams-1, sin-1]", "circuits: [ams-1, ams-1]"],
      ],
      [
        "39:5: circuits.sin-1.peerings: names no peering; add azurePrivate or microsoft",
        '42:23: globalReach.ams-sin.circuits[1]: "ams-1" stands twice; name two different circuits',
      ],
    ],
    [
      "anyToAny without providerEdge",
      [["interface: ge1, providerEdge: { address: 198.51.100.1, asn: 64999 } }", "interface: ge1 }"]],
      [
        '37:7: circuits.sin-1.links.primary.providerEdge: is missing: with anyToAny the router peers with the provider; add for example "providerEdge: { address: 198.51.100.1, asn: 64999 }"',
      ],
    ],
    [
      "providerEdge with another model",
      [["connectivityModel: anyToAny", "connectivityModel: pointToPoint"]],
      [
        "37:51: circuits.sin-1.links.primary.providerEdge: with pointToPoint the router peers with the MSEE itself; remove it, or set connectivityModel: anyToAny",
        "38:53: circuits.sin-1.links.secondary.providerEdge: with pointToPoint the router peers with the MSEE itself; remove it, or set connectivityModel: anyToAny",
        '40:7: circuits.sin-1.peerings.azurePrivate.subnets: is missing; add for example "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }"',
      ],
    ],
    [
      "one provider edge for both links",
      [["address: 198.51.100.5", "address: 198.51.100.1"]],
      [
        "38:78: circuits.sin-1.links.secondary.providerEdge.address: sin-ce1 has one session with 198.51.100.1, and the primary link is it already; name the other provider edge or router of the secondary link",
      ],
    ],
  ])("says what is wrong with %s", (_, edits, expected) => {
    expect(errorsOf(edited(...edits))).toEqual(expected.map((line) => `estate.yaml:${line}`));
  });
});

describe("subnets", () => {
  it.each<Case>([
    [
      "missing subnets",
      [["        subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }\n", ""]],
      [
        '21:7: circuits.ams-1.peerings.azurePrivate.subnets: is missing; add for example "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }"',
      ],
    ],
    [
      "one subnet for both paths",
      [
        [
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }",
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.0/30 }",
        ],
      ],
      [
        "24:55: circuits.ams-1.peerings.azurePrivate.subnets.secondary: 172.16.0.0/30 is given to circuits.ams-1.peerings.azurePrivate.subnets.primary already; each path has a subnet of its own: copy it from the peering in the Azure portal",
      ],
    ],
    [
      "subnets of two families",
      [
        [
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }",
          'subnets: { primary: 172.16.0.0/30, secondary: "fd00::/126" }',
        ],
      ],
      [
        "24:55: circuits.ams-1.peerings.azurePrivate.subnets.secondary: is IPv6, and primary is IPv4; write two subnets of one family: a peering's paths are a pair",
      ],
    ],
    [
      "a private subnet for microsoft",
      [["primary: 203.0.113.0/30", "primary: 10.0.0.0/30"]],
      [
        "28:29: circuits.ams-1.peerings.microsoft.subnets.primary: 10.0.0.0/30 is not public (RFC 1918), which microsoft peering does not take; write the public subnet that Azure has for it",
      ],
    ],
    [
      "a Global Reach in the subnet of a path",
      [["subnet: 192.168.250.0/29", "subnet: 172.16.0.0/29"]],
      [
        "44:13: globalReach.ams-sin.subnet: 172.16.0.0/29 overlaps with 172.16.0.0/30 of circuits.ams-1.peerings.azurePrivate.subnets.primary; the subnet of a Global Reach is used nowhere else",
      ],
    ],
  ])("says what is wrong with %s", (_, edits, expected) => {
    expect(errorsOf(edited(...edits))).toEqual(expected.map((line) => `estate.yaml:${line}`));
  });
});

describe("globalReach", () => {
  it.each<Case>([
    [
      "a Global Reach of a circuit that is not defined",
      [["circuits: [ams-1, sin-1]", "circuits: [ams-1, sin-2]"]],
      [
        '43:23: globalReach.ams-sin.circuits[1]: "sin-2" is not defined under circuits; did you mean sin-1? (defined: ams-1, sin-1)',
      ],
    ],
    [
      "a Global Reach of one circuit twice",
      [["circuits: [ams-1, sin-1]", "circuits: [ams-1, ams-1]"]],
      ['43:23: globalReach.ams-sin.circuits[1]: "ams-1" stands twice; name two different circuits'],
    ],
    [
      "a Global Reach of one circuit alone",
      [["circuits: [ams-1, sin-1]", "circuits: [ams-1]"]],
      [
        "43:15: globalReach.ams-sin.circuits: names 1 circuit; a Global Reach joins exactly two: write one entry for each pair, such as [ams-1, sin-1]",
      ],
    ],
    [
      "a Global Reach with a local SKU",
      [["sku: standard", "sku: local"]],
      [
        "43:23: globalReach.ams-sin.circuits[1]: sin-1 has the SKU local, which has no Global Reach; remove it, or correct the SKU of the circuit",
      ],
    ],
    [
      "a Global Reach without private peering",
      [["azurePrivate: { vlan: 200, customerAsn: 65020 }", "microsoft: { vlan: 200, customerAsn: 65551 }"]],
      [
        "43:23: globalReach.ams-sin.circuits[1]: sin-1 has no azurePrivate peering; Global Reach joins private peerings: add azurePrivate to sin-1",
      ],
    ],
    [
      "two circuits joined twice",
      [["  ams-sin:\n", "  sin-ams: { circuits: [sin-1, ams-1], subnet: 192.168.250.8/29 }\n  ams-sin:\n"]],
      [
        "44:15: globalReach.ams-sin.circuits: these circuits are joined by sin-ams already; keep one of the two entries",
      ],
    ],
    [
      "a probe to a site that is not there",
      [
        [
          "- { from: ams, to: sin, technique: stamp, address: 192.0.2.30 }",
          "- { from: ams, to: sim, technique: stamp, address: 192.0.2.30 }",
        ],
      ],
      [
        '46:26: globalReach.ams-sin.probes[0].to: no router stands at a site "sim"; use ams or sin, or correct the site of a router',
      ],
    ],
    [
      "a probe to its own site",
      [
        [
          "- { from: ams, to: sin, technique: stamp, address: 192.0.2.30 }",
          "- { from: ams, to: ams, technique: stamp, address: 192.0.2.30 }",
        ],
      ],
      [
        "46:26: globalReach.ams-sin.probes[0].to: is the site from which the probe is sent; name the site at the other end",
      ],
    ],
  ])("says what is wrong with %s", (_, edits, expected) => {
    expect(errorsOf(edited(...edits))).toEqual(expected.map((line) => `estate.yaml:${line}`));
  });
});

describe("probes of the routers", () => {
  const subnets = "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }";
  const here = "circuits.ams-1.peerings.azurePrivate.routerProbes.primary[0]";
  const named = (probe: string) => [[subnets, `${subnets}\n        routerProbes: { primary: [${probe}] }`]] as const;

  it.each<Case>([
    [
      "two ways to name one",
      named("{ index: 10, tag: azure }"),
      [`25:35: ${here}: names a probe in several ways; write index, or tag, or owner and test`],
    ],
    [
      "a test of an operation that has a number",
      named("{ index: 10, test: azure }"),
      [`25:35: ${here}: names a probe in several ways; write index, or tag, or owner and test`],
    ],
    ["nothing at all", named("{}"), [`25:35: ${here}: names no probe; write index, or tag, or owner and test`]],
    [
      "an owner without a test",
      named("{ owner: azure }"),
      [`25:35: ${here}: has an owner and no test; add the name of the test`],
    ],
    [
      "a test without an owner",
      named("{ test: azure }"),
      [`25:35: ${here}: has a test and no owner; add the owner of the test`],
    ],
    [
      "a number that is none, said once",
      named("{ index: ten }"),
      [`25:44: ${here}.index: "ten" is not a number of an operation; write for example 10`],
    ],
  ])("%s", (_, edits, expected) => {
    expect(errorsOf(edited(...edits))).toEqual(expected.map((line) => `estate.yaml:${line}`));
  });
});

describe("probes", () => {
  it.each<Case>([
    [
      "a port for icmp",
      [
        [
          "- { from: ams, to: sin, technique: stamp, address: 192.0.2.30 }",
          "- { from: ams, to: sin, technique: icmp, port: 862, address: 192.0.2.30 }",
        ],
      ],
      ["46:48: globalReach.ams-sin.probes[0].port: icmp has no ports; remove it, or use technique: stamp"],
    ],
    [
      "a source of the other family",
      [
        [
          "- { from: ams, to: sin, technique: stamp, address: 192.0.2.30 }",
          '- { from: ams, to: sin, source: "2001:db8::1", technique: stamp, address: 192.0.2.30 }',
        ],
      ],
      [
        "46:39: globalReach.ams-sin.probes[0].source: 2001:db8::1 is IPv6, and the target is IPv4; write an IPv4 address of this host, or remove it",
      ],
    ],
    [
      "stamp without a reflector",
      [
        [
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }",
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }\n        probes: { primary: [{ technique: stamp }] }",
        ],
      ],
      [
        "25:29: circuits.ams-1.peerings.azurePrivate.probes.primary[0].address: is missing: the MSEE does not answer STAMP; add the address of a STAMP Session-Reflector behind this path",
      ],
    ],
    [
      "icmp to the MSEE of an anyToAny circuit",
      [
        [
          "{ vlan: 200, customerAsn: 65020 }",
          "{ vlan: 200, customerAsn: 65020, probes: { primary: [{ technique: icmp }] } }",
        ],
      ],
      [
        "40:74: circuits.sin-1.peerings.azurePrivate.probes.primary[0].address: is missing: with anyToAny the MSEE has no address here; add an address that is reached over this path, or remove the probe",
      ],
    ],
    [
      "a STAMP packet that cannot have that size",
      [
        [
          "- { from: ams, to: sin, technique: stamp, address: 192.0.2.30 }",
          "- { from: ams, to: sin, technique: stamp, size: 46, address: 192.0.2.30 }",
        ],
      ],
      [
        `46:55: globalReach.ams-sin.probes[0].size: 46 octets cannot be the size of a STAMP packet; write 44, or 48 or more: padding has a head of four octets (RFC 8972)`,
      ],
    ],
    [
      "a link-local target without its interface",
      [
        [
          "- { from: ams, to: sin, technique: stamp, address: 192.0.2.30 }",
          '- { from: ams, to: sin, technique: icmp, address: "fe80::1" }',
        ],
      ],
      [
        `46:9: globalReach.ams-sin.probes[0].interface: is missing: fe80::1 is a link-local address; add the interface of this host behind which it is`,
      ],
    ],
    [
      "a DSCP that is none",
      [
        [
          "- { from: ams, to: sin, technique: stamp, address: 192.0.2.30 }",
          "- { from: ams, to: sin, technique: icmp, dscp: ef, address: 192.0.2.30 }",
        ],
      ],
      [`46:54: globalReach.ams-sin.probes[0].dscp: "ef" is not a DSCP; write it as EF`],
    ],
    [
      "a TOS octet for a DSCP",
      [
        [
          "- { from: ams, to: sin, technique: stamp, address: 192.0.2.30 }",
          "- { from: ams, to: sin, technique: icmp, dscp: 184, address: 192.0.2.30 }",
        ],
      ],
      [
        `46:54: globalReach.ams-sin.probes[0].dscp: 184 is not a DSCP; write a number from 0 to 63, or a name such as EF, AF41 or CS1; as a whole TOS octet, 184 is the DSCP 46`,
      ],
    ],
    [
      "a quoted DSCP",
      [
        [
          "- { from: ams, to: sin, technique: stamp, address: 192.0.2.30 }",
          '- { from: ams, to: sin, technique: icmp, dscp: "46", address: 192.0.2.30 }',
        ],
      ],
      [`46:54: globalReach.ams-sin.probes[0].dscp: "46" is not a DSCP; write it without quotes: 46`],
    ],
    [
      "an interface that Linux cannot have",
      [
        [
          "- { from: ams, to: sin, technique: stamp, address: 192.0.2.30 }",
          "- { from: ams, to: sin, technique: icmp, interface: Gi0/0, address: 192.0.2.30 }",
        ],
      ],
      [
        `46:59: globalReach.ams-sin.probes[0].interface: "Gi0/0" is not the name of an interface of Linux; write the name as \`ip link\` shows it, at most 15 characters, such as eth0`,
      ],
    ],
    [
      "a probe that is too small",
      [
        [
          "- { from: ams, to: sin, technique: stamp, address: 192.0.2.30 }",
          "- { from: ams, to: sin, technique: icmp, size: 8, address: 192.0.2.30 }",
        ],
      ],
      [`46:54: globalReach.ams-sin.probes[0].size: 8 is not a number of octets; write a whole number from 16 to 9000`],
    ],
  ])("says what is wrong with %s", (_, edits, expected) => {
    expect(errorsOf(edited(...edits))).toEqual(expected.map((line) => `estate.yaml:${line}`));
  });
});

describe("thresholds", () => {
  it.each<Case>([
    [
      "a raise under the default clear",
      [["site: ams\nsnmp:", "site: ams\nthresholds: { path: { loss: { raise: 1% } } }\nsnmp:"]],
      [
        "2:38: thresholds.path.loss.raise: clears below 2% (the default), which is above raise, 1%; write a clear of at most 1% here",
      ],
    ],
    [
      "a clear above its raise",
      [["site: ams\nsnmp:", "site: ams\nthresholds: { path: { delay: { raise: 10ms, clear: 20ms } } }\nsnmp:"]],
      [
        "2:52: thresholds.path.delay.clear: clears below 20ms, which is above raise, 10ms; write a clear of at most 10ms here",
      ],
    ],
    [
      "a path's clear above the default raise",
      [
        [
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }",
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }\n        thresholds: { delay: { clear: 150ms } }",
        ],
      ],
      [
        "25:39: circuits.ams-1.peerings.azurePrivate.thresholds.delay.clear: clears below 150ms, which is above raise, 100ms (the default); write a clear of at most 100ms here",
      ],
    ],
    [
      "a path's raise under the estate's clear",
      [
        ["site: ams\nsnmp:", "site: ams\nthresholds: { path: { delay: { raise: 40ms, clear: 30ms } } }\nsnmp:"],
        [
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }",
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }\n        thresholds: { delay: { raise: 20ms } }",
        ],
      ],
      [
        "26:39: circuits.ams-1.peerings.azurePrivate.thresholds.delay.raise: clears below 30ms (of thresholds.path.delay), which is above raise, 20ms; write a clear of at most 20ms here",
      ],
    ],
    [
      "an interval too long for the silence and window",
      [["site: ams\nsnmp:", "site: ams\nprobing: { interval: 5s }\nsnmp:"]],
      [
        "2:22: probing.interval: 5s between probes is too long for a silence of 2s; probe at least 2 times in it: shorten the interval, or lengthen thresholds.path.silence",
        "2:22: probing.interval: 5s between probes is too long for a window of 10s; probe at least 5 times in it: shorten the interval, or lengthen thresholds.path.window",
      ],
    ],
    [
      "a path's silence too short for the interval",
      [
        [
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }",
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }\n        thresholds: { silence: 300ms }",
        ],
      ],
      [
        "25:32: circuits.ams-1.peerings.azurePrivate.thresholds.silence: 200ms between probes is too long for a silence of 300ms; probe at least 2 times in it: shorten the interval, or lengthen silence",
      ],
    ],
    [
      "a stream too slow for the silence",
      [
        [
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }",
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }\n        probes: { primary: [{ technique: icmp, interval: 1500ms }] }",
        ],
      ],
      [
        "25:58: circuits.ams-1.peerings.azurePrivate.probes.primary[0].interval: 1500ms between probes is too long for a silence of 2s; probe at least 2 times in it: shorten the interval, or lengthen thresholds.path.silence",
      ],
    ],
  ])("says what is wrong with %s", (_, edits, expected) => {
    expect(errorsOf(edited(...edits))).toEqual(expected.map((line) => `estate.yaml:${line}`));
  });
});
