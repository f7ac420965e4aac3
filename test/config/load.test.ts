// What the Estate says that the file does not: far ends, limits, defaults, probes and pairs.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { formatSubnet } from "../../agent/estate/address.ts";
import {
  type Estate,
  type LinkName,
  type Path,
  type PeeringName,
  pairsOf,
  pathsOf,
} from "../../agent/estate/estate.ts";
import { communityOf } from "../support/credentials.ts";
import { community, edited, errorsOf, estateOf, estateYaml, sources } from "./estate-yaml.ts";

function pathOf(estate: Estate, circuit: string, peering: PeeringName, link: LinkName): Path {
  const path = pathsOf(estate).find((p) => p.circuit === circuit && p.peering === peering && p.link === link);
  if (path === undefined) throw new Error(`no path ${circuit} ${peering} ${link}`);
  return path;
}

const withTop = (line: string) => edited(["site: ams\nsnmp:", `site: ams\n${line}\nsnmp:`]);
const subnets = "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }";
const withPeering = (line: string) => edited([subnets, `${subnets}\n        ${line}`]);
const oneProbe = "- { from: ams, to: sin, technique: stamp, address: 192.0.2.30 }";

describe("paths", () => {
  const estate = estateOf(estateYaml);

  it("end at the MSEE, the second usable address of the subnet", () => {
    expect(pathOf(estate, "ams-1", "azurePrivate", "secondary")).toMatchObject({
      router: "ams-ce2",
      site: "ams",
      interface: "er0",
      vlan: 100,
      session: { localAddress: "172.16.0.5", remoteAddress: "172.16.0.6", remoteAsn: 12076 },
      msee: "172.16.0.6",
    });
  });

  it("end at the second address of a /126 too, in canonical form", () => {
    const six = estateOf(
      edited([subnets, 'subnets: { primary: "2001:DB8:0:0:0:0:0:0/126", secondary: "2001:db8::4/126" }']),
    );
    expect(pathOf(six, "ams-1", "azurePrivate", "primary")).toMatchObject({
      session: { localAddress: "2001:db8::1", remoteAddress: "2001:db8::2", remoteAsn: 12076 },
      msee: "2001:db8::2",
      probes: [{ technique: "icmp", address: "2001:db8::2" }],
    });
  });

  it("end at the provider edge with anyToAny, where no MSEE has an address and nothing is probed", () => {
    expect(pathOf(estate, "sin-1", "azurePrivate", "primary")).toMatchObject({
      session: { localAddress: undefined, remoteAddress: "198.51.100.1", remoteAsn: 64999 },
      msee: undefined,
      probes: [],
    });
  });
});

describe("circuits", () => {
  const limits = (text: string) =>
    estateOf(text)
      .circuits.get("ams-1")
      ?.peerings.map(({ name, prefixLimits }) => [name, prefixLimits]);

  it("have the prefix limits of their peerings and SKU", () => {
    const microsoft = ["microsoft", { ipv4: 200, ipv6: 200 }];
    expect(limits(estateYaml)).toEqual([["azurePrivate", { ipv4: 10_000, ipv6: 100 }], microsoft]);
    expect(limits(edited(["sku: premium", "sku: standard"]))).toEqual([
      ["azurePrivate", { ipv4: 4_000, ipv6: 100 }],
      microsoft,
    ]);
  });

  it("may have a private ASN on microsoft, which Microsoft takes once it has validated it", () => {
    for (const asn of [64_512, 65_534, 4_200_000_000]) {
      expect(errorsOf(edited(["customerAsn: 65551", `customerAsn: ${asn}`]))).toEqual([]);
    }
  });

  it.each([
    ["50Mbps", "cloudExchange", 50e6],
    ["1Gbps", "cloudExchange", 1e9],
    ["1000Mbps", "cloudExchange", 1e9],
    ["100Gbps", "direct", 100e9],
  ])("have %s as bits per second", (text, model, expected) => {
    const estate = estateOf(
      edited(
        ["bandwidth: 1Gbps", `bandwidth: ${text}`],
        ["connectivityModel: cloudExchange", `connectivityModel: ${model}`],
      ),
    );
    expect(estate.circuits.get("ams-1")?.bandwidth).toBe(expected);
  });
});

