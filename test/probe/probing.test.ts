// The whole prober over loopback: its worker, its sockets, a reflector that misbehaves by a script.

import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import type { ProbeTarget } from "../../agent/estate/estate.ts";
import { type Observation, type ProbeObservation, subject } from "../../agent/estate/observation.ts";
import { type Clock, systemClock } from "../../agent/lib/clock.ts";
import { type Duration, milliseconds, seconds } from "../../agent/lib/duration.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { openProbeSockets, type SocketKind } from "../../agent/net/probe-open.ts";
import { createProbing, type Probing, type ProbingDeps } from "../../agent/probe/probing.ts";
import { createState } from "../../agent/state/state.ts";
import { at } from "../support/estate.ts";
import { eventually } from "../support/eventually.ts";
import { plainProfile } from "../support/socket-profile.ts";
import { type Deed, type StampReflector, startStampReflector } from "../support/stamp-reflector.ts";

/** Portable sockets do not know when an answer came, only when it was read: a thread that had to wait so long made it late. */
const timeout = milliseconds(1_500);
/** Milliseconds after which a reflector answers that is to be late. */
const tooLate = 2_000;
const of = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });
const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function reflector(script: (n: number) => Deed, lateBy?: number, address?: string): Promise<StampReflector> {
  const started = await startStampReflector(script, lateBy, address);
  ends.push(started.close);
  return started;
}

const stamp = (port: number, rest: Partial<ProbeTarget> = {}): ProbeTarget => ({
  technique: "stamp",
  address: "127.0.0.1",
  port,
  source: undefined,
  interval: milliseconds(5),
  timeout,
  ...rest,
});

function run(targets: readonly ProbeTarget[], deps: Partial<ProbingDeps> = {}) {
  const observed: ProbeObservation[] = [];
  const observe = (o: Observation) => {
    if (o.kind === "probe") observed.push(o);
  };
  const probing: Probing = createProbing(
    { clock: systemClock, log: silent, observe, ...deps },
    targets.map((target, index) => ({ of, index, target })),
  );
  ends.push(probing.stop);
  probing.start();
  type Count = "received" | "lost" | "late" | "duplicate" | "reordered" | "discarded" | "sendErrors";
  return {
    probing,
    observed,
    sum: (key: Count, index = 0) => observed.filter((o) => o.index === index).reduce((n, o) => n + o[key], 0),
    settled:
      (n: number, index = 0) =>
      () =>
        observed.filter((o) => o.index === index).reduce((sum, o) => sum + o.received + o.lost, 0) >= n,
  };
}

const kinds: readonly SocketKind[] = process.platform === "linux" ? ["kernel", "portable"] : ["portable"];

