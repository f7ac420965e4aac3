// Every message about a single key, as the engineer reads it.

import { describe, expect, it } from "vitest";
import { edited, errorsOf } from "./estate-yaml.ts";

/** What is replaced in the valid file by what, and every line that the parser then says. */
type Case = readonly [
  title: string,
  edits: readonly (readonly [from: string, to: string])[],
  expected: readonly string[],
];

describe("keys", () => {
  it.each<Case>([
    [
      "a misspelt key",
      [["provider: Equinix", "providr: Equinix"]],
      [
        "12:5: circuits.ams-1.providr: is not a known key; did you mean provider? (the keys here are serviceKey, provider, peeringLocation, bandwidth, sku, connectivityModel, links and peerings)",
      ],
    ],
    [
      "an unknown key",
      [["provider: Equinix", "provider: Equinix\n    colour: red"]],
      [
        "13:5: circuits.ams-1.colour: is not a known key; the keys here are serviceKey, provider, peeringLocation, bandwidth, sku, connectivityModel, links and peerings",
      ],
    ],
    [
      "a key of which a part was written, or more than is in it",
      [
        ["customerAsn: 65010", "asn: 65010"],
        ["      microsoft:", "      microsoftPeering:"],
      ],
      [
        "23:9: circuits.ams-1.peerings.azurePrivate.asn: is not a known key; did you mean customerAsn? (the keys here are vlan, customerAsn, subnets, probes, trace, mtu, routerProbes, communities, prefixes and thresholds)",
        "25:7: circuits.ams-1.peerings.microsoftPeering: is not a known key; did you mean microsoft? (the keys here are azurePrivate and microsoft)",
      ],
    ],
    [
      "a merge key",
      [["provider: Equinix", "provider: Equinix\n    <<: {}"]],
      [
        '13:5: circuits.ams-1."<<": merge keys are not read; write the keys out, or use an alias (*name) for the whole map',
      ],
    ],
    [
      "a missing key, at its parent",
      [["    sku: premium\n", ""]],
      ['10:3: circuits.ams-1.sku: is missing; add "sku:" with local, standard or premium'],
    ],
    [
      "a missing map, at its parent",
      [
        [
          "    links:\n      primary: { router: ams-ce1, interface: er0 }\n      secondary: { router: ams-ce2, interface: er0 }\n",
          "",
        ],
      ],
      ['10:3: circuits.ams-1.links: is missing; add "links:" and its keys below it: primary and secondary are needed'],
    ],
    [
      "a key without a value",
      [["bandwidth: 1Gbps", "bandwidth:"]],
      ['14:5: circuits.ams-1.bandwidth: has no value; write for example "bandwidth: 1Gbps"'],
    ],
    [
      "a key that stands twice",
      [["provider: Equinix", "provider: Equinix\n    provider: Other"]],
      ["13:5: circuits.ams-1.provider: stands in line 12 already; keep one of them"],
    ],
    [
      "a name with capitals and a space",
      [["  ams-1:\n", "  AMS 1:\n"]],
      [
        '10:3: circuits."AMS 1": "AMS 1" is not a name; use lower-case letters, digits and hyphens, beginning with a letter or digit: ams-1',
      ],
    ],
  ])("says what is wrong with %s", (_, edits, expected) => {
    expect(errorsOf(edited(...edits))).toEqual(expected.map((line) => `estate.yaml:${line}`));
  });
});

