import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Instant } from "../../agent/lib/clock.ts";
import { createDeadlines, type Waiting } from "../../agent/lib/deadlines.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { createFakeClock } from "../support/clock.ts";

interface Thing extends Waiting {
  readonly name: number;
}

const thing = (name: number): Thing => ({ name, deadline: 0 as Instant, heapPlace: -1 });

describe("deadlines", () => {
  it("expire as a timer for each would: in order, once, the latest setting counting, and none that was cleared", () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant("set" as const), of: fc.nat(19), ms: fc.nat(50) }),
        fc.record({ kind: fc.constant("clear" as const), of: fc.nat(19) }),
        fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(20) }),
      ),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const clock = createFakeClock();
        const things = Array.from({ length: 20 }, (_, name) => thing(name));
        const expired: string[] = [];
        const deadlines = createDeadlines<Thing>(clock, ({ name }) => expired.push(`${name} at ${clock.now()}`));
        const expected: string[] = [];
        const timers = new Map<number, () => void>();
        for (const step of all) {
          if (step.kind === "pass") {
            for (let i = 0; i < step.ms; i++) clock.pass(1);
            continue;
          }
          const { of } = step;
          const one = things[of];
          if (one === undefined) continue;
          timers.get(of)?.();
          timers.delete(of);
          if (step.kind === "clear") {
            deadlines.clear(one);
            continue;
          }
          deadlines.set(one, milliseconds(step.ms));
          const cancel = clock.after(milliseconds(step.ms), () => {
            timers.delete(of);
            expected.push(`${of} at ${clock.now()}`);
          });
          timers.set(of, cancel);
        }
        // Those of one moment come in any order.
        expect(expired.toSorted()).toEqual(expected.toSorted());
        expect(deadlines.size()).toBe(timers.size);
        expect(things.filter(({ heapPlace }) => heapPlace >= 0)).toHaveLength(timers.size);
      }),
    );
  });

  it("of many come in their order", () => {
    const clock = createFakeClock();
    const came: number[] = [];
    const deadlines = createDeadlines<Thing>(clock, ({ name }) => came.push(name));
    const delays = Array.from({ length: 500 }, (_, i) => (i * 7_919) % 500);
    for (const ms of delays) deadlines.set(thing(ms), milliseconds(ms));
    clock.pass(1_000);
    expect(came).toEqual(delays.toSorted((a, b) => a - b));
  });

  it("may be set and cleared by what expires, and none comes after a stop", () => {
    const clock = createFakeClock();
    const came: number[] = [];
    const [one, two, three] = [thing(1), thing(2), thing(3)];
    const deadlines = createDeadlines<Thing>(clock, (expired) => {
      came.push(expired.name);
      if (expired === one) {
        deadlines.clear(two);
        deadlines.set(one, milliseconds(5));
      }
    });
    deadlines.set(one, milliseconds(10));
    deadlines.set(two, milliseconds(12));
    deadlines.set(three, milliseconds(100));
    clock.pass(10);
    clock.pass(5);
    expect(came).toEqual([1, 1]);
    deadlines.stop();
    clock.pass(1_000);
    expect(came).toEqual([1, 1]);
    expect(deadlines.size()).toBe(0);
  });
});
