import { describe, expect, it } from "vitest";
import { judge } from "../../agent/evaluate/judge.ts";
import { later } from "../../agent/lib/clock.ts";
import { milliseconds, seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { at, circuit, estate, path } from "../support/estate.ts";
import { scene } from "./scene.ts";

describe("before anything was seen", () => {
  it("says unknown, and why", () => {
    const first = judge(estate(), createState({ keep: seconds(60) }), undefined, at(0));
    expect(first.paths.map(({ state }) => state)).toEqual(["unknown", "unknown"]);
    expect(first.paths[0]?.reasons[0]?.evidence).toContain("has not been asked yet");
    expect(first.redundancy[0]?.redundancy).toBe("unknown");
    expect(first.routers.map(({ reachable }) => reachable)).toEqual(["unknown", "unknown"]);
    expect(first.isolated).toBe(false);
  });
});

describe("one failure", () => {
  it("all well is up and redundant, with the loss and delay that were measured", () => {
    const s = scene();
    s.play(20);
    expect(s.path("primary").state).toBe("up");
    expect(s.redundancy().redundancy).toBe("redundant");
    expect(s.path("primary").performance).toMatchObject({ lossRatio: 0, delay: { median: 0.002 } });
    expect(s.states("primary")).toEqual(["up"]);
  });

  it("interface down: that path is down, the pair reduced, the other untouched", () => {
    const s = scene();
    s.play(20);
    s.primary.interface = { operStatus: "down" };
    s.primary.session = { state: "active", lastError: [4, 0] };
    s.primary.dark = true;
    s.play(2);
    expect(s.path("primary").state).toBe("down");
    expect(s.path("primary").reasons[0]).toMatchObject({ cause: "interfaceDown", owner: "customerOrProvider" });
    expect(s.redundancy()).toMatchObject({ redundancy: "reduced" });
    expect(s.redundancy().reason).toContain("primary down: interface ams-ce1 er0 is down");
    s.play(30);
    expect(s.path("primary").reasons[0]?.lastSeen).toBeUndefined();
    Object.assign(s.primary, { interface: {}, session: {}, dark: false });
    const last = s.latest().at;
    s.play(5);
    // Held, with the evidence of then.
    expect(s.path("primary").reasons[0]).toMatchObject({ cause: "interfaceDown" });
    expect(((s.path("primary").reasons[0]?.lastSeen ?? expect.fail()) - last) / 1_000).toBeLessThan(1.5);
    s.play(35);
    expect(s.states("primary")).toEqual(["up", "down", "up"]);
    expect(s.states("secondary")).toEqual(["up"]);
    expect(s.path("primary").transitions).toBe(2);
  });

  it("shut on the router: an intent of the customer, said so", () => {
    const s = scene();
    s.play(20);
    s.primary.interface = { adminStatus: "down", operStatus: "down" };
    s.play(2);
    expect(s.path("primary").reasons[0]).toMatchObject({ cause: "interfaceAdminDown", owner: "customer" });
  });

  it("closed by the MSEE while it answers probes: Microsoft", () => {
    const s = scene();
    s.play(20);
    s.secondary.session = { state: "idle", lastError: [6, 2] };
    s.play(2);
    expect(s.path("secondary")).toMatchObject({ state: "down" });
    expect(s.path("secondary").reasons[0]).toMatchObject({ cause: "sessionDown", owner: "microsoft" });
    expect(s.path("secondary").reasons[0]?.evidence).toContain("6/2 Cease, Administrative Shutdown");
  });

  it("our prefixes beyond the limit: the customer", () => {
    const s = scene();
    s.play(20);
    s.secondary.session = { state: "idle", lastError: [6, 1] };
    s.play(2);
    expect(s.path("secondary").reasons[0]).toMatchObject({ owner: "customer" });
    expect(s.path("secondary").reasons[0]?.evidence).toContain(
      "6/1 Cease, Maximum Number of Prefixes Reached: the end that closed it stays Idle until somebody clears it, unless restart is configured",
    );
  });

  it("silent blackhole with link and BGP up: down within four seconds, and one outage only", () => {
    const s = scene();
    s.play(20);
    s.primary.dark = true;
    s.play(3.5);
    expect(s.path("primary").state).toBe("down");
    expect(s.path("primary").reasons[0]).toMatchObject({ cause: "probesSilent", owner: "providerOrMicrosoft" });
    s.play(20);
    expect(s.path("primary").performance).toMatchObject({ lossRatio: 1, delay: undefined });
    s.primary.dark = false;
    s.play(60);
    // The probes lost in the outage must not come back as "high loss" once it is over.
    expect(s.states("primary")).toEqual(["up", "down", "up"]);
  });

  it.each([2.25, 2.5, 3, 4, 6, 9, 15])(
    "an outage of %s s is one outage or none, never a degraded path after it",
    (length) => {
      const s = scene();
      s.play(20);
      s.primary.dark = true;
      s.play(length);
      s.primary.dark = false;
      s.play(60);
      expect([["up", "down", "up"]]).toContainEqual(s.states("primary"));
    },
  );

  it("a link that stutters while it comes back is still the same outage", () => {
    const s = scene();
    s.play(20);
    Object.assign(s.primary, { interface: { operStatus: "down" }, session: { state: "active" }, dark: true });
    s.play(20);
    Object.assign(s.primary, { interface: {}, dark: false });
    s.play(1);
    // Answered over a stale route first, then dark again until the session has brought the new one.
    s.primary.dark = true;
    s.play(1.75);
    Object.assign(s.primary, { session: {}, dark: false });
    s.play(60);
    expect(s.states("primary")).toEqual(["up", "down", "up"]);
  });

  it("dropouts too short to count as an outage are loss", () => {
    const s = scene();
    s.play(20);
    for (let i = 0; i < 8; i++) {
      s.primary.dark = true;
      s.play(1.5);
      s.primary.dark = false;
      s.play(3.5);
    }
    expect(s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ cause: "lossHigh" }] });
  });

  it("loss is said with the way that it is on, where the far end counts for itself", () => {
    const s = scene();
    s.play(20);
    Object.assign(s.primary, { loseEvery: 5, tellsWays: true });
    s.play(20);
    expect(s.path("primary").reasons[0]?.evidence).toBe(
      "20.4 % of 49 probes lost, 10 on the way there, 0 back (clears below 2.0 %)",
    );
  });

  it("20 % loss: degraded, never down, and still redundant", () => {
    const s = scene();
    s.play(20);
    s.primary.loseEvery = 5;
    s.play(30);
    expect(s.path("primary")).toMatchObject({ state: "degraded" });
    expect(s.path("primary").reasons[0]).toMatchObject({ cause: "lossHigh" });
    expect(s.redundancy().redundancy).toBe("redundant");
    s.primary.loseEvery = 0;
    s.play(40);
    expect(s.states("primary")).toEqual(["up", "degraded", "up"]);
  });

  it("delay above the limit: degraded; between the limits it stays, below the clearing one it ends", () => {
    const s = scene();
    s.play(20);
    s.primary.delay = 0.12;
    s.play(20);
    expect(s.path("primary").reasons[0]).toMatchObject({ cause: "delayHigh" });
    s.primary.delay = 0.09;
    s.play(60);
    expect(s.path("primary").state).toBe("degraded");
    s.primary.delay = 0.07;
    s.play(30);
    expect(s.path("primary").state).toBe("up");
    s.primary.delay = 0.09;
    s.play(30);
    expect(s.path("primary").state).toBe("up");
  });

  it("both paths down: lost", () => {
    const s = scene();
    s.play(20);
    s.primary.session = { state: "idle" };
    s.secondary.session = { state: "idle" };
    s.play(2);
    expect(s.redundancy().redundancy).toBe("lost");
  });
});

