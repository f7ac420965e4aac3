// A Microsoft service that is announced over a link no more, while its session stays up.

import { describe, expect, it } from "vitest";
import type { BmpPrefixesObservation } from "../../agent/estate/bmp-observation.ts";
import type { Community } from "../../agent/estate/communities.ts";
import type { Peering, PeeringName } from "../../agent/estate/estate.ts";
import { subject } from "../../agent/estate/observation.ts";
import type { Service } from "../../agent/estate/service.ts";
import { learnCommunities } from "../../agent/evaluate/communities.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { httpCheck, serviceThresholds } from "../support/checks.ts";
import { estate as anEstate, at, circuit, path } from "../support/estate.ts";
import { type Scene, scene } from "./scene.ts";

type Link = "primary" | "secondary";
const routerOf = { primary: "ams-ce1", secondary: "ams-ce2" } as const;
const of = (low: number): Community => 12076 * 65_536 + low;
const [exchange, sharePoint, westEurope] = [of(5010), of(5020), of(50_002)];

interface Told {
  routes: Readonly<Record<number, number>>;
  unread: number;
  unnumbered: number;
  /** Before policy, or only after it. */
  view: "received" | "accepted";
  connected: boolean;
  since: Instant;
}

interface Options {
  readonly peering?: PeeringName;
  readonly expected?: readonly Community[];
  readonly needed?: readonly Community[];
  readonly provider?: boolean;
}

function announcing({ peering = "microsoft", expected = [], needed = [], provider = false }: Options = {}) {
  const usual = peering === "microsoft" ? { [exchange]: 40, [sharePoint]: 12 } : { [westEurope]: 3 };
  const fresh = (): Told => ({
    routes: usual,
    unread: 0,
    unnumbered: 0,
    view: "received",
    connected: true,
    since: at(-100),
  });
  const told: Record<Link, Told> = { primary: fresh(), secondary: fresh() };
  const paths = (["primary", "secondary"] as const).map((link) => {
    const own = { ...path(link), peering };
    return [link, provider ? { ...own, msee: undefined } : own] as const;
  });
  const pair: Peering = {
    name: peering,
    prefixLimits: { ipv4: 200, ipv6: 200 },
    communities: expected,
    paths: Object.fromEntries(paths) as Peering["paths"],
  };
  const mail: Service = {
    is: "service",
    name: "mail",
    circuit: "ams-1",
    peering,
    communities: needed,
    checks: [httpCheck({})],
    thresholds: serviceThresholds,
  };
  const s = scene({
    ...anEstate(),
    circuits: new Map([["ams-1", { ...circuit(), peerings: [pair] }]]),
    services: needed.length === 0 ? [] : [mail],
  });
  for (const link of ["primary", "secondary"] as const) {
    const router = routerOf[link];
    s[link].tells = (remoteAddress, now) => {
      const { routes, unread, unnumbered, view, connected, since } = told[link];
      const counted = {
        routes: new Map(Object.entries(routes).map(([community, n]) => [Number(community), n])),
        unread,
        unnumbered,
      };
      const total = Object.values(routes).reduce((sum, n) => sum + n, 10);
      const families: BmpPrefixesObservation["families"] = [
        {
          family: "ipv4",
          received: view === "received" ? total : undefined,
          accepted: total,
          advertised: undefined,
          hasDefault: false,
          prepends: [],
          communities: { received: undefined, accepted: undefined, [view]: counted },
        },
      ];
      return [
        { kind: "bmpConnection", router, at: now, connected, since, detail: "", unconfigured: [] },
        { kind: "bmpPrefixes", router, remoteAddress, at: now, families },
      ];
    };
  }
  const without = (link: Link, ...gone: readonly Community[]) => {
    const left = Object.entries(usual).filter(([community]) => !gone.includes(Number(community)));
    told[link].routes = Object.fromEntries(left);
  };
  return { s, told, without, usual };
}

const conditionOf = (s: Scene, link: Link) => s.path(link).conditions.find(({ check }) => check === "communities");