describe("routers", () => {
  it("take the interval of snmp unless they have their own", () => {
    const estate = estateOf(
      edited(
        ["snmp:\n", "snmp:\n  interval: 1s\n"],
        ["192.0.2.12, credentials: edge", "192.0.2.12, credentials: edge, interval: 30s, port: 1161, anySource: true"],
      ),
    );
    expect(estate.routers.get("ams-ce1")).toMatchObject({ pollInterval: 1_000, port: 161, anySource: false });
    expect(estate.routers.get("ams-ce2")).toMatchObject({ pollInterval: 30_000, port: 1161, anySource: true });
  });

  it("find out where their sessions stand unless the configuration says it", () => {
    const estate = estateOf(
      edited(["192.0.2.12, credentials: edge", "192.0.2.12, credentials: edge, bgpTable: cbgpPeer3Table"]),
    );
    expect(estate.routers.get("ams-ce1")?.bgpTable).toBeUndefined();
    expect(estate.routers.get("ams-ce2")?.bgpTable).toBe("cbgpPeer3Table");
  });
});

describe("notifications", () => {
  const heard = (key: string) => ["routers:\n", `  notifications: { ${key} }\nrouters:\n`] as const;
  const traps = [
    "credentials:\n",
    "credentials:\n    traps: { version: 2c, community: { env: TRAPS } }\n    own: { version: 3, user: x }\n",
  ] as const;
  const withTraps = { ...sources, env: { ...sources.env, TRAPS: "sentinel-of-traps" } };

  it("are not heard unless it is said where", () => {
    const estate = estateOf(estateYaml);
    expect(estate.notifications).toBeUndefined();
    expect(estate.stateDirectory).toBeUndefined();
    expect(estate.routers.get("ams-ce1")?.notifications).toEqual({
      addresses: ["192.0.2.11"],
      credentials: estate.routers.get("ams-ce1")?.credentials,
    });
  });

  it.each([
    ["0.0.0.0:162", { host: "0.0.0.0", port: 162 }],
    ['"[::]:10162"', { host: "::", port: 10162 }],
    ["localhost:10162", { host: "127.0.0.1", port: 10162 }],
  ])("are heard on %s", (listen, expected) => {
    expect(estateOf(edited(heard(`listen: ${listen}`))).notifications).toEqual(expected);
  });

  it("come from every address of a router, in canonical form, each once", () => {
    const addresses = '["2001:DB8:0:0::1", 198.51.100.1, 192.0.2.12]';
    const of = `192.0.2.12, credentials: edge, notifications: { addresses: ${addresses} }`;
    const estate = estateOf(edited(["192.0.2.12, credentials: edge", of]));
    expect(estate.routers.get("ams-ce2")?.notifications.addresses).toEqual([
      "192.0.2.12",
      "2001:db8::1",
      "198.51.100.1",
    ]);
  });

  it("come with the router's credentials, those of all notifications, or its own, the nearest first", () => {
    const own = [
      "192.0.2.12, credentials: edge",
      "192.0.2.12, credentials: edge, notifications: { credentials: own }",
    ] as const;
    const estate = estateOf(edited(traps, heard("listen: 0.0.0.0:162, credentials: traps"), own), withTraps);
    expect(communityOf(estate.routers.get("ams-ce1")?.notifications.credentials)).toBe("sentinel-of-traps");
    expect(communityOf(estate.routers.get("ams-ce1")?.credentials)).toBe(community);
    expect(estate.routers.get("ams-ce2")?.notifications.credentials).toMatchObject({ version: 3, user: "x" });
    // One object for one name: routers at one address are told apart by it.
    const [one, other] = ["ams-ce1", "sin-ce1"].map((name) => estate.routers.get(name)?.notifications.credentials);
    expect(one).toBe(other);
  });

  it("keep their engine where stateDirectory says", () => {
    expect(estateOf(withTop("stateDirectory: /var/lib/x")).stateDirectory).toBe("/var/lib/x");
  });
});

