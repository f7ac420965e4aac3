import { beforeEach, expect, it } from "vitest";
import { createMibView, type MibView } from "../../agent/lab/mib-view.ts";
import { routers } from "../../agent/lab/plan.ts";
import { createSimulation, type Simulation } from "../../agent/lab/simulation.ts";
import { story } from "../../agent/lab/story.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { value, walk } from "./ask.ts";

const start = 2_000_000 as Instant;
const latest = "1.3.6.1.4.1.9.9.42.1.2.10.1";
let simulation: Simulation;
let view: MibView;

beforeEach(() => {
  simulation = createSimulation(start);
  view = createMibView(routers[0] ?? expect.fail(), simulation);
});

function to(words: string, plus: number): void {
  const chapter = story.find(({ title }) => title.includes(words)) ?? expect.fail();
  simulation.advance((start + (chapter.at + plus) * 1_000) as Instant);
}

const senses = () => [...walk(view, `${latest}.2`)].map(([, v]) => (v.type === "integer" ? v.value : v.type));
const ticks = (name: string) => {
  const found = value(view, name);
  return found.type === "timeTicks" ? found.value : expect.fail();
};

it("an operation to each far end answers while its link has a carrier, and times out without", () => {
  expect(senses()).toEqual([1, 1]);
  to("Link failure", 10);
  expect(senses()).toEqual([4, 4]);
  expect(value(view, "1.3.6.1.4.1.9.9.42.1.5.4.1.26.10")).toEqual({ type: "gauge32", value: 10 });
  to("Recovery: the primary link of ams-1", 10);
  expect(senses()).toEqual([1, 1]);
});

it("has a new result every five seconds, and the same until then", () => {
  const times = Array.from({ length: 21 }, (_, s) => {
    simulation.advance((start + s * 1_000) as Instant);
    return ticks(`${latest}.5.10`);
  });
  expect(new Set(times).size).toBe(5);
  expect(new Set(times.map((time) => time - (times[0] ?? 0)))).toEqual(new Set([0, 500, 1_000, 1_500, 2_000]));
  expect(ticks("1.3.6.1.2.1.1.3.0")).toBeGreaterThanOrEqual(times.at(-1) ?? Number.POSITIVE_INFINITY);
});

it("an operation that somebody stopped says so, and its last result gets old", () => {
  const states = () => [...walk(view, "1.3.6.1.4.1.9.9.42.1.2.9.1.10")].map(([, v]) => v);
  to("somebody stopped the probes", -1);
  expect(states()).toEqual([
    { type: "integer", value: 6 },
    { type: "integer", value: 6 },
  ]);
  const last = ticks(`${latest}.5.10`);
  to("somebody stopped the probes", 15);
  expect(states()).toEqual([
    { type: "integer", value: 5 },
    { type: "integer", value: 5 },
  ]);
  expect(ticks(`${latest}.5.10`)).toBeLessThanOrEqual(last);
});

it("other routers have none", () => {
  const other = createMibView(routers[1] ?? expect.fail(), simulation);
  expect(other.next([1, 3, 6, 1, 4, 1, 9, 9, 42])).toBeUndefined();
});
