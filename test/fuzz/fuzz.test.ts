// That the fuzzer knows every decoder, that it can fail, and a short run of it.

import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import type { SnmpTarget } from "../../agent/net/snmp-client.ts";
import { mutationClasses } from "./classes.ts";
import { createCorpus } from "./corpus.ts";
import { runGuarded } from "./guard.ts";
import { runLive } from "./live/loop.ts";
import { getThrough } from "./live/polls.ts";
import { scenes } from "./live/scenes.ts";
import { growth, type LoopOptions, runLoop } from "./loop.ts";
import { acceptsOtherNames, slow, throws } from "./planted/targets.ts";
import { hexOf } from "./tally.ts";
import type { FuzzTarget } from "./target.ts";
import { targets } from "./targets.ts";

const seed = 20_261_122;
const wire = resolve(import.meta.dirname, "../../agent/wire");

const quiet: LoopOptions = {
  from: 0,
  count: 3_000,
  now: () => 0,
  until: Number.POSITIVE_INFINITY,
  beat: () => {},
  heap: () => 0,
  judge: false,
};
const run = (some: readonly FuzzTarget[], options: Partial<LoopOptions> = {}) =>
  runLoop(createCorpus(some, seed), { ...quiet, ...options });

/** What writes, by its name; and what is given only what we made ourselves. */
const writes = /^(encode|put|write|create|seal)/;
const ownInput: ReadonlySet<string> = new Set([
  "takeWritten",
  "written",
  "setRequestId",
  "namesOf",
  "oid",
  "authenticate",
  "encrypt",
  "passwordToKey",
  "localiseKey",
  "privacyKey",
  "saltOf",
  "ntpTimestamp",
  "stampKey",
  "estimateOf",
]);

describe("the fuzzer's list of decoders", () => {
  it("holds every exported function of agent/wire that reads", async () => {
    const exercised = new Set(targets.flatMap((target) => target.exercises));
    const files = readdirSync(wire, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const forgotten: string[] = [];
    let found = 0;
    for (const file of files) {
      const exports = (await import(pathToFileURL(join(wire, file)).href)) as Readonly<Record<string, unknown>>;
      for (const [name, value] of Object.entries(exports)) {
        if (typeof value !== "function" || writes.test(name) || ownInput.has(name)) continue;
        if (exercised.has(value)) found += 1;
        else forgotten.push(`${file}: ${name}`);
      }
    }
    expect(forgotten, "add them to a target in test/fuzz/targets/").toEqual([]);
    expect(found).toBeGreaterThan(50);
  });

  it("has names that differ", () => {
    const names = [...targets, ...scenes].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("a short run", () => {
  it("finds nothing, and meets every decoder with every class that it has a place for", () => {
    const tally = run(targets, { count: 30_000 });
    expect(tally.failures).toEqual([]);
    for (const { name, messages, outcomes } of tally.targets) {
      expect(messages, name).toBeGreaterThan(400);
      // Neither all refused, which reaches nothing, nor all accepted, which changes nothing.
      expect(outcomes.accepted ?? 0, name).toBeGreaterThan(messages / 10);
      expect(outcomes.accepted ?? 0, name).toBeLessThan(messages);
    }
    const ofClass = (name: string) => tally.targets.filter(({ classes }) => (classes[name] ?? 0) > 0).length;
    for (const { name } of mutationClasses) expect(ofClass(name), name).toBeGreaterThan(0);
  });

  it("makes a case again from the seed and its number", () => {
    const one = createCorpus(targets, seed);
    const cases = Array.from({ length: 200 }, (_, index) => hexOf(one.caseAt(index).bytes));
    const other = createCorpus(targets, seed);
    for (const index of [199, 3, 77]) expect(hexOf(other.caseAt(index).bytes)).toBe(cases[index]);
    expect(hexOf(createCorpus(targets, seed + 1).caseAt(3).bytes)).not.toBe(cases[3]);
  });

  it("finds nothing through live sockets", async () => {
    const until = performance.now() + 50_000;
    const tally = await runLive(scenes, { seed, count: 1_000 * scenes.length, until, beat: () => {}, heap: () => 0 });
    // How long anything took is for the full run: here other tests share the machine.
    expect(tally.failures.filter(({ kind }) => kind !== "slow")).toEqual([]);
    for (const { name, messages, outcomes } of tally.targets) {
      expect(messages, name).toBeGreaterThanOrEqual(1_000);
      expect(outcomes.accepted ?? 0, name).toBeGreaterThan(0);
    }
  });
});

describe("a broken decoder is found", () => {
  it("that throws", () => {
    const { failures } = run([...targets, throws], { count: 20_000 });
    expect(failures.length).toBeGreaterThan(0);
    for (const { kind, target, index, hex } of failures) {
      expect([kind, target]).toEqual(["crash", "throws"]);
      // Seed and number make the same message again.
      expect(hexOf(createCorpus([...targets, throws], seed).caseAt(index).bytes)).toBe(hex);
    }
  });

  it("that accepts names that were not asked for", () => {
    const { failures } = run([acceptsOtherNames]);
    expect(failures.length).toBeGreaterThan(0);
    for (const { kind, what } of failures) {
      expect(kind).toBe("violation");
      expect(what).toMatch(/asked for|bindings for/);
    }
  });

  it("that is slow each time, and not one that met a collection", () => {
    const clock = { now: 0 };
    const options = { now: () => clock.now, judge: true };
    const { failures, targets: tallies } = run([slow(clock, true)], options);
    expect(failures.map(({ kind }) => kind)).toContain("slow");
    expect(tallies[0]?.slowest[0]?.again).toBeGreaterThan(30);
    const once = run([slow(clock, false)], options);
    expect(once.failures).toEqual([]);
    expect(once.targets[0]?.longest).toBeGreaterThan(30);
  });

  it("that keeps what it reads", () => {
    expect(growth([20, 25, 26, 25, 26])).toBeUndefined();
    expect(growth([20, 25, 30, 35, 40])).toMatchObject({ kind: "memory" });
  });

  it("that never comes back", async () => {
    const module = join(import.meta.dirname, "planted", "targets.ts");
    const part = { part: "memory", module, seed, only: undefined, coverage: false } as const;
    const { failures } = await runGuarded({ ...part, from: 0, count: 3_000, seconds: 60 }, 1_000);
    expect(failures).toMatchObject([{ kind: "hang", target: "loops", hex: expect.stringMatching(/^..84/) }]);
  });

  it("in a live client", async () => {
    let polls = 0;
    const wrongNumber = (target: SnmpTarget): SnmpTarget => ({
      ...target,
      async get(oids, ask) {
        const got = await target.get(oids, ask);
        // By then, there is something to report.
        if (++polls > 10 && got.ok) got.value.numbers[3] = 99;
        return got;
      },
    });
    const options = { seed, count: 2_000, until: performance.now() + 10_000, beat: () => {}, heap: () => 0 };
    const { failures } = await runLive([getThrough(wrongNumber)], options);
    expect(failures).toMatchObject([{ kind: "violation", what: expect.stringContaining("does not hold the value") }]);
    expect(failures[0]?.hex.length).toBeGreaterThan(10);
  });
});