describe("types", () => {
  it.each<Case>([
    [
      "a number where a text belongs",
      [["provider: Equinix", "provider: 365"]],
      ['12:15: circuits.ams-1.provider: 365 is not a text; put it in quotes: "365"'],
    ],
    [
      "a list where a map belongs",
      [["primary: { router: ams-ce1, interface: er0 }", "primary: [ams-ce1, er0]"]],
      [
        "18:16: circuits.ams-1.links.primary: is a list, not a map of keys; write its keys below it: router and interface are needed",
      ],
    ],
    [
      "a map where a text belongs",
      [["provider: Equinix", "provider: { name: Equinix }"]],
      ["12:15: circuits.ams-1.provider: is a map, not a text; write for example Equinix"],
    ],
    [
      "a number in quotes",
      [["vlan: 100", 'vlan: "100"']],
      ['22:15: circuits.ams-1.peerings.azurePrivate.vlan: "100" is not a VLAN; write it without quotes: 100'],
    ],
    [
      "a truth value in quotes",
      [
        [
          "ams-ce1: { site: ams, address: 192.0.2.11, credentials: edge }",
          'ams-ce1: { site: ams, anySource: "yes", address: 192.0.2.11, credentials: edge }',
        ],
      ],
      ['6:36: routers.ams-ce1.anySource: "yes" is not true or false; use true or false'],
    ],
  ])("says what is wrong with %s", (_, edits, expected) => {
    expect(errorsOf(edited(...edits))).toEqual(expected.map((line) => `estate.yaml:${line}`));
  });
});

describe("values", () => {
  it.each<Case>([
    [
      "a VLAN out of range",
      [["vlan: 100", "vlan: 4095"]],
      ["22:15: circuits.ams-1.peerings.azurePrivate.vlan: 4095 is not a VLAN; write a whole number from 1 to 4094"],
    ],
    [
      "an ASN in asdot",
      [["customerAsn: 65010", "customerAsn: 1.10"]],
      [
        "23:22: circuits.ams-1.peerings.azurePrivate.customerAsn: 1.1 is not an ASN; write a whole number from 1 to 4294967295 (asplain, RFC 5396)",
      ],
    ],
    [
      "Microsoft's ASN as ours",
      [["customerAsn: 65010", "customerAsn: 12076"]],
      [
        "23:22: circuits.ams-1.peerings.azurePrivate.customerAsn: 12076 is Microsoft's own, on every MSEE; write the ASN of the router at your end of the session",
      ],
    ],
    [
      "an ASN that Azure reserves",
      [["customerAsn: 65010", "customerAsn: 65515"]],
      [
        "23:22: circuits.ams-1.peerings.azurePrivate.customerAsn: 65515 is reserved by Azure (65515 to 65520); write the ASN of the router at your end of the session",
      ],
    ],
    [
      "a SKU that does not exist",
      [["sku: premium", "sku: gold"]],
      ['15:10: circuits.ams-1.sku: "gold" is not a SKU; use local, standard or premium'],
    ],
    [
      "a bandwidth in another form",
      [["bandwidth: 1Gbps", "bandwidth: 1 gbit"]],
      ['14:16: circuits.ams-1.bandwidth: "1 gbit" is not a bandwidth; write 1Gbps'],
    ],
    [
      "a service key that is no GUID",
      [["serviceKey: 7a3c0000-0000-4000-8000-000000000001", "serviceKey: 7a3c"]],
      [
        '11:17: circuits.ams-1.serviceKey: "7a3c" is not a GUID; copy the service key from the circuit\'s overview in the Azure portal, such as 7a3c0000-0000-4000-8000-000000000001',
      ],
    ],
    [
      "a port out of range",
      [
        [
          "ams-ce1: { site: ams, address: 192.0.2.11, credentials: edge }",
          "ams-ce1: { site: ams, port: 70000, address: 192.0.2.11, credentials: edge }",
        ],
      ],
      ["6:31: routers.ams-ce1.port: 70000 is not a UDP port; write a whole number from 1 to 65535"],
    ],
    [
      "a poll interval that is too short",
      [
        [
          "ams-ce1: { site: ams, address: 192.0.2.11, credentials: edge }",
          "ams-ce1: { site: ams, interval: 500ms, address: 192.0.2.11, credentials: edge }",
        ],
      ],
      ["6:35: routers.ams-ce1.interval: 500ms is too short; use 1s or longer"],
    ],
    [
      "a probe interval that is too short",
      [["site: ams\nsnmp:", "site: ams\nprobing: { interval: 5ms }\nsnmp:"]],
      ["2:22: probing.interval: 5ms is too short; use 10ms or longer"],
    ],
    [
      "a duration without a unit",
      [
        [
          "ams-ce1: { site: ams, address: 192.0.2.11, credentials: edge }",
          "ams-ce1: { site: ams, interval: 5, address: 192.0.2.11, credentials: edge }",
        ],
      ],
      ["6:35: routers.ams-ce1.interval: 5 is not a duration; add the unit: 5s, or ms, m, h, d"],
    ],
    [
      "a duration in another form",
      [
        [
          "ams-ce1: { site: ams, address: 192.0.2.11, credentials: edge }",
          "ams-ce1: { site: ams, interval: 5 sec, address: 192.0.2.11, credentials: edge }",
        ],
      ],
      [
        '6:35: routers.ams-ce1.interval: "5 sec" is not a duration; write a number and a unit (ms, s, m, h, d), such as 200ms, 5s or 1m30s',
      ],
    ],
    [
      "a ratio for a percentage",
      [["site: ams\nsnmp:", "site: ams\nthresholds: { path: { loss: { raise: 0.05 } } }\nsnmp:"]],
      ["2:38: thresholds.path.loss.raise: 0.05 is not a percentage; write 5%"],
    ],
    [
      "a percentage over 100",
      [["site: ams\nsnmp:", "site: ams\nthresholds: { path: { loss: { raise: 101% } } }\nsnmp:"]],
      [
        '2:38: thresholds.path.loss.raise: "101%" is not a percentage from 0% to 100%; write a number and %, such as 5% or 0.5%',
      ],
    ],
  ])("says what is wrong with %s", (_, edits, expected) => {
    expect(errorsOf(edited(...edits))).toEqual(expected.map((line) => `estate.yaml:${line}`));
  });
});

