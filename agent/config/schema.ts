// The form of the configuration file. Everything that people read about it comes from here.

import type { z } from "zod";
import { bgpTableNames, connectivityModels, probeTechniques, skus } from "../estate/estate.ts";
import { bmp } from "./bmp-schema.ts";
import { communities } from "./communities-schema.ts";
import { credentials, secret } from "./credentials-schema.ts";
import { declaredPrefixes } from "./declared-prefixes-schema.ts";
import { flag, integer, keys, list, named, word } from "./keys.ts";
import { notificationSource, notifications } from "./notifications-schema.ts";
import { prefixGuard } from "./prefix-guard-schema.ts";
import { reflector } from "./reflector-schema.ts";
import { routerProbes } from "./router-probes-schema.ts";
import * as s from "./scalars.ts";
import { selfCheck } from "./self-check-schema.ts";
import { checking, internetDependencies, services } from "./services-schema.ts";
import { sessions } from "./sessions-schema.ts";
import { statistics } from "./statistics-schema.ts";
import { estateThresholds, ownThresholds, thresholdDefaults } from "./thresholds-schema.ts";
import { linkMtu, tracedKeys, tracing } from "./tracing-schema.ts";

/** The port of STAMP's reflectors, RFC 8762 section 4.1. */
export const stampPort = 862;

const pathLengths = { 4: 30, 6: 126, ofLinks: true } as const;
const globalReachLengths = { 4: 29, 6: 125, ofLinks: false } as const;

const snmpInterval = { least: "1s", most: "1h" };
const probeInterval = { least: "10ms", most: "1m", example: "200ms" };
const probeTimeout = { least: "10ms", most: "10s", example: "1s" };

const router = keys(
  {
    site: s.site({ is: "Site where the router stands." }),
    address: s.address({ is: "Address of its SNMP agent.", example: "192.0.2.11" }),
    port: s.port({ is: "UDP port of its SNMP agent." }).default(161),
    credentials: s.name({ is: "Name of its credentials under snmp.credentials.", example: "edge" }),
    anySource: flag({
      is: "Accept answers from another address than the one asked (multi-homed gear).",
      type: "true or false",
      examples: ["true", "false"],
    }).default(false),
    interval: s
      .duration({ is: "Time between two polls of this router.", ...snmpInterval, absent: "`snmp.interval`" })
      .optional(),
    bgpTable: word(bgpTableNames, {
      is: "Table to take its BGP sessions from.",
      type: "a BGP peer table",
      examples: ["cbgpPeer3Table"],
      absent: "chosen by the make of the router and by what its tables hold",
    }).optional(),
    notifications: notificationSource.optional(),
  },
  { is: "An on-premises edge router, polled by SNMP." },
);

const link = (which: string) =>
  keys(
    {
      router: s.name({ is: "Name of the router on which the link ends, under routers.", example: "ams-ce1" }),
      interface: s.words({
        is: "ifName, ifDescr or ifAlias of the link's interface on that router.",
        example: "GigabitEthernet0/0/0",
      }),
      mtu: linkMtu,
      providerEdge: keys(
        {
          address: s.address({
            is: "Address of the provider's edge router: the far end of the BGP session.",
            example: "198.51.100.1",
          }),
          asn: s.asn({ is: "ASN of the provider's edge router." }),
        },
        { is: "The provider's edge router with which the router peers. Required with anyToAny, refused elsewhere." },
      ).optional(),
    },
    { is: `The ${which} link of the circuit: where it ends on our side.` },
  );

