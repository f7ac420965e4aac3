import { describe, expect, it } from "vitest";
import { createQueue } from "../../agent/lib/queue.ts";
import { seededRandom } from "../support/clock.ts";

describe("a queue", () => {
  it("gives what an array gives, empty, short and long", () => {
    const random = seededRandom(5);
    const queue = createQueue<number>();
    const model: number[] = [];
    let longest = 0;
    for (let i = 0; i < 30_000; i++) {
      const filling = Math.floor(i / 5_000) % 2 === 0;
      if (random() < (filling ? 0.8 : 0.1)) {
        queue.push(i);
        model.push(i);
      } else {
        expect(queue.shift()).toBe(model.shift());
      }
      expect(queue.peek()).toBe(model[0]);
      longest = Math.max(longest, model.length);
    }
    expect(longest).toBeGreaterThan(2_000);
    queue.push(7);
    expect(queue.drain()).toEqual([...model, 7]);
    expect(queue.shift()).toBeUndefined();
  });
});
