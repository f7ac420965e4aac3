import { describe, expect, it } from "vitest";
import { partOf, periodic } from "../../agent/collect/periodic.ts";
import { type Duration, milliseconds } from "../../agent/lib/duration.ts";
import { phase } from "../../agent/lib/hash.ts";
import { createFakeClock } from "../support/clock.ts";

const newTask = (name: string, interval: Duration) => ({
  interval,
  part: partOf(name),
  running: false,
  outOfTurn: false,
  again: false,
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

function scene(
  tasks: readonly (readonly [name: string, interval: number])[],
  work: () => Promise<void> = async () => {},
) {
  const clock = createFakeClock();
  const began = clock.now();
  const runs: { readonly name: string; readonly at: number }[] = [];
  const all = tasks.map(([name, ms]) => ({ name, ...newTask(name, milliseconds(ms)) }));
  const timers = periodic(clock, all, ({ name }) => {
    runs.push({ name, at: clock.now() - began });
    return work();
  });
  const hasten = (name: string) => {
    const task = all[tasks.findIndex((one) => one[0] === name)];
    if (task !== undefined) timers.hasten(task);
  };
  const of = (name: string) => runs.filter((run) => run.name === name).map((run) => run.at);
  const pass = async (ms: number, step = 50) => {
    for (let left = ms; left > 0; left -= step) {
      clock.pass(Math.min(step, left));
      await settled();
    }
  };
  const swing = (name: string) => {
    const task = all.find((one) => one.name === name);
    if (task !== undefined) timers.swing(task);
  };
  return { clock, timers, hasten, swing, runs, of, pass };
}

describe("periodic work", () => {
  it("runs each task at its own place in each interval, and different intervals side by side", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `task ${i}`);
    const { timers, of, pass, clock } = scene([...names.map((name) => [name, 1_000] as const), ["slow", 2_500]]);
    timers.start();
    await pass(5_000);
    for (const name of names) {
      expect(of(name)).toHaveLength(5);
      of(name).forEach((at, turn) => {
        const due = (turn + phase(name)) * 1_000;
        expect(at).toBeGreaterThanOrEqual(due);
        expect(at).toBeLessThan(due + 1);
      });
    }
    expect(of("slow")).toHaveLength(2);
    expect(timers.overruns()).toBe(0);
    // One timer for each interval, however many tasks.
    expect(clock.pending()).toBe(2);
  });

  it("leaves out a turn while the run before goes on, and counts it", async () => {
    let release = () => {};
    const { timers, of, pass } = scene([["hung", 1_000]], () => new Promise<void>((resolve) => (release = resolve)));
    timers.start();
    await pass(3_000);
    expect(of("hung")).toHaveLength(1);
    expect(timers.overruns()).toBe(2);
    release();
    await pass(1_000);
    expect(of("hung")).toHaveLength(2);
  });

  it("makes up for none of the turns that were over while the host slept, and counts them", async () => {
    const { timers, runs, pass, clock } = scene([
      ["a", 1_000],
      ["b", 1_000],
      ["c", 1_000],
    ]);
    timers.start();
    await pass(1_000);
    expect(runs).toHaveLength(3);
    // The clock jumps: timers that fell due meanwhile fire late.
    const jump = clock.now;
    let ahead = 0;
    Object.assign(clock, { now: () => jump() + ahead });
    ahead = 10_000;
    await pass(2_000);
    const turns = 13 * 3;
    expect(runs.length + timers.overruns()).toBe(turns);
    expect(timers.overruns()).toBeGreaterThanOrEqual(8 * 3);
  });

  it("gives the event loop its turn when very much is due at once", () => {
    const many = Array.from({ length: 1_000 }, (_, i) => [`task ${i}`, 1_000] as const);
    const { timers, runs, clock } = scene(many);
    const real = clock.now;
    let ahead = 0;
    Object.assign(clock, { now: () => real() + ahead });
    timers.start();
    ahead = 999;
    const perCall: number[] = [];
    const after = clock.after;
    Object.assign(clock, {
      after: (delay: Parameters<typeof after>[0], fn: () => void) =>
        after(delay, () => {
          const before = runs.length;
          fn();
          perCall.push(runs.length - before);
        }),
    });
    clock.pass(5);
    expect(runs.length).toBeGreaterThan(900);
    expect(Math.max(...perCall)).toBeLessThanOrEqual(128);
  });

  it("hastens a task that is not running, and keeps its turns", async () => {
    let release = () => {};
    let hang = false;
    const work = () => (hang ? new Promise<void>((resolve) => (release = resolve)) : Promise.resolve());
    const { timers, hasten, of, pass } = scene([["one", 1_000]], work);
    timers.start();
    await pass(1_000);
    const [first = 0] = of("one");
    hasten("one");
    expect(of("one")).toHaveLength(2);
    await pass(1_000);
    expect(of("one")[2]).toBeCloseTo(first + 1_000, 0);
    hang = true;
    await pass(1_000);
    hasten("one");
    expect(of("one")).toHaveLength(4);
    release();
  });

  it("swings a task, so that its turns never follow each other at the interval, and leaves the others where they are", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `task ${i}`);
    const { timers, swing, of, pass } = scene([...names.map((name) => [name, 1_000] as const), ["other", 2_500]]);
    timers.start();
    await pass(3_500);
    // Of both halves of the interval.
    const swinging = ["task 3", "task 7", "task 8", "task 12"];
    expect(new Set(swinging.map((name) => phase(name) < 0.5)).size).toBe(2);
    for (const name of swinging) swing(name);
    await pass(1_000);
    for (const name of swinging) swing(name);
    await pass(29_500);
    for (const name of names) {
      const turns = of(name);
      expect(turns).toHaveLength(34);
      const gaps = turns.map((at, i) => Math.round(at - (turns[i - 1] ?? at - 1_000))).slice(5);
      const expected = swinging.includes(name) ? [937, 938, 1_062, 1_063] : [999, 1_000, 1_001];
      expect(gaps.filter((gap) => !expected.includes(gap))).toEqual([]);
      expect(Math.max(...gaps) - Math.min(...gaps) > 100).toBe(swinging.includes(name));
    }
    expect(of("other")).toHaveLength(13);
    expect(timers.overruns()).toBe(0);
  });

  it("stops, and starts on a new timeline", async () => {
    const { timers, runs, pass, clock } = scene([["one", 1_000]]);
    timers.start();
    timers.start();
    await pass(1_000);
    timers.stop();
    expect(clock.pending()).toBe(0);
    await pass(3_000);
    expect(runs).toHaveLength(1);
    timers.start();
    await pass(1_000);
    expect(runs).toHaveLength(2);
  });
});
