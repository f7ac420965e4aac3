// Services and internet dependencies over time: what their checks say, and what their circuit says of them.

import { describe, expect, it } from "vitest";
import type { Estate } from "../../agent/estate/estate.ts";
import { notIsolated } from "../../agent/estate/isolation.ts";
import type { Judgement } from "../../agent/estate/judgement.ts";
import { subject } from "../../agent/estate/observation.ts";
import type { InternetDependency, Service, ServiceCheck } from "../../agent/estate/service.ts";
import type { ServiceVerdict } from "../../agent/estate/service-judgement.ts";
import type { CheckFailure, CheckPhase, CheckResult } from "../../agent/estate/service-observation.ts";
import type { Hearing } from "../../agent/evaluate/isolation.ts";
import { judgeServices } from "../../agent/evaluate/services.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { dnsCheck, httpCheck, serviceThresholds, tcpCheck } from "../support/checks.ts";
import { at, circuit, estate as smallEstate } from "../support/estate.ts";
import { scene as agentScene } from "./scene.ts";

const every10 = { interval: seconds(10), timeout: seconds(5) };

const service = (checks: readonly ServiceCheck[], more: Partial<Service> = {}): Service => ({
  is: "service",
  name: "orders",
  circuit: "ams-1",
  peering: "azurePrivate",
  checks,
  thresholds: serviceThresholds,
  ...more,
});

const dependency = (name: string, checks: readonly ServiceCheck[]): InternetDependency => ({
  is: "internetDependency",
  name,
  kind: "dns",
  checks,
  thresholds: serviceThresholds,
});

const good: CheckResult = { failure: undefined, phases: { connect: 0.01 }, total: 0.02 };
const bad = (reason: CheckFailure, phase: CheckPhase = "connect"): CheckResult => ({
  failure: { reason, phase, detail: `saw ${reason}` },
  phases: {},
  total: 0.03,
});

type Results = Readonly<Record<string, readonly CheckResult[]>>;

/** Judges after each check, ten seconds apart. */
function play(watched: {
  readonly services?: readonly Service[];
  readonly internetDependencies?: readonly InternetDependency[];
}) {
  const estate: Estate = { ...smallEstate(), services: [], internetDependencies: [], ...watched };
  const state = createState({ keep: seconds(10) });
  let now = 0;
  let verdicts: readonly ServiceVerdict[] = [];
  const around = {
    hearing: {
      mayFire: true,
      isolated: false,
      isolation: notIsolated(at(0)),
      blindUntil: undefined,
      reason: { cause: "agentIsolated", owner: "customer", evidence: "deaf" },
    } as Hearing,
    redundancy: "redundant" as Judgement["redundancy"][number]["redundancy"],
  };
  function judge(): void {
    const redundancy = [
      {
        circuit: circuit(),
        peering: "azurePrivate",
        redundancy: around.redundancy,
        since: at(0),
        reason: "both links cut",
      },
    ] as const;
    verdicts = judgeServices(
      { estate, snapshot: state, hearing: around.hearing, redundancy, paths: [], now: at(now) },
      verdicts,
    );
  }
  return {
    around,
    /** By name of the service: one result for each of its checks; undefined: this one gave none. */
    check(results: Results) {
      now += 10;
      for (const of of [...estate.services, ...estate.internetDependencies]) {
        of.checks.forEach((one, index) => {
          const result = results[of.name]?.[index];
          if (result === undefined) return;
          const { technique } = one;
          state.observe({ kind: "check", of: subject.watched(of), index, technique, at: at(now), ...result });
        });
      }
      judge();
    },
    wait(s: number) {
      now += s;
      judge();
    },
    verdict(name = "orders"): ServiceVerdict {
      const found = verdicts.find(({ of }) => of.name === name);
      if (found === undefined) throw new Error(`no verdict of ${name}`);
      return found;
    },
  };
}

const one = (result: CheckResult) => ({ orders: [result] });
const only = () => play({ services: [service([tcpCheck(every10)])] });