describe("a service that one link does not announce any more", () => {
  it("degrades the path where a service of ours needs it, and says that the other link still has it", () => {
    const { s, without, told, usual } = announcing({ needed: [exchange] });
    s.play(10);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "inactive" });
    without("primary", exchange);
    s.play(25);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "inactive" });
    expect(s.path("primary").state).toBe("up");
    s.play(10);
    expect(s.path("primary")).toMatchObject({
      state: "degraded",
      reasons: [{ cause: "serviceNotAnnounced", owner: "microsoft" }],
    });
    expect(s.path("primary").reasons[0]?.evidence).toBe(
      "the primary link of ams-1 does not announce Exchange Online (12076:5010), usually 40 prefixes, though its BGP session is up; still over the secondary link: the redundancy of Exchange Online (12076:5010) is reduced; needed by mail; a change of ours in Azure would show on both links",
    );
    expect(s.path("secondary")).toMatchObject({ state: "up", reasons: [] });
    expect(s.redundancy().redundancy).toBe("redundant");
    told.primary.routes = usual;
    s.play(15);
    expect(s.path("primary")).toMatchObject({ state: "up", reasons: [] });
    expect(s.path("primary").missingSince).toBeUndefined();
  });

  it("is a note where no service of ours needs it", () => {
    const { s, without } = announcing({ needed: [exchange] });
    s.play(10);
    without("primary", sharePoint);
    s.play(35);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "firing", effect: "none", owner: "microsoft" });
    expect(s.path("primary").state).toBe("up");
  });

  it("waits for each by itself: what is long missing lets nothing else page at once", () => {
    const { s, without } = announcing({ needed: [exchange] });
    s.play(10);
    without("primary", sharePoint);
    s.play(60);
    expect(s.path("primary").state).toBe("up");
    without("primary", sharePoint, exchange);
    s.play(25);
    without("primary", sharePoint);
    s.play(5);
    without("primary", sharePoint, exchange);
    s.play(25);
    expect(s.states("primary")).toEqual(["up"]);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "firing", effect: "none" });
    s.play(10);
    expect(s.path("primary").state).toBe("degraded");
    expect(s.path("primary").reasons[0]?.evidence).toContain(
      "Exchange Online (12076:5010), usually 40 prefixes, SharePoint Online (12076:5020), usually 12 prefixes",
    );
  });

  it("is the provider's or Microsoft's where a provider stands between", () => {
    const { s, without } = announcing({ provider: true });
    s.play(10);
    without("primary", exchange);
    s.play(35);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "firing", owner: "providerOrMicrosoft" });
  });

  it("is nobody's known fault where the router tells only what its own policy let in", () => {
    const { s, without, told } = announcing();
    told.primary.view = "accepted";
    s.play(10);
    without("primary", exchange);
    s.play(35);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "firing", owner: "unknown" });
    expect(conditionOf(s, "primary")?.evidence).toContain("after the router's inbound policy");
  });

  it("is said without a word of the other link where nobody tells of that", () => {
    const { s, without, told } = announcing();
    s.play(10);
    told.secondary.connected = false;
    without("primary", exchange);
    s.play(35);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "firing", owner: "unknown" });
    expect(conditionOf(s, "primary")?.evidence).toContain("whether the secondary link still does is not known");
  });
});

describe("a service that neither link announces any more", () => {
  it("goes over the internet or nowhere; a route filter may be the cause, so nobody is blamed", () => {
    const { s, without } = announcing({ needed: [exchange] });
    s.play(10);
    without("primary", exchange);
    without("secondary", exchange);
    s.play(35);
    for (const link of ["primary", "secondary"] as const) {
      expect(s.path(link)).toMatchObject({ state: "degraded", reasons: [{ owner: "unknown" }] });
    }
    const { evidence } = s.path("primary").reasons[0] ?? { evidence: "" };
    expect(evidence).toContain(
      "nor does the secondary link announce Exchange Online (12076:5010): it goes over the internet, or nowhere",
    );
    expect(evidence).toContain("either the circuit's route filter was changed (ours), or Microsoft withdrew it");
  });

  it("is one that the other link cannot announce while its session is down", () => {
    const { s, without } = announcing();
    s.play(10);
    without("primary", exchange);
    s.secondary.session = { state: "idle" };
    s.play(35);
    expect(conditionOf(s, "primary")?.evidence).toContain("nor does the secondary link announce Exchange Online");
  });

  it("is a virtual network over the private peering, and nothing takes its place", () => {
    const { s, without } = announcing({ peering: "azurePrivate" });
    s.play(10);
    without("primary", westEurope);
    without("secondary", westEurope);
    s.play(35);
    expect(conditionOf(s, "primary")?.evidence).toBe(
      "the primary link of ams-1 does not announce virtual networks in westeurope (12076:50002), usually 3 prefixes, though its BGP session is up; nor does the secondary link announce virtual networks in westeurope (12076:50002): this circuit does not reach it; either the virtual network or its gateway's connection was changed (ours), or Microsoft withdrew it",
    );
  });

  it("is said of a service's own failure", () => {
    const { s, without } = announcing({ needed: [exchange] });
    s.play(10);
    without("primary", exchange);
    without("secondary", exchange);
    s.play(35);
    const failure = { phase: "connect", reason: "timeout", detail: "no answer" } as const;
    const [mail] = s.latest().services;
    if (mail === undefined) throw new Error("the scene has a service");
    for (const second of [44.5, 45]) {
      const result = { at: at(second), failure, phases: {}, total: 5 };
      s.observe({ kind: "check", of: subject.watched(mail.of), index: 0, technique: "http", ...result });
    }
    s.play(1);
    expect(
      s
        .latest()
        .services[0]?.reasons.map(({ evidence }) => evidence)
        .join(),
    ).toContain("Exchange Online (12076:5010) is announced over neither link");
  });
});

