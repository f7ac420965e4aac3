// One trace, played without I/O: a network of hops that answer, or do not.

import { describe, expect, it } from "vitest";
import type { Instant } from "../../agent/lib/clock.ts";
import { createRouteTrace, type HopAnswer, mostHops, mostTries } from "../../agent/probe/route-trace.ts";

const at = (ms: number) => ms as Instant;

/** What a probe with this TTL meets, and after how many milliseconds; undefined: nothing answers this try. */
type Network = (ttl: number, tries: number) => readonly [HopAnswer, number] | undefined;

/** `deaf`: until then whatever is sent may be answered and not heard. */
function play(network: Network, deaf = 0) {
  const trace = createRouteTrace((from) => from < deaf);
  const arrivals: { ttl: number; answer: HopAnswer; sentAt: Instant; at: number }[] = [];
  const sent: number[] = [];
  let most = 0;
  for (let now = 0; now < 300_000; now += 10) {
    for (const arrival of arrivals.splice(0)) {
      if (arrival.at > now) arrivals.push(arrival);
      else trace.answered(arrival.ttl, arrival.answer, arrival.sentAt, at(now));
    }
    const outcome = trace.outcome();
    if (outcome !== undefined) return { ...outcome, hops: trace.hops(), sent, took: now, most };
    for (let ttl = trace.due(at(now)); ttl !== undefined; ttl = trace.due(at(now))) {
      trace.sent(ttl, at(now));
      sent.push(ttl);
      const [answer, after] = network(ttl, sent.filter((one) => one === ttl).length) ?? [];
      if (answer !== undefined) arrivals.push({ ttl, answer, sentAt: at(now), at: now + (after ?? 0) });
    }
    most = Math.max(most, new Set(sent).size - trace.hops().filter(({ address }) => address !== undefined).length);
    // Never in the past: the thread would go round without a rest.
    expect(trace.wakeAt()).toBeGreaterThan(now);
  }
  throw new Error("the trace does not end");
}

const hop = (n: number): HopAnswer => ({ kind: "passing", from: `10.0.0.${n}` });
const target: HopAnswer = { kind: "target", from: "10.9.9.9" };
/** `length` hops away, all of which answer but for those in `mute`. */
const row =
  (length: number, mute: readonly number[] = []): Network =>
  (ttl) =>
    mute.includes(ttl) ? undefined : [ttl >= length ? target : hop(ttl), 20];

const addresses = (hops: ReturnType<typeof play>["hops"]) => hops.map(({ address }) => address ?? "*").join(" ");

describe("a trace", () => {
  it("names every hop, asks each once, and sends no more than two probes beyond the target", () => {
    const { end, hops, sent } = play(row(4));
    expect(end).toBe("reached");
    expect(addresses(hops)).toBe("10.0.0.1 10.0.0.2 10.0.0.3 10.9.9.9");
    expect(hops.map(({ tries }) => tries)).toEqual([1, 1, 1, 1]);
    expect(hops[0]?.delay).toBeCloseTo(0.02);
    expect(Math.max(...sent)).toBeLessThanOrEqual(6);
  });

  it("asks a hop that does not answer three times, says so, and goes on", () => {
    const { end, hops } = play(row(4, [2]));
    expect(end).toBe("reached");
    expect(addresses(hops)).toBe("10.0.0.1 * 10.0.0.3 10.9.9.9");
    expect(hops[1]).toEqual({ ttl: 2, address: undefined, delay: undefined, tries: mostTries });
  });

  it("takes the delay of the try that was answered", () => {
    const { hops } = play((ttl, tries) => (ttl === 2 && tries < 3 ? undefined : [ttl >= 3 ? target : hop(ttl), 40]));
    expect(hops[1]).toMatchObject({ address: "10.0.0.2", tries: 3 });
    expect(hops[1]?.delay).toBeCloseTo(0.04);
  });

  it("takes an answer that comes after its try was given up, as long as it goes on", () => {
    const { hops } = play((ttl, tries) =>
      ttl === 2 ? (tries === 1 ? [hop(2), 1_500] : undefined) : [ttl >= 4 ? target : hop(ttl), 20],
    );
    expect(hops[1]?.address).toBe("10.0.0.2");
    expect(hops[1]?.delay).toBeCloseTo(1.5);
  });

  it("ends after five silent hops, and asks no further", () => {
    const { end, hops, sent } = play(row(40, [3, 4, 5, 6, 7, 8, 9, 10]));
    expect(end).toBe("silent");
    expect(addresses(hops)).toBe("10.0.0.1 10.0.0.2 * * * * *");
    expect(Math.max(...sent)).toBe(7);
    expect(sent.filter((ttl) => ttl > 2)).toHaveLength(5 * mostTries);
  });

  it("asks again where this host may have dropped the answer, and takes no silence from it", () => {
    const { end, hops } = play(row(4, [2]), 2_000);
    expect(end).toBe("reached");
    // The two tries of the first two seconds are none.
    expect(hops.map(({ tries }) => tries)).toEqual([1, 5, 1, 1]);
  });

  it("ends at a host that hears nothing with the hops before the first that it did not hear, whoever was heard behind it", () => {
    const { end, hops, sent } = play(row(4, [2, 3]), Infinity);
    expect(end).toBe("unheard");
    expect(addresses(hops)).toBe("10.0.0.1");
    expect(sent.length).toBeLessThan(20);
    expect(play(() => undefined, Infinity)).toMatchObject({ end: "unheard", hops: [] });
  });

  it("goes on over four silent hops to what answers behind them", () => {
    expect(play(row(7, [2, 3, 4, 5])).end).toBe("reached");
  });

  it("ends where a hop refuses, and says which and why", () => {
    const { end, detail, hops } = play((ttl) =>
      ttl < 3 ? [hop(ttl), 10] : [{ kind: "refusing", from: "10.0.0.2", says: "host unreachable" }, 10],
    );
    expect(end).toBe("unreachable");
    expect(detail).toBe("10.0.0.2: host unreachable");
    expect(addresses(hops)).toBe("10.0.0.1 10.0.0.2 10.0.0.2");
  });

  it("never looks further than thirty hops, nor sends more than ninety packets", () => {
    const { end, hops, sent } = play((ttl, tries) => (tries < 3 ? undefined : [hop(ttl), 10]));
    expect(end).toBe("tooLong");
    expect(hops).toHaveLength(mostHops);
    expect(sent).toHaveLength(mostHops * mostTries);
  });

  it("has no more than three TTLs on their way at once", () => {
    expect(play(row(12)).most).toBeLessThanOrEqual(3);
  });

  it("is not led on by a second answer, nor by one of a hop behind the target", () => {
    const trace = createRouteTrace(() => false);
    for (const ttl of [1, 2, 3]) trace.sent(ttl, at(0));
    trace.answered(2, target, at(0), at(5));
    trace.answered(3, hop(3), at(0), at(6));
    trace.answered(1, hop(1), at(0), at(7));
    trace.answered(1, { kind: "refusing", from: "6.6.6.6", says: "host unreachable" }, at(0), at(8));
    expect(trace.outcome()).toEqual({ end: "reached", detail: "" });
    expect(trace.hops().map(({ address }) => address)).toEqual(["10.0.0.1", "10.9.9.9"]);
  });
});
