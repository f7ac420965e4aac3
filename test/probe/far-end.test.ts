// Our Session-Sender and our Session-Reflector face to face, over a network that is a few lines of this test: what it loses,
// on which way, is known exactly.

import { describe, expect, it } from "vitest";
import { parseSubnet } from "../../agent/estate/address.ts";
import type { ProbeTarget } from "../../agent/estate/estate.ts";
import { type ProbeObservation, subject } from "../../agent/estate/observation.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { ipv4Endpoint, parseIpv4 } from "../../agent/net/endpoint.ts";
import { createEngine } from "../../agent/probe/engine.ts";
import type { FromWorker, ProbeBatch } from "../../agent/probe/messages.ts";
import { createStampReflector } from "../../agent/probe/reflector.ts";
import { estimateOf } from "../../agent/wire/stamp.ts";
import { stampKey } from "../../agent/wire/stamp-authenticated.ts";
import { fakeSockets } from "./fake-sockets.ts";

const of = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });
const key = new Secret("a key that both ends have");
const target: ProbeTarget = {
  technique: "stamp",
  address: "10.20.0.11",
  port: 862,
  source: undefined,
  interval: milliseconds(100),
  timeout: milliseconds(1_000),
};
const endpoint = ipv4Endpoint(parseIpv4(target.address) ?? 0, 862);

interface Ends {
  readonly senderKey?: Secret;
  readonly reflectorKey?: Secret;
  readonly stateful?: boolean;
  /** Errors that the two clocks state, in seconds. */
  readonly clocks?: readonly [near: number | undefined, far: number | undefined];
  /** What the far clock is ahead, in ms. */
  readonly ahead?: number;
  /** Somebody on the way back changes an octet that nobody reads. */
  readonly tampered?: boolean;
}

async function faceToFace({
  senderKey,
  reflectorKey,
  stateful = true,
  clocks = [undefined, undefined],
  ahead = 0,
  tampered = false,
}: Ends) {
  const fake = fakeSockets();
  fake.faults.clockError = clocks[0];
  const messages: FromWorker[] = [];
  let drawn = 1;
  const engine = createEngine(
    { sockets: fake.sockets, random: () => Math.imul(drawn++, 0x9e3779b1) >>> 0, emit: (m) => messages.push(m) },
    [{ of, index: 0, target: { ...target, key: senderKey } }],
  );
  await engine.open();
  const subnet = parseSubnet("10.0.0.0/8");
  // The wall clock at the far end: 20 ms on the way there, 1 ms for the answer, 30 ms on the way back.
  const there = (left: number) => left + (20 + ahead) * 1e6;
  let leaves = 0;
  const start = () =>
    createStampReflector(
      { now: () => leaves, errorEstimate: () => estimateOf(clocks[1]), port: 862, refused: () => undefined },
      {
        senders: subnet.ok ? [subnet.value] : [],
        key: reflectorKey && stampKey(reflectorKey),
        stateful,
        senderRate: 1_000,
        totalRate: 1_000,
      },
    );
  let reflector = start();
  let sent = 0;
  let now = 0;
  const done = { forward: 0, backward: 0 };

  const batches = () => messages.filter((m): m is ProbeBatch => m.kind === "batch");
  return {
    done,
    restart() {
      reflector = start();
    },
    reflected: () => reflector.outcomes.read(),
    /** Sends `n` probes, each lost where `lose` says. */
    async probes(n: number, lose: (i: number) => "forward" | "backward" | undefined = () => undefined) {
      for (let i = 0; i < n; i++, now += 100) {
        fake.time.now = now;
        await engine.turn();
        const probe = fake.sent[sent++];
        if (probe === undefined) throw new Error(`probe ${i} was not sent`);
        const fate = lose(i);
        if (fate !== undefined) done[fate]++;
        if (fate === "forward") continue;
        const bytes = Uint8Array.from(probe.bytes);
        leaves = there(probe.at.realtime) + 1e6;
        const length = reflector.answer({
          bytes,
          address: Uint8Array.of(10, 1, 2, 3),
          port: 40_000,
          ttl: 60,
          realtime: there(probe.at.realtime),
          readAt: now as Instant,
        });
        if (tampered) bytes[5] = (bytes[5] ?? 0) ^ 1;
        if (length > 0 && fate !== "backward") fake.arrive(bytes, endpoint, probe, 51);
      }
    },
    async seen() {
      // Until all that was lost has expired.
      // Before the next is due.
      fake.time.now = now - 1;
      await engine.turn();
      fake.time.now = now + 5_000;
      await engine.turn();
      engine.report();
      const all = batches().flatMap(({ observations }) => observations);
      const sum = (count: (o: ProbeObservation) => number) => all.reduce((total, o) => total + count(o), 0);
      const known = all.filter(({ directions }) => directions !== undefined);
      return {
        received: sum((o) => o.received),
        lost: sum((o) => o.lost),
        reordered: sum((o) => o.reordered),
        delays: all.flatMap((o) => o.delays),
        forward: known.length === 0 ? undefined : sum((o) => o.directions?.forward ?? 0),
        backward: known.length === 0 ? undefined : sum((o) => o.directions?.backward ?? 0),
        oneWay: all.flatMap((o) => o.oneWay ?? []),
        dropped: batches().reduce((total, { dropped }) => total + dropped.foreign + dropped.forged, 0),
        unauthenticated: batches().reduce((total, { dropped }) => total + dropped.unauthenticated, 0),
      };
    },
  };
}