const probeKeys = {
  technique: word(probeTechniques, {
    is: "icmp: echo requests, answered by nearly everything. stamp: UDP to a STAMP Session-Reflector (RFC 8762).",
    type: "a probe technique",
    examples: ["icmp", "stamp"],
  }),
  port: integer({
    is: "UDP port of the Session-Reflector; only with stamp.",
    type: "a UDP port",
    examples: ["862"],
    absent: "`862`",
    minimum: 1,
    maximum: 65_535,
  }).optional(),
  key: secret(
    "Key of STAMP's authenticated mode (RFC 8762 section 4.4), as the Session-Reflector has it; only with stamp.",
  ).optional(),
  source: s
    .address({ is: "Local address to send from.", example: "192.0.2.10", absent: "chosen by the routing table" })
    .optional(),
  interface: s
    .localInterface({
      is: "Interface of this host to send and receive on; needed for a link-local address.",
      absent: "chosen by the routing table",
    })
    .optional(),
  dscp: s
    .dscp({
      is: "Differentiated services code point of the probes, as a number or by its name. Several probes of one target that differ in this, in size or in dontFragment are judged beside each other.",
      absent: "`0`",
    })
    .optional(),
  size: integer({
    is: "Octets of payload: of the echo (16 at least), or of the whole STAMP packet (44, or 48 and more).",
    type: "a number of octets",
    examples: ["1200"],
    absent: "56 with icmp, 44 with stamp",
    minimum: 16,
    maximum: 9_000,
  }).optional(),
  dontFragment: flag({
    is: "Set DF, so that a probe is never cut. What is larger than the known path MTU is counted as not sent, not as lost.",
    type: "true or false",
    examples: ["true", "false"],
    absent: "`false`",
  }).optional(),
  interval: s.duration({ is: "Time between two probes.", ...probeInterval, absent: "`probing.interval`" }).optional(),
  timeout: s
    .duration({ is: "An answer later than this counts as lost.", ...probeTimeout, absent: "`probing.timeout`" })
    .optional(),
};

const pathProbe = keys(
  {
    ...probeKeys,
    address: s
      .address({ is: "Address that is probed.", example: "192.0.2.2", absent: "the MSEE, with icmp" })
      .optional(),
  },
  { is: "One stream of probes over this path.", examples: ["{ technique: icmp }"] },
);

const probeList = (which: string) =>
  list(pathProbe, {
    is: `Probes over the ${which} path. When absent: one icmp probe of the MSEE, and none with anyToAny. An empty list: none.`,
    examples: ["[{ technique: icmp }]"],
    json: { maxItems: 16 },
  }).optional();

const peering = (is: string) =>
  keys(
    {
      vlan: integer({
        is: "VLAN of the peering; C-tag where the port is QinQ.",
        type: "a VLAN",
        examples: ["100"],
        minimum: 1,
        maximum: 4094,
      }),
      customerAsn: s.asn({ is: "ASN of our end of the sessions, as Azure has it." }),
      subnets: keys(
        {
          primary: s.subnet({
            lengths: pathLengths,
            is: "/30 or /126 of the primary path: the router has its first usable address, the MSEE the second.",
            example: "172.16.0.0/30",
          }),
          secondary: s.subnet({
            lengths: pathLengths,
            is: "/30 or /126 of the secondary path.",
            example: "172.16.0.4/30",
          }),
        },
        { is: "Subnets of the two sessions. Required except with anyToAny, where the provider has them." },
      ).optional(),
      probes: keys(
        { primary: probeList("primary"), secondary: probeList("secondary") },
        { is: "What is probed over each path." },
      ).optional(),
      ...tracedKeys("both paths", "that of the link"),
      routerProbes: routerProbes.optional(),
      communities: communities(
        "Microsoft's BGP communities that both links are to announce, besides those of its services. It needs BMP. When absent: those that were seen.",
      ),
      prefixes: declaredPrefixes.optional(),
      thresholds: ownThresholds.optional(),
    },
    { is },
  );

const circuit = keys(
  {
    serviceKey: s.serviceKey({ is: "Service key of the circuit: a GUID, and no secret." }),
    provider: s.words({ is: "Connectivity provider, as it is to stand in a ticket.", example: "Equinix" }),
    peeringLocation: s.words({ is: "Peering location, as Azure names it.", example: "Amsterdam" }),
    bandwidth: s.speed({ is: "Bandwidth of the circuit, which each link has in full." }),
    sku: word(skus, {
      is: "SKU of the circuit; it decides the prefix limits and whether Global Reach is possible.",
      type: "a SKU",
      examples: [...skus],
    }),
    connectivityModel: word(connectivityModels, {
      is: "How the circuit reaches Microsoft: decides who the routers peer with, and so what can be checked.",
      type: "a connectivity model",
      examples: [...connectivityModels],
    }),
    links: keys({ primary: link("primary"), secondary: link("secondary") }, { is: "The two links of the circuit." }),
    peerings: keys(
      {
        azurePrivate: peering("Private peering: virtual networks.").optional(),
        microsoft: peering("Microsoft peering: public services of Microsoft.").optional(),
      },
      { is: "Peerings of the circuit: at least one.", json: { minProperties: 1 } },
    ),
  },
  { is: "An ExpressRoute circuit: two links, and the peerings over them." },
);

