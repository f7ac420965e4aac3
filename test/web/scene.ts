// An estate of four circuits, one of each connectivity model, and judgements of it made by hand, so
// that every state can be shown at will.

import type { Circuit, ConnectivityModel, Estate, Path, PeeringName } from "../../agent/estate/estate.ts";
import { linkNames, pairsOf, pathsOf } from "../../agent/estate/estate.ts";
import { type IsolationCause, notIsolated } from "../../agent/estate/isolation.ts";
import type { Judgement, PathState, Reason, Redundancy, Verdict } from "../../agent/estate/judgement.ts";
import type { Clock } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState, type State } from "../../agent/state/state.ts";
import { at, router, estate as smallEstate, path as smallPath, thresholds } from "../support/estate.ts";
import { reading } from "../support/interfaces.ts";

export const now = at(100_000);

/** It is 03:12:44 UTC, and stays so. */
export const fixedClock: Clock = {
  now: () => now,
  toEpoch: (instant) => Date.parse("2026-03-08T03:12:44Z") + (instant - now),
  after: () => () => {},
};

function circuit(
  name: string,
  connectivityModel: ConnectivityModel,
  provider: string,
  peeringLocation: string,
  peerings: readonly PeeringName[],
): Circuit {
  const site = name.slice(0, 3);
  const paths = (peering: PeeringName, vlan: number) =>
    Object.fromEntries(
      linkNames.map((link, i) => {
        const anyToAny = connectivityModel === "anyToAny";
        const far = anyToAny ? `10.9.0.${1 + i * 4}` : `172.16.${vlan % 250}.${2 + i * 4}`;
        const near = far.replace(/\d+$/, (last) => String(Number(last) - 1));
        const ce = `${site}-ce${i + 1}`;
        const session = {
          localAddress: anyToAny ? undefined : near,
          remoteAddress: far,
          remoteAsn: anyToAny ? 64999 : 12076,
        };
        const msee = anyToAny ? undefined : far;
        return [link, { ...smallPath(link), circuit: name, peering, site, router: ce, session, msee, vlan }];
      }),
    ) as Readonly<Record<"primary" | "secondary", Path>>;
  return {
    name,
    serviceKey: `7a3c0000-0000-4000-8000-0000000000${name.charCodeAt(0).toString(16)}`,
    provider,
    peeringLocation,
    bandwidth: 1e9,
    sku: "premium",
    connectivityModel,
    peerings: peerings.map((peering, i) => ({
      name: peering,
      prefixLimits: { ipv4: 10_000, ipv6: 100 },
      paths: paths(peering, 100 + i * 100),
    })),
  };
}

export function fourCircuits(): Estate {
  const circuits = [
    circuit("ams-1", "cloudExchange", "Equinix", "Amsterdam", ["azurePrivate", "microsoft"]),
    circuit("fra-1", "pointToPoint", "Colt", "Frankfurt", ["azurePrivate"]),
    circuit("fra-2", "direct", "Microsoft (own ports)", "Frankfurt2", ["azurePrivate"]),
    circuit("sin-1", "anyToAny", "Singtel", "Singapore", ["azurePrivate"]),
  ];
  const pair = (fromSite: string, toSite: string) => ({
    globalReach: "ams-sin",
    fromSite,
    toSite,
    probes: [],
    thresholds,
  });
  const globalReach = {
    name: "ams-sin",
    circuits: ["ams-1", "sin-1"] as const,
    subnet: "192.168.250.0/29",
    pairs: [pair("ams", "sin"), pair("sin", "ams")],
  };
  const routers = ["ams", "fra", "sin"].flatMap((site) =>
    [1, 2].map((n) => ({ ...router(`${site}-ce${n}`, `10.255.0.${n}`), site })),
  );
  return {
    ...smallEstate(),
    routers: new Map(routers.map((r) => [r.name, r])),
    circuits: new Map(circuits.map((c) => [c.name, c])),
    globalReach: new Map([[globalReach.name, globalReach]]),
  };
}

/** What is wrong, by `circuit peering link` or `from to`. */
export type Wrong = Readonly<Record<string, Partial<Verdict> & { readonly reasons: readonly Reason[] }>>;

const well: Verdict = {
  state: "up",
  since: at(100_000 - 15_120),
  transitions: 1,
  reasons: [],
  notCovered: [],
  conditions: [],
  findings: [],
  performance: {
    probes: 50,
    lossRatio: 0,
    delay: { samples: 50, min: 0.0017, median: 0.00192, p95: 0.00241, p99: 0.003, max: 0.0031 },
  },
};

/** The same, with the agent as the problem. */
export function isolatedFor(cause: IsolationCause, judgement: Judgement): Judgement {
  const since = at(100_000 - 60);
  const evidence = "this host's own interface is down: eth0 (operstate down), and nothing is heard for 1m 2s";
  const isolation = { state: "firing", since, lastTrue: judgement.at, cause, evidence, count: 1 } as const;
  return { ...judgement, isolated: true, isolation };
}