/** Some of everything, and the first loss on the way there: from then on the reflector is known to count. */
const some = (i: number) => (i === 3 || i % 17 === 5 ? "forward" : i % 13 === 7 ? "backward" : undefined);

describe("loss of each way", () => {
  it.each([
    ["unauthenticated", {}],
    ["authenticated", { senderKey: key, reflectorKey: key }],
  ])("is exact with a stateful reflector (%s)", async (_, ends) => {
    const both = await faceToFace(ends);
    await both.probes(200, some);
    const { received, lost, forward, backward } = await both.seen();
    expect(both.done.forward).toBeGreaterThan(10);
    expect(both.done.backward).toBeGreaterThan(10);
    expect({ lost, forward, backward }).toEqual({ lost: both.done.forward + both.done.backward, ...both.done });
    expect(received + lost).toBeGreaterThanOrEqual(200);
  });

  it("is not known with a stateless one, whatever is lost", async () => {
    const both = await faceToFace({ stateful: false });
    await both.probes(200, some);
    const { lost, forward, backward } = await both.seen();
    expect(lost).toBe(both.done.forward + both.done.backward);
    expect({ forward, backward }).toEqual({ forward: undefined, backward: undefined });
  });

  it("is not made up by a reflector that restarts in the middle of a session", async () => {
    const both = await faceToFace({});
    await both.probes(50, (i) => (i === 3 ? "forward" : undefined));
    both.restart();
    await both.probes(50, (i) => (i === 40 ? "backward" : undefined));
    const { lost, reordered, forward, backward } = await both.seen();
    expect({ lost, reordered, forward, backward }).toEqual({ lost: 2, reordered: 0, forward: 1, backward: 1 });
  });
});

describe("authentication", () => {
  it("lets no answer in, and none out, where the keys differ", async () => {
    const both = await faceToFace({ senderKey: key, reflectorKey: new Secret("another key of the far end") });
    await both.probes(20);
    expect(both.reflected()).toMatchObject({ answered: 0, unauthenticated: 20 });
    expect(await both.seen()).toMatchObject({ received: 0, lost: 20 });
  });

  it("takes no answer that was changed on its way", async () => {
    const both = await faceToFace({ senderKey: key, reflectorKey: key, tampered: true });
    await both.probes(20);
    expect(both.reflected()).toMatchObject({ answered: 0, unauthenticated: 0 });
    expect(await both.seen()).toMatchObject({ received: 0, lost: 20, dropped: 0, unauthenticated: 20 });
  });

  // It answers in the other layout, in which nothing stands where we look.
  it("refuses the answers of a reflector that knows no key", async () => {
    const both = await faceToFace({ senderKey: key });
    await both.probes(20);
    const { received, lost, dropped, unauthenticated } = await both.seen();
    expect({ received, lost, dropped: dropped + unauthenticated }).toEqual({ received: 0, lost: 20, dropped: 20 });
  });
});

describe("the delay of each way", () => {
  it("is told when both clocks are synchronised, with the error of both", async () => {
    const both = await faceToFace({ clocks: [0.002, 0.003], ahead: 4 });
    await both.probes(10);
    const { oneWay, delays } = await both.seen();
    expect(oneWay.flatMap(({ forward }) => forward)).toHaveLength(10);
    for (const { forward, backward, error } of oneWay) {
      // 20 ms there and 30 ms back; the far clock is 4 ms ahead, which is within what both say.
      for (const delay of forward) expect(delay).toBeCloseTo(0.024, 6);
      for (const delay of backward) expect(delay).toBeCloseTo(0.026, 6);
      expect(error).toBeGreaterThanOrEqual(0.005);
      expect(error).toBeLessThan(0.0051);
    }
    // The round trip needs no common clock.
    for (const delay of delays) expect(delay).toBeCloseTo(0.05, 6);
  });

  it.each([
    ["ours is not", [undefined, 0.003]],
    ["theirs is not", [0.002, undefined]],
    ["neither is", [undefined, undefined]],
  ] as const)("is not told when %s", async (_, clocks) => {
    const both = await faceToFace({ clocks });
    await both.probes(10);
    const { oneWay, received } = await both.seen();
    expect({ received, oneWay }).toEqual({ received: 10, oneWay: [] });
  });

  it("is not told when a clock is further off than it says", async () => {
    const both = await faceToFace({ clocks: [0.002, 0.003], ahead: -40 });
    await both.probes(10);
    expect((await both.seen()).oneWay).toEqual([]);
  });
});