describe.each(kinds)("STAMP probes over %s sockets", (sockets) => {
  it("report exactly the loss that happened", async () => {
    // Uneven on purpose: bursts and single losses, none after the 150th.
    const far = await reflector((n) => (n < 150 && (n % 7 === 3 || (n > 60 && n < 75)) ? "drop" : "answer"));
    const { sum, settled, observed } = run([stamp(far.port)], { sockets });
    await eventually("all of the first 150 probes settle, and more", settled(500));
    expect(far.done().drop).toBeGreaterThan(30);
    expect(sum("lost")).toBe(far.done().drop);
    expect(sum("sendErrors") + sum("late") + sum("duplicate")).toBe(0);
    const delays = observed.flatMap((o) => o.delays);
    expect(delays).toHaveLength(sum("received") - sum("discarded"));
    expect(Math.min(...delays)).toBeGreaterThan(0);
    expect(observed.at(-1)).toMatchObject({ lossRun: 0, technique: "stamp", of });
  });

  it("report a loss run that lasts, and when an answer last came", async () => {
    const far = await reflector((n) => (n < 20 ? "answer" : "drop"));
    const { observed, sum } = run([stamp(far.port)], { sockets });
    await eventually("thirty losses", () => sum("lost") >= 30);
    const last = observed.at(-1);
    expect(last?.lossRun).toBe(sum("lost"));
    // The reflector stands on the same monotonic timeline.
    expect(last?.lastReceivedAt).toBeLessThan(systemClock.now());
    expect(last?.lastReceivedAt).toBe(observed.findLast((o) => o.received > 0)?.lastReceivedAt);
  });

  it("tell duplicate, reordered, late and forged answers apart", async () => {
    const deeds: Partial<Record<number, Deed>> = {
      10: "twice",
      20: "swapWithNext",
      30: "tooLate",
      40: "fromElsewhere",
      50: "withoutNonce",
    };
    const far = await reflector((n) => (n < 150 ? (deeds[n % 60] ?? "answer") : "answer"), tooLate);
    const { probing, sum, settled } = run([stamp(far.port)], { sockets });
    await eventually("all of the first 150 probes settle, and more", settled(350));
    await eventually("the late answers come", () => sum("late") >= 2);
    const done = far.done();
    expect(done).toMatchObject({ twice: 3, swapWithNext: 3, tooLate: 2, fromElsewhere: 2, withoutNonce: 2 });
    expect(sum("duplicate")).toBe(done.twice);
    expect(sum("reordered")).toBe(done.swapWithNext);
    expect(sum("late")).toBe(done.tooLate);
    expect(sum("lost")).toBe(done.tooLate + done.fromElsewhere + done.withoutNonce);
    expect(probing.dropped()).toEqual({
      malformed: 0,
      foreign: 0,
      forged: done.withoutNonce,
      wrongSource: done.fromElsewhere,
      unauthenticated: 0,
      overflow: 0,
    });
  });

  it("over IPv6 tell lost, duplicate, late and forged answers apart just so", async () => {
    const address = "::1";
    const deeds: Partial<Record<number, Deed>> = {
      5: "drop",
      10: "twice",
      20: "swapWithNext",
      30: "tooLate",
      40: "fromElsewhere",
      50: "withoutNonce",
    };
    const far = await reflector((n) => (n < 120 ? (deeds[n % 60] ?? "answer") : "answer"), tooLate, address);
    const target = stamp(far.port, { address, source: address, size: 600 });
    const { probing, sum, settled } = run([target], { sockets });
    await eventually("all of the first 120 probes settle, and more", settled(300));
    await eventually("the late answers come", () => sum("late") >= 2);
    const done = far.done();
    expect(done).toMatchObject({ drop: 2, twice: 2, swapWithNext: 2, tooLate: 2, fromElsewhere: 2, withoutNonce: 2 });
    expect(sum("duplicate")).toBe(done.twice);
    expect(sum("reordered")).toBe(done.swapWithNext);
    expect(sum("late")).toBe(done.tooLate);
    expect(sum("lost")).toBe(done.drop + done.tooLate + done.fromElsewhere + done.withoutNonce);
    expect(probing.dropped()).toMatchObject({ malformed: 0, forged: 2, wrongSource: 2, overflow: 0 });
    expect(far.asker()?.address).toBe(address);
  });

  it("count the datagrams of a flood of junk, and lose no probe that was not lost in the receive buffer", async () => {
    const far = await reflector(() => "answer");
    const { probing, sum, settled } = run([stamp(far.port)], { sockets });
    await eventually("a first answer", settled(1));
    const to = far.asker()?.port ?? 0;
    const flooder = createSocket("udp4");
    ends.push(() => flooder.close());
    const junk = 5_000;
    const counted = () => Object.values(probing.dropped()).reduce((n, kind) => n + kind, 0);
    for (let sent = 0; sent < junk; sent += 100) {
      for (let i = 0; i < 100; i++) {
        flooder.send(
          Uint8Array.from({ length: i }, (_, at) => (at * 31 + sent + i) & 0xff),
          to,
          "127.0.0.1",
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    // Without the kernel's help nobody knows how many the buffer lost.
    await eventually("the junk is counted", () => counted() >= (sockets === "kernel" ? junk : junk / 10));
    const before = far.seen();
    await eventually("the probing goes on", settled(before + 50));
    expect(probing.dropped()).toMatchObject({ forged: 0, wrongSource: 0 });
    expect(probing.dropped().malformed).toBeGreaterThan(0);
    expect(probing.dropped().foreign).toBeGreaterThan(0);
    // The buffer may have lost answers along with junk, and nothing else may be missing.
    expect(counted() - junk).toBeLessThanOrEqual(probing.dropped().overflow);
    if (sockets === "kernel") expect(sum("lost")).toBeLessThanOrEqual(probing.dropped().overflow);
  });

  it("leave the other streams alone when one has no such source", async () => {
    const far = await reflector(() => "answer");
    const warnings: string[] = [];
    const { sum, settled, observed } = run([stamp(far.port, { source: "203.0.113.9" }), stamp(far.port)], {
      sockets,
      log: { ...silent, warn: (_, message) => warnings.push(message) },
    });
    await eventually("the good stream is answered", settled(50, 1));
    expect(sum("sendErrors", 0)).toBeGreaterThan(30);
    expect(sum("received", 0) + sum("lost", 0) + sum("sendErrors", 1)).toBe(0);
    const [said] = warnings.filter((message) => message.includes("203.0.113.9"));
    expect(warnings.filter((message) => message === said)).toHaveLength(1);
    const { unsent } = observed.findLast(({ index }) => index === 0) ?? {};
    expect(unsent?.reason).toBe("noSuchSource");
    expect(said).toBe(`cannot probe: ${unsent?.says}`);
  });

  it("stop when told to, and not before", async () => {
    const far = await reflector(() => "answer");
    const { probing, observed, settled } = run([stamp(far.port)], { sockets });
    await eventually("a first answer", settled(1));
    await probing.stop();
    const reported = observed.length;
    // What was under way has arrived when a datagram sent after it has.
    const last = createSocket("udp4");
    ends.push(() => last.close());
    await new Promise<void>((resolve) => last.send(new Uint8Array(44), far.port, "127.0.0.1", () => resolve()));
    await eventually("the last datagram is there", () => far.asker()?.port === last.address().port);
    const seen = far.seen();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(far.seen()).toBe(seen);
    expect(observed).toHaveLength(reported);
    expect(probing.restarts()).toBe(0);
  });
});

describe("ICMP probes", () => {
  it("are answered by the loopback of this host", async (context) => {
    const { sockets } = await openProbeSockets(() => 1);
    const permitted = sockets.openIcmp(plainProfile(4), 1).ok;
    sockets.close();
    if (!permitted) {
      context.skip("ICMP is not permitted here: ping_group_range excludes this group, and there is no CAP_NET_RAW");
      return;
    }
    const icmp = (address: string, source?: string): ProbeTarget => ({
      ...stamp(0),
      technique: "icmp",
      address,
      source,
    });
    const streams = [icmp("127.0.0.1"), icmp("127.0.0.7", "127.0.0.9"), icmp("::1"), icmp("::1", "::1")];
    const { sum, settled, observed } = run(streams);
    await eventually("all streams are answered", () => streams.every((_, index) => settled(50, index)()));
    expect(streams.reduce((n, _, index) => n + sum("lost", index) + sum("sendErrors", index), 0)).toBe(0);
    expect(observed.every((o) => o.technique === "icmp")).toBe(true);
  });
});

describe("ICMP probes without libc", () => {
  it("go by fping, beside STAMP probes over portable sockets", async (context) => {
    if (spawnSync("fping", ["-c1", "-q", "127.0.0.1"]).status !== 0) {
      context.skip("fping is not installed, or not permitted to ping here");
    }
    const far = await reflector(() => "answer");
    const icmp = (address: string): ProbeTarget => ({ ...stamp(0), technique: "icmp", address });
    const streams = [icmp("127.0.0.1"), stamp(far.port), icmp("::1"), icmp("127.0.0.1")];
    const { probing, sum, settled, observed } = run(streams, { sockets: "portable" });
    await eventually("all streams are answered", () => streams.every((_, index) => settled(20, index)()));
    expect(streams.reduce((n, _, index) => n + sum("sendErrors", index), 0)).toBe(0);
    const techniques = [0, 1, 2, 3].map((index) => observed.find((o) => o.index === index)?.technique);
    expect(techniques).toEqual(["icmp", "stamp", "icmp", "icmp"]);
    await probing.stop();
    const seen = observed.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(observed).toHaveLength(seen);
  });
});

describe("a worker that dies", () => {
  it("takes nothing of what was counted with it: the histogram goes on where it was", async () => {
    const state = createState({ keep: seconds(10), windows: [seconds(60)], buckets: [0.001, 0.01] });
    const one: Omit<ProbeObservation, "at"> = {
      kind: "probe",
      of,
      index: 0,
      technique: "stamp",
      received: 4,
      lost: 1,
      late: 0,
      duplicate: 0,
      reordered: 0,
      discarded: 1,
      sendErrors: 0,
      delays: [0.0005, 0.002, 0.5],
      runs: [0, 4, 1],
      variations: [0.0015],
      lossRun: 1,
      lastReceivedAt: at(1),
    };
    const batch = { kind: "batch", observations: [{ ...one, at: at(2) }], dropped: {}, skipped: 0 };
    const report = `import { parentPort } from "node:worker_threads"; parentPort.postMessage(${JSON.stringify(batch)});`;
    let again: (() => void) | undefined;
    const clock: Clock = {
      ...systemClock,
      after(_, fn) {
        again = fn;
        return () => undefined;
      },
    };
    const probing = createProbing(
      {
        clock,
        log: silent,
        observe: state.observe,
        worker: new URL(`data:text/javascript,${encodeURIComponent(report)}`),
      },
      [{ of, index: 0, target: stamp(9) }],
    );
    probing.start();
    ends.push(() => void probing.stop());
    for (let life = 1; life <= 3; life++) {
      await eventually(`death ${life}`, () => again !== undefined);
      const record = state.probe(of, 0);
      expect(record?.histogram.counts).toEqual([life, life, life]);
      expect(record?.totals).toMatchObject({ settled: 5 * life, discarded: life, lossBursts: life });
      expect(record?.windows(at(3))[0]).toMatchObject({ probes: 5 * life, lost: life });
      const restart = again;
      again = undefined;
      restart?.();
    }
    expect(probing.restarts()).toBe(3);
  });

  it("is started again, each time after a longer pause, until the prober is stopped", async () => {
    const pauses: Duration[] = [];
    const errors: string[] = [];
    let pending: (() => void) | undefined;
    const clock: Clock = {
      ...systemClock,
      after(delay, fn) {
        pauses.push(delay);
        pending = fn;
        return () => {
          pending = undefined;
        };
      },
    };
    const { probing } = run([stamp(9)], {
      clock,
      worker: new URL("data:text/javascript,process.exit(3)"),
      log: { ...silent, error: (_, message) => errors.push(message) },
    });
    for (let death = 1; death <= 3; death++) {
      await eventually(`death ${death}`, () => pauses.length === death);
      expect(probing.restarts()).toBe(death - 1);
      pending?.();
    }
    await eventually("death 4", () => pauses.length === 4);
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(errors).toHaveLength(4);
    await probing.stop();
    expect(pending).toBeUndefined();
    expect(probing.restarts()).toBe(3);
  });
});