describe("a service", () => {
  it("is unknown before its first result, and up after a good one", () => {
    const scene = only();
    scene.wait(1);
    expect(scene.verdict()).toMatchObject({ state: "unknown", reasons: [{ cause: "notChecked" }] });
    scene.check(one(good));
    expect(scene.verdict()).toMatchObject({ state: "up", reasons: [] });
  });

  it("is not down after a single failure, nor up after a single success", () => {
    const scene = only();
    const states = [good, bad("refused"), good, bad("refused"), bad("refused"), good, bad("refused"), good, good].map(
      (result) => {
        scene.check(one(result));
        return scene.verdict().state;
      },
    );
    expect(states).toEqual(["up", "up", "up", "up", "down", "down", "down", "down", "up"]);
    expect(scene.verdict().transitions).toBe(2);
  });

  it("that never worked is unknown until it has failed often enough", () => {
    const scene = only();
    scene.check(one(bad("refused")));
    expect(scene.verdict().state).toBe("unknown");
    scene.check(one(bad("refused")));
    expect(scene.verdict().state).toBe("down");
  });

  it("says what failed, in which phase, how its circuit is, and whose fault it is", () => {
    const scene = only();
    for (let i = 0; i < 2; i++) scene.check(one(bad("refused")));
    expect(scene.verdict().reasons).toEqual([
      {
        cause: "connectionFailed",
        owner: "customer",
        evidence: "tcp 127.0.0.1:443: saw refused (connect phase, 30ms); ams-1 azurePrivate is redundant",
      },
    ]);
  });

  it.each([
    [bad("nxdomain", "dns"), "azurePrivate", "nameNotFound", "customer"],
    [bad("servfail", "dns"), "azurePrivate", "resolverFailed", "customer"],
    [bad("servfail", "dns"), "microsoft", "resolverFailed", "unknown"],
    [bad("timeout"), "azurePrivate", "connectionFailed", "unknown"],
    [bad("reset"), "microsoft", "connectionFailed", "microsoft"],
    [bad("tlsFailed", "tls"), "azurePrivate", "tlsFailed", "customer"],
    [bad("hostnameMismatch", "tls"), "microsoft", "certificateInvalid", "microsoft"],
    [bad("timeout", "firstByte"), "azurePrivate", "answerFailed", "unknown"],
    [bad("unexpectedStatus", "answer"), "azurePrivate", "statusUnexpected", "customer"],
  ] as const)("cause and owner: %j over %s", (result, peering, cause, owner) => {
    const scene = play({ services: [service([tcpCheck(every10)], { peering })] });
    for (let i = 0; i < 2; i++) scene.check(one(result));
    expect(scene.verdict()).toMatchObject({ state: "down", reasons: [{ cause, owner }] });
  });

  it.each([
    [bad("refused", "connect"), "https", "connectionFailed", "customer"],
    [bad("nxdomain", "dns"), "https", "connectionFailed", "customer"],
    [bad("proxyRefused", "proxy"), "https", "connectionFailed", "customer"],
    [bad("proxyRefused", "answer"), "http", "connectionFailed", "customer"],
    [bad("proxyCannotConnect", "proxy"), "https", "connectionFailed", "unknown"],
    [bad("timeout", "proxy"), "https", "connectionFailed", "unknown"],
    [bad("certificateExpired", "tls"), "https", "certificateInvalid", "microsoft"],
    [bad("unexpectedStatus", "answer"), "https", "statusUnexpected", "microsoft"],
    [bad("unexpectedStatus", "answer"), "http", "statusUnexpected", "unknown"],
    [bad("notSent", "connect"), "https", "notSent", "unknown"],
  ] as const)("cause and owner by a proxy: %j over %s", (result, scheme, cause, owner) => {
    const proxy = { name: "corporate", host: "192.0.2.80", port: 3128, credentials: undefined };
    const check = httpCheck({ ...every10, url: `${scheme}://app.example/`, proxy });
    const scene = play({ services: [service([check], { peering: "microsoft" })] });
    for (let i = 0; i < 2; i++) scene.check(one(result));
    expect(scene.verdict()).toMatchObject({ reasons: [{ cause, owner }] });
    if (cause !== "notSent") expect(scene.verdict().reasons[0]?.evidence).toContain("by proxy corporate");
  });

  it("is unknown, not down, when this host could not try", () => {
    const scene = only();
    scene.check(one(good));
    for (let i = 0; i < 4; i++) scene.check(one(bad("notSent")));
    expect(scene.verdict()).toMatchObject({ state: "unknown", reasons: [{ cause: "notSent", owner: "unknown" }] });
  });

  it("that was down stays so while this host cannot try: only evidence ends a failure", () => {
    const scene = only();
    for (let i = 0; i < 2; i++) scene.check(one(bad("refused")));
    for (let i = 0; i < 4; i++) scene.check(one(bad("notSent")));
    expect(scene.verdict()).toMatchObject({ state: "down", reasons: [{ cause: "connectionFailed" }] });
  });

  it("is unknown when its checks give no results any more", () => {
    const scene = only();
    scene.check(one(good));
    scene.wait(30);
    expect(scene.verdict().state).toBe("up");
    scene.wait(11);
    expect(scene.verdict()).toMatchObject({ state: "unknown", reasons: [{ cause: "notChecked" }] });
  });

  it("is slow with hysteresis", () => {
    const scene = only();
    const took = (total: number) => ({ ...good, total });
    const states = [0.1, 1, 0.1, 1, 1.2, 0.9, 0.9, 0.9, 0.7, 0.9, 0.7, 0.7].map((total) => {
      scene.check(one(took(total)));
      return scene.verdict().state;
    });
    expect(states.slice(0, 4)).toEqual(["up", "up", "up", "up"]);
    expect(states.slice(4, 11)).toEqual(Array(7).fill("degraded"));
    expect(states[11]).toBe("up");
  });

  it("is degraded when a certificate ends soon, and names it", () => {
    const scene = play({ services: [service([httpCheck(every10)])] });
    const ending = (days: number): CheckResult => ({
      ...good,
      certificates: [
        { subject: "orders.example", notBefore: 0, notAfter: 9e12 },
        { subject: "Test Issuer", notBefore: 0, notAfter: 8e12 },
      ],
      certificateTimeLeft: days * 86_400,
    });
    scene.check(one(ending(15)));
    expect(scene.verdict().state).toBe("up");
    scene.check(one(ending(13.5)));
    expect(scene.verdict()).toMatchObject({
      state: "degraded",
      reasons: [{ cause: "certificateExpires", owner: "customer" }],
    });
    expect(scene.verdict().reasons[0]?.evidence).toContain(
      "the certificate of Test Issuer ends in 13d 12h (limit 14d)",
    );
    scene.check(one(ending(90)));
    expect(scene.verdict().state).toBe("up");
  });

  it("is down when one of its checks fails, whatever the others say", () => {
    const scene = play({ services: [service([tcpCheck(every10), httpCheck(every10)])] });
    for (let i = 0; i < 2; i++) scene.check({ orders: [good, bad("unexpectedStatus", "answer")] });
    expect(scene.verdict()).toMatchObject({ state: "down", reasons: [{ cause: "statusUnexpected" }] });
  });
});