describe("a service that is to be announced", () => {
  it("is missed though it was never seen", () => {
    const { s } = announcing({ expected: [of(5060)], needed: [of(5060)] });
    s.play(35);
    expect(s.path("primary")).toMatchObject({ state: "degraded" });
    expect(s.path("primary").reasons[0]?.evidence).toContain("Entra ID (12076:5060), which it is to announce");
  });

  it("is not missed where some prefixes may be of it, or nothing is told", () => {
    const { s, told } = announcing({ expected: [of(20_001)] });
    told.primary.unnumbered = 1;
    told.secondary.connected = false;
    s.play(60);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "unknown", effect: "none" });
    expect(conditionOf(s, "secondary")).toMatchObject({ state: "unknown", effect: "none" });
    expect(s.path("secondary").state).toBe("up");
  });
});

describe("what is not known", () => {
  it("is not missed: communities that cannot be read, a session just up, a connection just made, no BMP at all", () => {
    const { s, told, without, usual } = announcing();
    s.play(10);
    without("primary", exchange);
    told.primary.unread = 1;
    s.play(60);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "unknown" });
    told.primary.unread = 0;
    s.primary.session = { establishedSeconds: 5 };
    s.play(60);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "unknown" });
    s.primary.session = {};
    told.primary.since = at(120);
    s.play(18);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "unknown" });
    told.primary.connected = false;
    s.play(60);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "unknown" });
    // Nothing was forgotten meanwhile.
    Object.assign(told.primary, { connected: true, since: at(-100) });
    s.play(35);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "firing" });
    told.primary.routes = usual;
    s.play(15);
    expect(conditionOf(s, "primary")).toMatchObject({ state: "inactive" });
  });

  it("keeps a failure that was seen, until it is seen to be over", () => {
    const { s, told, without } = announcing({ needed: [exchange] });
    s.play(10);
    without("primary", exchange);
    s.play(35);
    told.primary.connected = false;
    s.play(60);
    expect(s.path("primary")).toMatchObject({ state: "degraded" });
    Object.assign(told.primary, { connected: true, unread: 1 });
    s.play(60);
    told.primary.unread = 0;
    s.play(60);
    expect(s.path("primary")).toMatchObject({ state: "degraded", transitions: 1 });
  });

  it("is not a condition where nobody ever told of communities", () => {
    const { s, told } = announcing();
    told.primary.routes = {};
    s.play(60);
    expect(conditionOf(s, "primary")).toBeUndefined();
    const quiet = scene();
    quiet.play(10);
    expect(conditionOf(quiet, "primary")).toBeUndefined();
  });
});

describe("what is usual", () => {
  const counts = (n: number) => new Map([[exchange, n]]);

  it("is the same object while nothing is new, and forgets what is gone for a day", () => {
    const first = learnCommunities({}, counts(10), at(0));
    expect(first).toEqual({ [exchange]: { usual: 10, fewerSince: undefined } });
    expect(learnCommunities(first, counts(10), at(1))).toBe(first);
    expect(learnCommunities(first, counts(6), at(1))).toBe(first);
    const gone = learnCommunities(first, new Map(), at(2));
    expect(gone).toEqual({ [exchange]: { usual: 10, fewerSince: at(2) } });
    expect(learnCommunities(gone, new Map(), at(3))).toBe(gone);
    expect(learnCommunities(gone, new Map(), at(2 + 86_400))).toEqual({});
  });
});