describe("unknown is not down", () => {
  it("only the SNMP agent died: unknown, never down, and the router is said to be unreachable", () => {
    const s = scene();
    s.play(20);
    s.primary.answers = false;
    s.play(30);
    expect(s.states("primary")).toEqual(["up", "unknown"]);
    expect(s.path("primary").reasons[0]).toMatchObject({ cause: "interfaceUnknown" });
    expect(s.redundancy().redundancy).toBe("unknown");
    expect(s.latest().routers.map(({ reachable }) => reachable)).toEqual([false, true]);
  });

  it("bgpd hung (no such table): the session is unknown, the interface is still known", () => {
    const s = scene();
    s.play(20);
    s.primary.session = "noSuchTable";
    s.play(10);
    expect(s.path("primary").reasons.map(({ cause }) => cause)).toEqual(["sessionUnknown"]);
    expect(s.latest().routers[0]?.reachable).toBe(true);
  });

  it("BGP has vanished from a router that answers: ours to look at, with all that is known besides", () => {
    const s = scene();
    s.primary.traffic = 2e6;
    s.play(20);
    const bmp = { kind: "bmpConnection", router: "ams-ce1", detail: "", unconfigured: [] } as const;
    const reason = () => s.path("primary").reasons.find(({ cause }) => cause === "sessionUnknown");
    s.primary.session = "noSuchTable";
    s.play(2);
    expect(reason(), "still fresh").toBeUndefined();
    s.play(3);
    const now = s.latest().at;
    expect(reason()).toMatchObject({ owner: "customer" });
    expect(reason()?.evidence).toContain("it was established when it was last seen");
    expect(reason()?.evidence).toMatch(/er0 is up and still receives 2\.0 Mbit\/s and sends/);
    expect(reason()?.evidence).not.toContain("BMP");
    s.observe({ ...bmp, at: now, connected: false, since: later(now, milliseconds(-6_000)) });
    s.primary.traffic = 0;
    s.play(30);
    expect(reason()?.evidence).toContain("its BMP connection ended as well");
    expect(reason()?.evidence).toContain("er0 is up and carries next to nothing");
    const { evidence } = reason() ?? expect.fail();
    s.play(60);
    expect(reason()?.evidence, "a sentence that stands").toBe(evidence);
    expect(s.states("primary")).toEqual(["up", "unknown"]);
    s.primary.answers = false;
    s.play(30);
    expect(reason(), "a router that is silent").toMatchObject({ owner: "unknown" });
  });

  it("a session or interface that the router does not have is unknown, not down", () => {
    const s = scene();
    s.play(20);
    s.primary.session = "absent";
    s.secondary.interface = "absent";
    s.play(5);
    expect(s.path("primary")).toMatchObject({
      state: "unknown",
      reasons: [{ cause: "sessionAbsent", owner: "customer" }],
    });
    expect(s.path("secondary")).toMatchObject({ state: "unknown", reasons: [{ cause: "interfaceAbsent" }] });
    expect(s.path("secondary").reasons[0]?.evidence).toMatch(/ifAlias\); it shows er7, er8$/);
  });

  it("a router that falls silent after its link broke stays down: only evidence ends a failure", () => {
    const s = scene();
    s.play(20);
    s.primary.interface = { operStatus: "down" };
    s.play(2);
    s.primary.answers = false;
    s.play(30);
    expect(s.path("primary").state).toBe("down");
    expect(s.path("primary").reasons[0]?.cause).toBe("interfaceDown");
    expect(s.redundancy().redundancy).toBe("reduced");
  });

  it("one path down and the other unknown: reduced, for that much is proven", () => {
    const s = scene();
    s.play(20);
    s.primary.session = { state: "idle" };
    s.secondary.answers = false;
    s.play(10);
    expect(s.redundancy().redundancy).toBe("reduced");
  });

  it("nothing answers any more: the agent is isolated, no path is called down", () => {
    const s = scene();
    s.play(20);
    for (const part of [s.primary, s.secondary, s.pair]) Object.assign(part, { answers: false, dark: true });
    s.play(60);
    expect(s.latest().isolated).toBe(true);
    expect(s.states("primary")).toEqual(["up", "unknown"]);
    expect(s.path("primary").reasons[0]).toMatchObject({ cause: "agentIsolated" });
    expect(s.pairVerdict().state).toBe("unknown");
    // What was lost while the agent was cut off is no loss of the paths.
    for (const part of [s.primary, s.secondary, s.pair]) Object.assign(part, { answers: true, dark: false });
    s.play(60);
    expect(s.states("primary")).toEqual(["up", "unknown", "up"]);
    expect(s.pairVerdict()).toMatchObject({ state: "up", transitions: 2 });
  });

  it("every probe dark while routers answer: that is an outage, not isolation", () => {
    const s = scene();
    s.play(20);
    for (const part of [s.primary, s.secondary, s.pair]) part.dark = true;
    s.play(8);
    expect(s.latest().isolated).toBe(false);
    expect(s.redundancy().redundancy).toBe("lost");
  });

  it("a host that cannot send says nothing of the path", () => {
    const s = scene();
    s.play(20);
    s.primary.cannotSend = true;
    s.play(20);
    expect(s.path("primary").state).not.toBe("down");
    expect(s.path("primary").notCovered.join()).toMatch(
      /icmp probes to 172.16.0.2 cannot be sent from this host \(ICMP is not permitted\); answered \d+s ago/,
    );
  });

  it("a host that cannot send says so of the path once that lasts, and until it can", () => {
    const s = scene();
    s.play(20);
    s.primary.cannotSend = true;
    s.play(4);
    expect(s.path("primary").unsent).toBeUndefined();
    s.play(4);
    const evidence = "icmp probes to 172.16.0.2 cannot be sent from this host (ICMP is not permitted)";
    expect(s.path("primary").unsent).toEqual([{ technique: "icmp", reason: "noPermission", evidence }]);
    expect(s.path("secondary").unsent).toBeUndefined();
    s.primary.cannotSend = false;
    s.play(2);
    expect(s.path("primary")).toMatchObject({ unsent: undefined, notCovered: [] });
  });

  it("a host that could never send: the far end is not said to be silent", () => {
    const s = scene();
    s.primary.cannotSend = true;
    s.play(30);
    expect(s.path("primary")).toMatchObject({ state: "up" });
    expect(s.path("primary").notCovered.join()).toContain("icmp probes to 172.16.0.2 cannot be sent from this host");
    s.primary.cannotSend = false;
    s.play(20);
    expect(s.path("primary").notCovered).toEqual([]);
  });

  it("a host that cannot hear, since its receive buffer is full, says nothing of the path, and why", () => {
    const s = scene();
    s.play(20);
    s.primary.cannotHear = true;
    s.play(20);
    expect(s.path("primary").state).not.toBe("down");
    expect(s.redundancy().redundancy).not.toBe("reduced");
    expect(JSON.stringify(s.path("primary"))).toMatch(
      /cannot be heard: this host's receive buffer is full .*; answered 2\ds ago/,
    );
    s.primary.cannotHear = false;
    s.play(5);
    expect(s.path("primary").state).toBe("up");
    s.primary.dark = true;
    s.play(10);
    expect(s.path("primary").state).toBe("down");
  });

  it("an MSEE that never answered: up by the control plane, and the gap is said", () => {
    const s = scene();
    s.primary.dark = true;
    s.play(30);
    expect(s.path("primary")).toMatchObject({ state: "up" });
    expect(s.path("primary").notCovered.join()).toContain("were never answered since this agent started");
  });

  it("anyToAny: says that the MSEE is not covered, and the provider owns the session", () => {
    const pe = { ...path("primary", []), msee: undefined };
    const s = scene(
      estate({
        connectivityModel: "anyToAny",
        peerings: [{ ...peering(), paths: { primary: pe, secondary: path("secondary", []) } }],
      }),
    );
    s.primary.session = { state: "idle", lastError: [6, 2] };
    s.play(5);
    expect(s.path("primary").reasons[0]).toMatchObject({ owner: "provider" });
    expect(s.path("secondary").state).toBe("up");
    expect(s.path("secondary").notCovered.join()).toContain("the MSEE");
  });

  it("IPv6: a session that the router shows is judged, one that it cannot show is not covered", () => {
    const ipv6 = (link: "primary" | "secondary", remoteAddress: string) => {
      const one = path(link);
      return { ...one, session: { ...one.session, remoteAddress } };
    };
    const paths = { primary: ipv6("primary", "2001:db8::2"), secondary: ipv6("secondary", "2001:db8::6") };
    const s = scene(estate({ peerings: [{ ...peering(), paths }] }));
    s.primary.session = { state: "idle" };
    s.secondary.session = "noSuchTable";
    s.play(5);
    expect(s.path("primary")).toMatchObject({ state: "down", reasons: [{ cause: "sessionDown" }] });
    expect(s.path("primary").notCovered.join()).not.toContain("session");
    expect(s.path("secondary")).toMatchObject({ state: "up" });
    expect(s.path("secondary").notCovered.join()).toContain("the BGP session");
  });

  it("IPv6: a session of a router that never answered is unknown, not out of sight", () => {
    const one = path("primary");
    const primary = { ...one, session: { ...one.session, remoteAddress: "2001:db8::2" } };
    const s = scene(estate({ peerings: [{ ...peering(), paths: { primary, secondary: path("secondary") } }] }));
    s.primary.answers = false;
    s.play(5);
    expect(s.path("primary")).toMatchObject({ state: "unknown" });
    expect(s.path("primary").notCovered.join()).not.toContain("the BGP session");
  });
});

describe("Global Reach", () => {
  it("dark, lossy and slow pairs are judged by the same rules", () => {
    const s = scene();
    s.play(20);
    expect(s.pairVerdict().state).toBe("up");
    s.pair.dark = true;
    s.play(5);
    expect(s.pairVerdict()).toMatchObject({ state: "down", reasons: [{ cause: "probesSilent" }] });
  });
});

function peering() {
  const [found] = circuit().peerings;
  if (found === undefined) throw new Error("the circuit has no peering");
  return found;
}