describe("the resolvers of one DNS check", () => {
  const resolver = (port: number, more = {}) => dnsCheck({ ...every10, resolver: `127.0.0.1:${port}`, ...more });
  const two = (more = {}) => play({ services: [service([resolver(1, more), resolver(2, more)])] });

  it("are degraded when one fails, and down when all do", () => {
    const scene = two();
    for (let i = 0; i < 2; i++) scene.check({ orders: [good, bad("servfail", "dns")] });
    expect(scene.verdict()).toMatchObject({ state: "degraded", reasons: [{ cause: "resolverFailed" }] });
    expect(scene.verdict().reasons[0]?.evidence).toContain("orders.example A at 127.0.0.1:2");
    for (let i = 0; i < 2; i++) scene.check({ orders: [bad("timeout", "dns"), bad("servfail", "dns")] });
    expect(scene.verdict().state).toBe("down");
  });

  it("are degraded when a name resolves to a public address: who asks may still be served", () => {
    const scene = two();
    for (let i = 0; i < 2; i++) scene.check({ orders: [bad("notPrivate", "dns"), bad("notPrivate", "dns")] });
    expect(scene.verdict()).toMatchObject({
      state: "degraded",
      reasons: [{ cause: "addressNotPrivate", owner: "customer" }, {}],
    });
  });

  const answer = (address: string) => ({ ...good, answers: [address] });

  it("may differ, unless they must not", () => {
    const scene = two();
    for (let i = 0; i < 3; i++) scene.check({ orders: [answer("10.0.0.1"), answer("10.0.0.2")] });
    expect(scene.verdict().state).toBe("up");
  });

  it("differ with hysteresis", () => {
    const scene = two({ sameAnswer: true });
    const states = ["10.0.0.1", "10.0.0.2", "10.0.0.2", "10.0.0.1", "10.0.0.1"].map((second) => {
      scene.check({ orders: [answer("10.0.0.1"), answer(second)] });
      return scene.verdict().reasons[0]?.cause ?? "up";
    });
    expect(states).toEqual(["up", "up", "resolversDiffer", "resolversDiffer", "up"]);
  });
});