const pairProbe = keys(
  {
    from: s.site({
      is: "Site from which the probe is sent. An agent runs the probes of its own site, and those with a source.",
      example: "ams",
    }),
    to: s.site({ is: "Site that answers.", example: "sin" }),
    ...probeKeys,
    address: s.address({ is: "Address that answers at the other site.", example: "198.51.100.11" }),
  },
  {
    is: "One stream of probes from one site to the other.",
    examples: ["{ from: ams, to: sin, technique: icmp, address: 198.51.100.11 }"],
  },
);

const globalReach = keys(
  {
    circuits: list(s.name({ is: "Name of a circuit.", example: "ams-1" }), {
      is: "The two circuits that are joined.",
      examples: ["[ams-1, sin-1]"],
      json: { minItems: 2, maxItems: 2 },
    }),
    subnet: s.subnet({
      lengths: globalReachLengths,
      is: "The /29 or /125 of the Global Reach connection, used nowhere else.",
      example: "192.168.250.0/29",
    }),
    probes: list(pairProbe, { is: "Probes between the two sites.", examples: ["[]"], json: { maxItems: 64 } }).default(
      [],
    ),
    ...tracedKeys("each pair", "`tracing.mtu`"),
    thresholds: ownThresholds.optional(),
  },
  { is: "Two circuits joined by Global Reach, so that their sites reach each other through Microsoft." },
);

export const configurationSchema = keys(
  {
    site: s.site({ is: "Site where this agent stands." }),
    stateDirectory: s
      .directory({
        is: "Where the agent keeps what must outlive a restart: its SNMP engine ID and boots, and what is usual of each path.",
        example: "/var/lib/circuitwatch",
        absent: "`$STATE_DIRECTORY`, which systemd sets",
      })
      .optional(),
    web: keys(
      {
        listen: s
          .listen({
            is: "Address and port of the status page, /metrics and the API. There is no login: keep it on a trusted address.",
          })
          .default("127.0.0.1:9580"),
      },
      { is: "The web server." },
    ).prefault({}),
    snmp: keys(
      {
        interval: s.duration({ is: "Time between two polls of a router.", ...snmpInterval }).default("5s"),
        credentials: named(credentials, { is: "Credentials by name; routers refer to them." }),
        notifications: notifications.optional(),
      },
      { is: "Polling of the routers." },
    ),
    probing: keys(
      {
        interval: s.duration({ is: "Time between two probes of a stream.", ...probeInterval }).default("200ms"),
        timeout: s
          .duration({ is: "The loss threshold (RFC 7680): an answer later than this counts as lost.", ...probeTimeout })
          .default("1s"),
        ...statistics,
      },
      { is: "Defaults of every probe, and what is reckoned from them." },
    ).prefault({}),
    reflector: reflector.optional(),
    selfCheck: selfCheck.prefault({}),
    tracing,
    bmp: bmp.optional(),
    prefixGuard,
    sessions,
    thresholds: keys(
      {
        path: estateThresholds("Limits of the paths of circuits.", thresholdDefaults.path),
        globalReach: estateThresholds("Limits between the sites of a Global Reach.", thresholdDefaults.globalReach),
      },
      { is: "When a path or a Global Reach pair is degraded or down." },
    ).prefault({}),
    routers: named(router, { is: "The on-premises edge routers by name." }),
    circuits: named(circuit, { is: "The ExpressRoute circuits by name." }),
    globalReach: named(globalReach, { is: "Pairs of circuits joined by Global Reach, by name." }).prefault({}),
    checking,
    services,
    internetDependencies,
  },
  { is: "Everything that one agent watches." },
);

/** The file as it is written. */
export type ConfigurationInput = z.input<typeof configurationSchema>;
/** With the defaults put in. */
export type Configuration = z.output<typeof configurationSchema>;

/** A value of the file of which parts may be missing or were found wrong. */
export type Draft<T> = T extends string | number | boolean | undefined
  ? T
  : T extends readonly (infer U)[]
    ? readonly (Draft<U> | undefined)[]
    : { readonly [K in keyof T]?: Draft<T[K]> | undefined };