describe("thresholds", () => {
  it("are the default, under the estate's, under the peering's", () => {
    const top = "thresholds: { path: { loss: { raise: 10% }, delay: { for: 1m }, window: 30s } }";
    const own = "thresholds: { delay: { raise: 20ms, clear: 15.5ms }, silence: 1s }";
    const estate = estateOf(
      edited(["site: ams\nsnmp:", `site: ams\n${top}\nsnmp:`], [subnets, `${subnets}\n        ${own}`]),
    );
    const common = { loss: { raise: 0.1, clear: 0.02, for: 3_000 }, window: 30_000, keepFiringFor: 10_000 };
    expect(pathOf(estate, "ams-1", "azurePrivate", "primary").thresholds).toEqual({
      ...common,
      delay: { raise: 0.02, clear: 0.0155, for: 60_000 },
      silence: 1_000,
    });
    expect(pathOf(estate, "ams-1", "microsoft", "primary").thresholds).toEqual({
      ...common,
      delay: { raise: 0.1, clear: 0.08, for: 60_000 },
      silence: 2_000,
    });
    expect(pairsOf(estate)[0]?.thresholds.delay).toEqual({ raise: 0.3, clear: 0.25, for: 5_000 });
  });
});

describe("probes of the routers", () => {
  const subnets = "subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 }";

  it("are found by their addresses unless they are named, and may be left out", () => {
    expect(pathOf(estateOf(estateYaml), "ams-1", "azurePrivate", "primary").routerProbes).toBeUndefined();
    const probes = "routerProbes: { primary: [{ index: 10 }, { tag: t }, { owner: o, test: n }], secondary: [] }";
    const estate = estateOf(edited([subnets, `${subnets}\n        ${probes}`]));
    expect(pathOf(estate, "ams-1", "azurePrivate", "primary").routerProbes).toEqual([
      { index: 10 },
      { tag: "t" },
      { owner: "o", test: "n" },
    ]);
    expect(pathOf(estate, "ams-1", "azurePrivate", "secondary").routerProbes).toEqual([]);
  });
});

describe("probes", () => {
  const icmp = { technique: "icmp", address: "172.16.0.2", port: 0, source: undefined, interval: 200, timeout: 1_000 };

  it("ask the MSEE by icmp when the file says nothing", () => {
    expect(pathOf(estateOf(estateYaml), "ams-1", "azurePrivate", "primary").probes).toEqual([icmp]);
  });

  it("take the defaults of probing, and the port of STAMP", () => {
    const estate = estateOf(
      edited(
        ["site: ams\nsnmp:", "site: ams\nprobing: { interval: 100ms, timeout: 500ms }\nsnmp:"],
        [
          subnets,
          `${subnets}\n        probes: { primary: [{ technique: icmp }, { technique: stamp, address: 192.0.2.99, source: 192.0.2.98, interval: 50ms }], secondary: [] }`,
        ],
      ),
    );
    expect(pathOf(estate, "ams-1", "azurePrivate", "primary").probes).toEqual([
      { ...icmp, interval: 100, timeout: 500 },
      { technique: "stamp", address: "192.0.2.99", port: 862, source: "192.0.2.98", interval: 50, timeout: 500 },
    ]);
    expect(pathOf(estate, "ams-1", "azurePrivate", "secondary").probes).toEqual([]);
  });

  it("leave the link that is not named its default", () => {
    const estate = estateOf(withPeering("probes: { secondary: [] }"));
    expect(pathOf(estate, "ams-1", "azurePrivate", "primary").probes).toEqual([icmp]);
  });
});

describe("self-check", () => {
  const withSelfCheck = (text: string) => edited(["site: ams\nsnmp:", `site: ams\nselfCheck: ${text}\nsnmp:`]);

  it("takes its gateways from the kernel unless they are named", () => {
    expect(estateOf(estateYaml).selfCheck).toEqual({ gateways: undefined, starvedAfter: 2_000 });
    expect(estateOf(withSelfCheck("{ gateways: [], starvedAfter: 5s }")).selfCheck).toEqual({
      gateways: [],
      starvedAfter: 5_000,
    });
    expect(estateOf(withSelfCheck("{ gateways: [192.0.2.1, 2001:DB8::1] }")).selfCheck.gateways).toEqual([
      "192.0.2.1",
      "2001:db8::1",
    ]);
  });
});