export function judgementOf(estate: Estate, wrong: Wrong = {}, age = seconds(0.2)): Judgement {
  const paths = pathsOf(estate).map((path) => ({
    ...well,
    ...(path.msee === undefined ? { notCovered: ["the MSEE: the router peers with the provider"] } : {}),
    ...wrong[`${path.circuit} ${path.peering} ${path.link}`],
    path,
  }));
  return {
    at: at(100_000 - age / 1_000),
    isolated: false,
    isolation: notIsolated(at(0)),
    paths,
    redundancy: [...estate.circuits.values()].flatMap((circuit) =>
      circuit.peerings.map(({ name }) => {
        const two = paths.filter(({ path }) => path.circuit === circuit.name && path.peering === name);
        const worst = two.find(({ state }) => state !== "up");
        const states = two.map(({ state }) => state);
        return {
          circuit,
          peering: name,
          redundancy: redundancyOf(states),
          since: worst?.since ?? well.since,
          reason: worst?.reasons[0]?.evidence ?? "",
        };
      }),
    ),
    pairs: pairsOf(estate).map((pair) => ({
      ...well,
      performance: {
        probes: 50,
        lossRatio: 0,
        delay: { samples: 50, min: 0.16, median: 0.1623, p95: 0.1641, p99: 0.168, max: 0.17 },
      },
      ...wrong[`${pair.fromSite} ${pair.toSite}`],
      pair,
    })),
    routers: [...estate.routers.values()].map((r) => ({
      router: r,
      reachable: wrong[r.name] === undefined,
      since: wrong[r.name]?.since ?? well.since,
      reason: wrong[r.name]?.reasons[0]?.evidence ?? "",
    })),
    services: [],
  };
}

function redundancyOf(states: readonly PathState[]): Redundancy {
  const down = states.filter((state) => state === "down").length;
  if (down > 0) return down === states.length ? "lost" : "reduced";
  return states.includes("unknown") ? "unknown" : "redundant";
}

/** What the routers last said: all is well, except where an interface or a session is named. */
export function stateOf(
  estate: Estate,
  down: { readonly interfaces?: readonly string[]; readonly sessions?: readonly string[] } = {},
  descr = "FRRouting 10.3 on Linux 6.1",
): State {
  const state = createState({ keep: seconds(10) });
  for (const r of estate.routers.values()) {
    state.observe({ kind: "poll", router: r.name, group: "system", at: now, result: "ok", detail: "", seconds: 0.01 });
    state.observe({
      kind: "router",
      router: r.name,
      at: now,
      sysName: r.name,
      sysDescr: descr,
      sysObjectId: "1.3.6.1.4.1.8072.3.2.10",
      sysUpTime: 900,
    });
  }
  for (const path of pathsOf(estate)) {
    const { router, interface: name } = path;
    const operStatus = down.interfaces?.includes(router) ? "down" : "up";
    state.observe(reading(0, { router, interface: name, at: now, speed: 1e10, operStatus }));
    const broken = down.sessions?.includes(path.router) ?? false;
    state.observe({
      kind: "session",
      router: path.router,
      remoteAddress: path.session.remoteAddress,
      at: now,
      present: true,
      state: broken ? "idle" : "established",
      adminUp: true,
      remoteAsn: path.session.remoteAsn,
      establishedTransitions: 2,
      establishedSeconds: broken ? 250 : 15_100,
      lastError: broken ? [4, 0] : [0, 0],
    });
  }
  return state;
}

export const linkFailure: Wrong[string] = {
  state: "down",
  since: at(100_000 - 252),
  reasons: [
    {
      cause: "interfaceDown",
      owner: "customerOrProvider",
      evidence: "interface ams-ce1 er0 is down (ifOperStatus), admin up",
    },
    {
      cause: "sessionDown",
      owner: "providerOrMicrosoft",
      evidence:
        "BGP session of ams-ce1 with 172.16.100.2 (AS 12076) is idle for 4m 10s, last error 4/0 Hold Timer Expired",
    },
  ],
  performance: { probes: 50, lossRatio: 1, delay: undefined },
};

export const silentLoss: Wrong[string] = {
  state: "degraded",
  since: at(100_000 - 31),
  reasons: [
    {
      cause: "lossHigh",
      owner: "providerOrMicrosoft",
      evidence: "12.0 % of 50 probes lost (limit 5.0 %)",
    },
  ],
  performance: {
    probes: 50,
    lossRatio: 0.12,
    delay: { samples: 44, min: 0.0117, median: 0.0121, p95: 0.0149, p99: 0.018, max: 0.019 },
  },
};

export const notSeen: Wrong[string] = {
  state: "unknown",
  since: at(100_000 - 14),
  reasons: [
    {
      cause: "interfaceUnknown",
      owner: "unknown",
      evidence: "interface sin-ce2 er0 unknown: sin-ce2 last answered 17s ago (interfaces): no answer to 3 requests",
    },
  ],
};