describe("addresses", () => {
  it.each<Case>([
    [
      "a host name for an address",
      [
        [
          "ams-ce1: { site: ams, address: 192.0.2.11, credentials: edge }",
          "ams-ce1: { site: ams, address: ce1.example.com, credentials: edge }",
        ],
      ],
      [
        '6:34: routers.ams-ce1.address: "ce1.example.com" is not an IP address; write the address itself: host names are not looked up, since DNS may fail together with the circuit',
      ],
    ],
    [
      "an address with a port",
      [
        [
          "ams-ce1: { site: ams, address: 192.0.2.11, credentials: edge }",
          "ams-ce1: { site: ams, address: 192.0.2.11:161, credentials: edge }",
        ],
      ],
      [
        '6:34: routers.ams-ce1.address: "192.0.2.11:161" is not an IP address; write the address alone: 192.0.2.11, and the port under port',
      ],
    ],
    [
      "an address with a length",
      [
        [
          "ams-ce1: { site: ams, address: 192.0.2.11, credentials: edge }",
          "ams-ce1: { site: ams, address: 192.0.2.11/24, credentials: edge }",
        ],
      ],
      ['6:34: routers.ams-ce1.address: "192.0.2.11/24" is not an IP address; write the address alone: 192.0.2.11'],
    ],
    [
      "an address with leading zeros",
      [
        [
          "ams-ce1: { site: ams, address: 192.0.2.11, credentials: edge }",
          "ams-ce1: { site: ams, address: 192.0.2.011, credentials: edge }",
        ],
      ],
      ['6:34: routers.ams-ce1.address: "192.0.2.011" is not an IP address; write it without leading zeros: 192.0.2.11'],
    ],
    [
      "a multicast address",
      [
        [
          "ams-ce1: { site: ams, address: 192.0.2.11, credentials: edge }",
          "ams-ce1: { site: ams, address: 239.0.0.1, credentials: edge }",
        ],
      ],
      ["6:34: routers.ams-ce1.address: 239.0.0.1 is a multicast or reserved address; write the address of one host"],
    ],
    [
      "a listen address without a host",
      [["site: ams\nsnmp:", 'site: ams\nweb: { listen: ":9580" }\nsnmp:']],
      [
        '2:16: web.listen: ":9580" is not a listen address; write 127.0.0.1:9580 for this host alone, or 0.0.0.0:9580 for every address',
      ],
    ],
    [
      "a port for notifications without an address",
      [["routers:\n", '  notifications: { listen: "162" }\nrouters:\n']],
      [
        '5:28: snmp.notifications.listen: "162" is not a listen address; write 127.0.0.1:162 for this host alone, or 0.0.0.0:162 for every address',
      ],
    ],
    [
      "an address for notifications without a port",
      [["routers:\n", "  notifications: { listen: 10.0.0.1 }\nrouters:\n"]],
      ['5:28: snmp.notifications.listen: "10.0.0.1" is not a listen address; add the port: 10.0.0.1:162'],
    ],
    [
      "a state directory that is relative",
      [["site: ams\nsnmp:", "site: ams\nstateDirectory: var/lib\nsnmp:"]],
      ['2:17: stateDirectory: "var/lib" is no absolute path; write for example /var/lib/circuitwatch'],
    ],
    [
      "a listen address without a port",
      [["site: ams\nsnmp:", "site: ams\nweb: { listen: 10.0.0.1 }\nsnmp:"]],
      ['2:16: web.listen: "10.0.0.1" is not a listen address; add the port: 10.0.0.1:9580'],
    ],
    [
      "a subnet with host bits",
      [
        [
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }",
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.5/30 }",
        ],
      ],
      [
        '24:55: circuits.ams-1.peerings.azurePrivate.subnets.secondary: "172.16.0.5/30" has host bits set; the network that contains it is 172.16.0.4/30',
      ],
    ],
    [
      "a /29 where two /30 are wanted",
      [
        [
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }",
          "subnets: { primary: 172.16.0.0/29, secondary: 172.16.0.4/30 }",
        ],
      ],
      [
        '24:29: circuits.ams-1.peerings.azurePrivate.subnets.primary: "172.16.0.0/29" is a /29, not a /30; it holds the subnets of both links: write primary: 172.16.0.0/30 and secondary: 172.16.0.4/30',
      ],
    ],
    [
      "a /29 with host bits",
      [
        [
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }",
          "subnets: { primary: 172.16.0.1/29, secondary: 172.16.0.4/30 }",
        ],
      ],
      [
        '24:29: circuits.ams-1.peerings.azurePrivate.subnets.primary: "172.16.0.1/29" is a /29, not a /30; it holds the subnets of both links: write primary: 172.16.0.0/30 and secondary: 172.16.0.4/30',
      ],
    ],
    [
      "an address for a subnet",
      [
        [
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }",
          "subnets: { primary: 172.16.0.2, secondary: 172.16.0.4/30 }",
        ],
      ],
      [
        '24:29: circuits.ams-1.peerings.azurePrivate.subnets.primary: "172.16.0.2" has no length; the subnet in which it lies is 172.16.0.0/30',
      ],
    ],
    [
      "a subnet that is far too large",
      [
        [
          "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }",
          "subnets: { primary: 172.16.0.0/24, secondary: 172.16.0.4/30 }",
        ],
      ],
      [
        '24:29: circuits.ams-1.peerings.azurePrivate.subnets.primary: "172.16.0.0/24" is a /24, not a /30; write the /30 that Azure has for it',
      ],
    ],
    [
      "a /30 for a Global Reach",
      [["subnet: 192.168.250.0/29", "subnet: 192.168.250.4/30"]],
      [
        '44:13: globalReach.ams-sin.subnet: "192.168.250.4/30" is a /30, not a /29; the /29 in which it lies is 192.168.250.0/29',
      ],
    ],
  ])("says what is wrong with %s", (_, edits, expected) => {
    expect(errorsOf(edited(...edits))).toEqual(expected.map((line) => `estate.yaml:${line}`));
  });
});