describe("STAMP", () => {
  const key = "a key of sixteen and more";
  const secrets = { ...sources, env: { ...sources.env, STAMP_KEY: key, SHORT: "fifteen letters" } };
  const withReflector = (text: string) => edited(["site: ams\nsnmp:", `site: ams\nreflector: ${text}\nsnmp:`]);
  const errors = (text: string) => errorsOf(withReflector(text), secrets);

  it("is not reflected when the file says nothing", () => {
    expect(estateOf(estateYaml).reflector).toBeUndefined();
  });

  it("is reflected with the defaults, to whom the file names", () => {
    const { reflector } = estateOf(withReflector("{ listen: 0.0.0.0:862, senders: [10.20.0.0/24, 2001:db8::/64] }"));
    expect(reflector).toMatchObject({
      listen: { host: "0.0.0.0", port: 862 },
      key: undefined,
      stateful: true,
      senderRate: 1_000,
      totalRate: 10_000,
    });
    expect(reflector?.senders.map(formatSubnet)).toEqual(["10.20.0.0/24", "2001:db8::/64"]);
  });

  it("has keys that are read from where the file says", () => {
    const probe = oneProbe.replace("stamp,", "stamp, key: { env: STAMP_KEY },");
    const text = withReflector("{ listen: 0.0.0.0:862, senders: [10.20.0.1/32], key: { env: STAMP_KEY } }");
    const estate = estateOf(text.replace(oneProbe, probe), secrets);
    expect(estate.reflector?.key?.reveal()).toBe(key);
    expect(pairsOf(estate)[0]?.probes[0]?.key?.reveal()).toBe(key);
  });

  it.each([
    ["{ listen: 0.0.0.0:862, senders: [] }", /senders.*/],
    ["{ listen: 0.0.0.0:862, senders: [0.0.0.0/0] }", /0\.0\.0\.0\/0 is everybody/],
    ["{ listen: 0.0.0.0:862, senders: [10.20.0.1] }", /has no length; write 10\.20\.0\.1\/32/],
    ["{ listen: 0.0.0.0:862, senders: [10.20.0.1/24] }", /the network that contains it is 10\.20\.0\.0\/24/],
    ["{ listen: 0.0.0.0:862, senders: [router] }", /is not a subnet/],
    ["{ listen: 0.0.0.0:862, senders: [10.0.0.0/8], key: { env: SHORT } }", /key is shorter than 16 characters/],
    ["{ listen: 0.0.0.0:862, senders: [10.0.0.0/8], key: { env: NOT_SET } }", /NOT_SET is not set/],
    ["{ listen: 0.0.0.0:862, senders: [10.0.0.0/8], totalRate: 0 }", /0 is not a number of requests/],
  ])("says what is wrong with %s", (text, problem) => {
    const found = errors(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(problem);
    expect(found[0]).not.toContain("fifteen letters");
  });

  it("has no size beside a key", () => {
    const probe = oneProbe.replace("stamp,", "stamp, size: 200, key: { env: STAMP_KEY },");
    expect(errorsOf(edited([oneProbe, probe]), secrets)).toEqual([
      expect.stringMatching(/size: an authenticated STAMP packet has 112 octets; remove size, or key/),
    ]);
  });

  it("has no key without STAMP", () => {
    const probe = oneProbe.replace("stamp,", "icmp, key: { env: STAMP_KEY },");
    expect(errorsOf(edited([oneProbe, probe]), secrets)).toEqual([
      expect.stringMatching(/key: icmp has no authentication; remove it, or use technique: stamp/),
    ]);
  });
});

describe("Global Reach pairs", () => {
  it("are those of this agent's site, and those with a source, by direction", () => {
    const probes = [
      oneProbe,
      "- { from: sin, to: ams, technique: stamp, address: 192.0.2.31 }",
      "- { from: ams, to: sin, technique: icmp, address: 192.0.2.32 }",
      "- { from: sin, to: ams, technique: stamp, address: 192.0.2.33, source: 192.0.2.34 }",
    ];
    const estate = estateOf(edited([oneProbe, probes.join("\n      ")]));
    expect(pairsOf(estate).map((p) => [p.globalReach, p.fromSite, p.toSite, p.probes.map((t) => t.address)])).toEqual([
      ["ams-sin", "ams", "sin", ["192.0.2.30", "192.0.2.32"]],
      ["ams-sin", "sin", "ams", ["192.0.2.33"]],
    ]);
    expect(estate.globalReach.get("ams-sin")).toMatchObject({
      circuits: ["ams-1", "sin-1"],
      subnet: "192.168.250.0/29",
    });
  });
});

describe("subnets of different customers", () => {
  const sin = "{ vlan: 200, customerAsn: 65020, subnets: { primary: 172.16.0.0/30, secondary: 172.16.0.4/30 } }";

  it("may be the same on routers of their own, where Global Reach does not join them", () => {
    const joined = estateYaml.slice(estateYaml.indexOf("globalReach:"));
    const text = edited([joined, ""], ["{ vlan: 200, customerAsn: 65020 }", sin]);
    expect(estateOf(text).circuits.size).toBe(2);
    // The same with the Global Reach is refused.
    expect(() => estateOf(edited(["{ vlan: 200, customerAsn: 65020 }", sin]))).toThrow(/is given to circuits\.ams-1/);
  });
});

describe("the options of a probe", () => {
  const probeOf = (written: string) => {
    const edit = ["technique: stamp, address: 192.0.2.30", written] as const;
    return pairsOf(estateOf(edited(edit)))[0]?.probes[0];
  };

  it.each([
    ["dscp: EF", { dscp: 46 }],
    ["dscp: AF41", { dscp: 34 }],
    ["dscp: CS1", { dscp: 8 }],
    ["dscp: LE", { dscp: 1 }],
    ["dscp: 63", { dscp: 63 }],
    ["size: 1200, dontFragment: true", { size: 1_200, dontFragment: true }],
    ["interface: eth0.100", { interface: "eth0.100" }],
  ])("%s", (written, expected) => {
    expect(probeOf(`technique: icmp, address: 192.0.2.30, ${written}`)).toMatchObject(expected);
  });

  it("are absent where the file has none", () => {
    const probe = probeOf("technique: icmp, address: 192.0.2.30");
    for (const option of ["dscp", "size", "dontFragment", "interface"]) expect(probe).not.toHaveProperty(option);
  });
});

describe("a path over IPv6", () => {
  const six = [
    "primary: 203.0.113.0/30, secondary: 203.0.113.4/30",
    'primary: "2001:db8::/126", secondary: "2001:db8::4/126"',
  ] as const;

  it("has its MSEE probed by ICMPv6 when no probe is written", () => {
    const paths = pathsOf(estateOf(edited(six))).filter(({ peering }) => peering === "microsoft");
    expect(
      paths.map(({ msee, probes }) => [msee, probes.map(({ technique, address }) => `${technique} ${address}`)]),
    ).toEqual([
      ["2001:db8::2", ["icmp 2001:db8::2"]],
      ["2001:db8::6", ["icmp 2001:db8::6"]],
    ]);
  });

  it("can have probes of both families", () => {
    const probes = "\n        probes: { primary: [{ technique: icmp }, { technique: icmp, address: 203.0.113.2 }] }";
    const [from, to] = six;
    const [path] = pathsOf(estateOf(edited([`{ ${from} }`, `{ ${to} }${probes}`]))).filter(
      ({ peering }) => peering === "microsoft",
    );
    expect(path?.probes.map(({ address }) => address)).toEqual(["2001:db8::2", "203.0.113.2"]);
  });
});

describe("the example", () => {
  const example = readFileSync(new URL("../../agent/config/example.yaml", import.meta.url), "utf8");
  const env = {
    SNMP_COMMUNITY: community,
    SNMP_COMMUNITY_LAB: "another",
    SNMP_AUTH_PASSWORD: "authentication",
    SNMP_PRIVACY_PASSWORD: "encryption",
    PROXY_PASSWORD: "somebody",
  };

  it("is valid, and has every connectivity model but Direct", () => {
    const estate = estateOf(example, { ...sources, env });
    expect(estate.routers.size).toBe(4);
    expect([...estate.circuits.values()].map((circuit) => circuit.connectivityModel)).toEqual([
      "cloudExchange",
      "pointToPoint",
      "anyToAny",
    ]);
    expect(pathsOf(estate)).toHaveLength(8);
    expect(pairsOf(estate).map((pair) => [pair.fromSite, pair.toSite, pair.probes.length])).toEqual([
      ["ams", "sin", 2],
    ]);
    expect(communityOf(estate.routers.get("sin-ce2")?.credentials)).toBe("another");
    expect(estate.routers.get("ams-ce2")?.credentials).toMatchObject({
      version: 3,
      user: "circuitwatch",
      auth: { protocol: "sha256" },
      privacy: { protocol: "aes128" },
      context: "",
    });
  });
});

describe("web", () => {
  it("listens on loopback unless told otherwise", () => {
    expect(estateOf(estateYaml).web).toEqual({ host: "127.0.0.1", port: 9580 });
    expect(estateOf(withTop('web: { listen: "[::1]:80" }')).web).toEqual({ host: "::1", port: 80 });
  });
});