describe("a service and its circuit", () => {
  it("is explained by the circuit while that is lost, and until its checks have seen that it is back", () => {
    const scene = only();
    scene.check(one(good));
    scene.around.redundancy = "lost";
    for (let i = 0; i < 3; i++) scene.check(one(bad("timeout")));
    expect(scene.verdict()).toMatchObject({
      state: "down",
      reasons: [{ cause: "circuitLost" }, { cause: "connectionFailed" }],
    });
    expect(scene.verdict().reasons[0]?.evidence).toBe("ams-1 azurePrivate is lost: both links cut");
    scene.around.redundancy = "redundant";
    scene.check(one(good));
    expect(scene.verdict()).toMatchObject({ state: "down", reasons: [{ cause: "circuitLost" }, {}] });
    scene.check(one(good));
    expect(scene.verdict().state).toBe("up");
  });

  it("speaks for itself when the circuit is back and it is not", () => {
    const scene = only();
    scene.around.redundancy = "lost";
    for (let i = 0; i < 2; i++) scene.check(one(bad("timeout")));
    scene.around.redundancy = "redundant";
    for (let i = 0; i < 3; i++) scene.check(one(bad("timeout")));
    expect(scene.verdict().reasons[0]?.cause).toBe("circuitLost");
    scene.check(one(bad("timeout")));
    expect(scene.verdict().reasons[0]).toMatchObject({ cause: "connectionFailed" });
  });

  it.each(["reduced", "unknown"] as const)("speaks for itself while the circuit is %s, and says so", (redundancy) => {
    const scene = only();
    scene.around.redundancy = redundancy;
    for (let i = 0; i < 2; i++) scene.check(one(bad("timeout")));
    expect(scene.verdict().reasons[0]).toMatchObject({ cause: "connectionFailed" });
    expect(scene.verdict().reasons[0]?.evidence).toContain(`ams-1 azurePrivate is ${redundancy}`);
  });

  it("is explained in the whole judgement, by the owner of the circuit's fault", () => {
    const of = service([tcpCheck({ interval: seconds(1), timeout: seconds(1) })]);
    const scene = agentScene({ ...smallEstate(), services: [of] });
    scene.play(5);
    expect(scene.latest().services).toMatchObject([{ state: "unknown" }]);
    scene.primary.interface = { operStatus: "down" };
    scene.secondary.interface = { operStatus: "down" };
    scene.play(5);
    for (const s of [9, 10]) {
      scene.observe({
        kind: "check",
        of: subject.watched(of),
        index: 0,
        technique: "tcp",
        at: at(s),
        ...bad("timeout"),
      });
    }
    scene.play(1);
    expect(scene.latest().services).toMatchObject([
      {
        state: "down",
        reasons: [{ cause: "circuitLost", owner: "customerOrProvider" }, { cause: "connectionFailed" }],
      },
    ]);
  });
});

describe("an internet dependency", () => {
  const failing = [bad("timeout")];

  it("that fails blames no circuit, even when one is lost", () => {
    const scene = play({ internetDependencies: [dependency("crl", [tcpCheck(every10)])] });
    scene.around.redundancy = "lost";
    for (let i = 0; i < 2; i++) scene.check({ crl: failing });
    const { state, reasons } = scene.verdict("crl");
    expect({ state, reasons }).toEqual({
      state: "down",
      reasons: [
        {
          cause: "connectionFailed",
          owner: "unknown",
          evidence: "tcp 127.0.0.1:443: saw timeout (connect phase, 30ms)",
        },
      ],
    });
  });

  it("that fails with all others is our own internet access", () => {
    const scene = play({
      internetDependencies: [dependency("crl", [tcpCheck(every10)]), dependency("cdn", [tcpCheck(every10)])],
    });
    for (let i = 0; i < 2; i++) scene.check({ crl: failing, cdn: [good] });
    expect(scene.verdict("crl").reasons[0]?.cause).toBe("connectionFailed");
    for (let i = 0; i < 2; i++) scene.check({ crl: failing, cdn: failing });
    for (const name of ["crl", "cdn"]) {
      expect(scene.verdict(name)).toMatchObject({
        state: "down",
        reasons: [{ cause: "internetAccessLost", owner: "customer" }, {}],
      });
    }
  });
});

describe("an agent that hears nothing", () => {
  it("starts no failure, and says so when it is cut off", () => {
    const scene = play({ services: [service([tcpCheck(every10)])] });
    scene.check(one(good));
    scene.around.hearing = { ...scene.around.hearing, mayFire: false };
    for (let i = 0; i < 3; i++) scene.check(one(bad("timeout")));
    expect(scene.verdict().state).not.toBe("down");
    scene.around.hearing = { ...scene.around.hearing, isolated: true };
    scene.check(one(bad("timeout")));
    expect(scene.verdict()).toMatchObject({ state: "unknown", reasons: [{ cause: "agentIsolated" }, {}] });
    scene.around.hearing = { ...scene.around.hearing, mayFire: true, isolated: false };
    scene.wait(1);
    expect(scene.verdict().state).not.toBe("down");
    for (let i = 0; i < 2; i++) scene.check(one(bad("timeout")));
    expect(scene.verdict().state).toBe("down");
  });
});
