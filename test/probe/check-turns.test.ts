import { describe, expect, it } from "vitest";
import type { CheckResult } from "../../agent/estate/service-observation.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createCheckTurns, type Turn } from "../../agent/probe/check-turns.ts";
import { createFakeClock } from "../support/clock.ts";

const good: CheckResult = { failure: undefined, phases: {}, total: 0.01 };
const timedOut: CheckResult = { ...good, failure: { phase: "connect", reason: "timeout", detail: "no answer" } };

/** Checks that end when the test says so. */
function scene(turns: readonly Turn[], limits?: { readonly inFlight: number; readonly hanging: number }) {
  const clock = createFakeClock();
  const began: { readonly index: number; readonly at: number; readonly end: (result: CheckResult) => void }[] = [];
  const done: number[] = [];
  const checks = createCheckTurns(
    {
      clock,
      run: (index) => new Promise((end) => began.push({ index, at: clock.now(), end })),
      done: (index) => done.push(index),
      ...(limits === undefined ? {} : { limits }),
    },
    turns,
  );
  return {
    clock,
    checks,
    began,
    done,
    async end(index: number, result: CheckResult) {
      began.findLast((one) => one.index === index)?.end(result);
      for (let i = 0; i < 5; i++) await Promise.resolve();
    },
  };
}

const named = (n: number): Turn[] =>
  Array.from({ length: n }, (_, i) => ({ name: `check ${i}`, interval: seconds(10) }));

describe("turns", () => {
  it("begin nothing before the start, and nothing after the stop", async () => {
    const { clock, checks, began, done, end } = scene(named(3));
    clock.pass(60_000);
    expect(began).toEqual([]);
    checks.start();
    clock.pass(10_000);
    expect(began).toHaveLength(3);
    checks.stop();
    await end(0, good);
    clock.pass(60_000);
    expect(began).toHaveLength(3);
    expect(done).toEqual([]);
    expect(clock.pending()).toBe(0);
  });

  it("are spread over the interval by name, the same way at every start", () => {
    const offsets = () => {
      const { clock, checks, began } = scene(named(200));
      const start = clock.now();
      checks.start();
      clock.pass(10_000);
      return began.toSorted((a, b) => a.index - b.index).map(({ at }) => at - start);
    };
    const first = offsets();
    expect(offsets()).toEqual(first);
    const perSecond = Array.from({ length: 10 }, (_, s) => first.filter((at) => Math.floor(at / 1_000) === s).length);
    expect(Math.max(...perSecond)).toBeLessThan(35);
    expect(Math.min(...perSecond)).toBeGreaterThan(8);
  });

  it("keep their own beat, whatever a check takes", async () => {
    const { clock, checks, began, end } = scene(named(1));
    checks.start();
    for (let i = 0; i < 4; i++) {
      clock.pass(10_000);
      await end(0, good);
    }
    const at = began.map((one) => one.at);
    expect(at.slice(1).map((one, i) => Math.round(one - (at[i] ?? 0)))).toEqual([10_000, 10_000, 10_000]);
  });

  it("fall out, and are counted, while the one before has not ended", async () => {
    const { clock, checks, began, end } = scene(named(1));
    checks.start();
    clock.pass(40_000);
    expect(began).toHaveLength(1);
    expect(checks.skipped()).toBe(3);
    await end(0, good);
    clock.pass(10_000);
    expect(began).toHaveLength(2);
  });

  it("never have more in flight than the bound", async () => {
    const { clock, checks, began, end } = scene(named(10), { inFlight: 4, hanging: 2 });
    checks.start();
    clock.pass(10_000);
    expect(began).toHaveLength(4);
    expect(checks.inFlight()).toBe(4);
    await end(began[0]?.index ?? 0, good);
    expect(began).toHaveLength(5);
    expect(checks.inFlight()).toBe(4);
  });

  it("leave places to the others when many far ends hang", async () => {
    const { clock, checks, began, end } = scene(named(10), { inFlight: 4, hanging: 2 });
    checks.start();
    // In the first round nobody knows yet: all but check 9 time out.
    clock.pass(10_000);
    for (let settled = 0; settled < began.length; settled++) {
      const { index } = began[settled] ?? { index: 0 };
      await end(index, index === 9 ? good : timedOut);
    }
    expect(began).toHaveLength(10);
    expect(checks.inFlight()).toBe(0);
    // In the second, those nine hang for ever, and check 9 still gets its turn.
    clock.pass(10_000);
    const second = began.slice(10).map(({ index }) => index);
    expect(second).toContain(9);
    expect(second).toHaveLength(3);
    await end(9, good);
    clock.pass(10_000);
    expect(began.slice(13).map(({ index }) => index)).toEqual([9]);
  });

  it("make up for nothing when the host was asleep", async () => {
    const { clock, checks, began } = scene(named(1));
    const sleepy = createFakeClock();
    const ran: number[] = [];
    let asleep = 0;
    const late = createCheckTurns(
      {
        clock: { ...sleepy, now: () => (sleepy.now() + asleep) as ReturnType<typeof sleepy.now> },
        run: async () => {
          ran.push(sleepy.now());
          return good;
        },
        done: () => undefined,
      },
      named(1),
    );
    late.start();
    asleep = 100_000;
    sleepy.pass(10_000);
    expect(ran).toHaveLength(1);
    expect(late.skipped()).toBe(10);
    late.stop();
    checks.start();
    clock.pass(10_000);
    expect(began).toHaveLength(1);
  });
});
