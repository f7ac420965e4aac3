// What must hold of every worker, and what would end the process and is looked for in one of its own.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Clock } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { createKeptWorker, type KeptWorker } from "../../agent/probe/kept-worker.ts";
import { createFakeClock } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";

const here = (name: string) => new URL(name, import.meta.url);

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

describe.skipIf(process.platform !== "linux")("a process with workers that use koffi", () => {
  it("survives their ends: asked, while they load, stuck, and by themselves", { timeout: 180_000 }, () => {
    const ran = spawnSync(process.execPath, ["--max-semi-space-size=1", here("endings.ts").pathname], {
      encoding: "utf8",
    });
    expect({ status: ran.status, signal: ran.signal, stderr: ran.stderr }).toEqual({
      status: 0,
      signal: null,
      stderr: "",
    });
    const { exits, whileLoading, errors } = JSON.parse(ran.stdout) as {
      exits: Record<string, number>;
      whileLoading: number;
      errors: Record<string, number>;
    };
    expect(whileLoading).toBeGreaterThan(20);
    // Terminated (1), and by themselves.
    expect(exits["stuck 1"]).toBeGreaterThan(40);
    expect(exits["obedient 0"]).toBeGreaterThan(40);
    expect(exits["dying 3"]).toBeGreaterThan(5);
    // None was left behind, or does not say that it has loaded.
    expect(Object.keys(errors).filter((message) => !message.includes("until it is back"))).toEqual([]);
  });
});

describe("a kept worker", () => {
  /** Compiled code of a process by the name that V8 gives it. */
  function compiledBy(code: string): readonly string[] {
    const into = mkdtempSync(join(tmpdir(), "compiled-"));
    ends.push(() => rmSync(into, { recursive: true }));
    const flags = ["--perf-basic-prof", `--perf-basic-prof-path=${into}`, "-e"];
    const ran = spawnSync(process.execPath, [...flags, code], { encoding: "utf8" });
    expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: "" });
    return readdirSync(into).flatMap((file) => readFileSync(join(into, file), "utf8").split("\n"));
  }
  const data = "{ streams: [], keys: [], sockets: 'portable', lastReceivedAt: [] }";
  const ofProber = JSON.stringify(here("../../agent/probe/worker.ts"));

  it("strips its types without a wrapper that V8 could free under another thread", () => {
    const plain = compiledBy(`import { Worker } from "node:worker_threads";
      const worker = new Worker(new URL(${ofProber}), { workerData: ${data} });
      worker.once("message", () => worker.postMessage({ kind: "stop" }));`);
    const kept =
      compiledBy(`import { createKeptWorker } from ${JSON.stringify(here("../../agent/probe/kept-worker.ts"))};
      const clock = { now: () => 0, after: () => () => undefined };
      const worker = createKeptWorker({ clock, log: console }, {
        file: new URL(${ofProber}), data: () => (${data}), take: () => void worker.stop(), pause: {},
      });
      worker.start();`);
    const wrappers = (names: readonly string[]) => names.filter((name) => name.includes("wasm-to-js"));
    expect(kept.some((name) => name.includes("wasm"))).toBe(true);
    // Once there is none without our doing either, V8 or Node has changed, and decision 32 is to be looked at again.
    expect(wrappers(plain).length).toBeGreaterThan(0);
    expect(wrappers(kept)).toEqual([]);
  });

  function keep(code: string, clock: Clock, data?: Int32Array) {
    const pauses: unknown[] = [];
    const logged: string[] = [];
    const taken: object[] = [];
    const error: Logger["error"] = (fields, message) => {
      pauses.push((fields as { againInMs?: number }).againInMs);
      logged.push(message);
    };
    const module = `import { parentPort as port, workerData as data } from "node:worker_threads"; ${code}`;
    const kept: KeptWorker<object> = createKeptWorker<object, object>(
      { clock, log: { info: () => undefined, warn: () => undefined, error } },
      {
        file: new URL(`data:text/javascript,${encodeURIComponent(module)}`),
        name: "test",
        whose: "the test's",
        standstill: "nothing is tested",
        pause: { shortest: seconds(1), longest: seconds(4) },
        data: () => data,
        greeting: () => ({ hello: kept.restarts() }),
        take: (message) => taken.push(message),
      },
    );
    ends.push(kept.stop);
    kept.start();
    return { kept, pauses, logged, taken };
  }

  it("is greeted in each of its lives, after a pause that grows until one of them lasts", async () => {
    const clock = createFakeClock();
    const echo = 'port.once("message", (m) => { port.postMessage(m); setImmediate(() => process.exit(3)); });';
    const { kept, pauses, logged, taken } = keep(echo, clock);
    const expected = [1_000, 2_000, 4_000, 4_000, 1_000];
    for (const [life, pause] of expected.entries()) {
      await eventually(`death ${life}`, () => pauses.length > life);
      clock.pass(pause - 1);
      expect(kept.running()).toBe(false);
      clock.pass(1);
      expect([kept.running(), kept.restarts()]).toEqual([true, life + 1]);
      if (life === 3) clock.pass(60_000);
    }
    expect(pauses).toEqual(expected);
    expect(taken).toEqual(expected.map((_, hello) => ({ hello })));
    expect(new Set(logged)).toEqual(new Set(["the test's worker ended; nothing is tested until it is back"]));
  });

  it("that is stuck is terminated a second after it was asked to end", async () => {
    const clock = createFakeClock();
    const { kept, taken, logged } = keep('port.postMessage("loaded"); port.postMessage({}); for (;;);', clock);
    await eventually("it has loaded", () => taken.length > 0);
    const stopped = kept.stop();
    clock.pass(999);
    expect(kept.running()).toBe(true);
    clock.pass(1);
    await stopped;
    expect([kept.running(), kept.restarts(), logged]).toEqual([false, 0, []]);
  });

  it("that has not loaded is not terminated, and left behind in the end", async () => {
    const clock = createFakeClock();
    const released = new Int32Array(new SharedArrayBuffer(4));
    const { kept, logged, taken } = keep(
      "port.postMessage({}); Atomics.wait(data, 0, 0); process.exit(0);",
      clock,
      released,
    );
    await eventually("it has begun", () => taken.length > 0);
    const stopped = kept.stop();
    clock.pass(29_000);
    expect([kept.running(), logged]).toEqual([true, []]);
    clock.pass(2_000);
    await stopped;
    expect(kept.running()).toBe(true);
    expect(logged).toEqual(["the test's worker has not even started; it is left behind"]);
    Atomics.store(released, 0, 1);
    Atomics.notify(released, 0);
    await eventually("it ended by itself", () => !kept.running());
  });
});
