// Tracing over loopback: when it traces, and what it does when it cannot.

import { afterEach, describe, expect, it } from "vitest";
import type { Observation, SubjectKey } from "../../agent/estate/observation.ts";
import type { Traced, Tracing } from "../../agent/estate/tracing.ts";
import { type Clock, systemClock } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { err, ok } from "../../agent/lib/result.ts";
import { openTraceSockets } from "../../agent/net/trace-open.ts";
import type { TraceSocket, TraceSockets } from "../../agent/net/trace-sockets.ts";
import { createTracing } from "../../agent/probe/tracing.ts";
import { createFakeClock } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";
import { startStampReflector } from "../support/stamp-reflector.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** UDP needs no privileges. */
const traced = (port: number, address = "127.0.0.1", of = "path a"): Traced => ({
  of: of as SubjectKey,
  technique: "udp",
  address,
  port,
  source: undefined,
  interface: undefined,
  dscp: 0,
  mtu: 1_500,
});

/** Its schedule waits for the test; what is under way goes on by itself. */
function pausedClock() {
  const fake = createFakeClock();
  const after: Clock["after"] = (delay, fn) => (delay <= 20 ? systemClock : fake).after(delay, fn);
  return { ...fake, after };
}

function run(
  targets: readonly Traced[],
  rest: Partial<Tracing> = {},
  clock: Clock = systemClock,
  open = openTraceSockets,
) {
  const observed: Observation[] = [];
  const logged: string[] = [];
  const say = (_: unknown, message: string) => void logged.push(message);
  const log: Logger = { info: say, warn: say, error: say };
  const [never, pause] = [seconds(3_600), seconds(30)];
  const tracing = createTracing(
    { clock, log, observe: (o) => observed.push(o), open },
    { interval: never, mtuInterval: never, pause, packetRate: 1_000, ownPrefixes: [], targets, ...rest },
  );
  ends.push(tracing.stop);
  tracing.start();
  const traces = () => observed.filter((o) => o.kind === "trace");
  return { tracing, logged, traces, searches: () => observed.filter((o) => o.kind === "mtu") };
}

describe.each(["127.0.0.1", "::1"])("over loopback (%s)", (address) => {
  it("a reflector is one hop away, and answers 1500 octets", async () => {
    const reflector = await startStampReflector(() => "answer", undefined, address);
    ends.push(reflector.close);
    const { tracing, traces, searches } = run([traced(reflector.port, address)]);
    await eventually("it does", () => traces().length > 0 && searches().length > 0);
    expect(traces()).toMatchObject([{ end: "reached", why: "scheduled", hops: [{ ttl: 1, address, tries: 1 }] }]);
    expect(searches()).toMatchObject([{ result: "whole", mtu: 1_500 }]);
    await eventually("it does", () => tracing.packets() > 0);
    expect(tracing.traces()).toMatchObject({ reached: 1, silent: 0 });
    expect(tracing.searches()).toMatchObject({ whole: 1, blackHole: 0 });
  });

  it("a host that says that nobody listens has been reached", async () => {
    const { traces, searches } = run([traced(9, address)]);
    await eventually("it does", () => traces().length > 0 && searches().length > 0);
    expect(traces()).toMatchObject([{ end: "reached", hops: [{ ttl: 1, address }] }]);
    expect(searches()).toMatchObject([{ result: "whole" }]);
  });
});

it("takes the kernel's time of what came while this thread did something else", async () => {
  const { traces } = run([traced(9)], {}, systemClock, async (random) => {
    const opened = await openTraceSockets(random);
    if (!opened.ok) return opened;
    const open: TraceSockets["open"] = (profile) => {
      const socket = opened.value.open(profile);
      if (!socket.ok) return socket;
      const send: TraceSocket["send"] = (...datagram) => {
        const code = socket.value.send(...datagram);
        for (const until = performance.now() + 200; performance.now() < until; );
        return code;
      };
      return ok({ ...socket.value, send });
    };
    return ok({ ...opened.value, open });
  });
  await eventually("it does", () => traces().length > 0);
  expect(traces()[0]?.hops[0]?.delay).toBeLessThan(0.1);
});

describe("when it traces", () => {
  it("is at once for what degrades, but not again within the pause", async () => {
    const clock = pausedClock();
    const { tracing, traces } = run([traced(9)], {}, clock);
    await eventually("it does", () => traces().length === 1);
    const of = "path a" as SubjectKey;
    tracing.degraded(of);
    tracing.degraded(of);
    await eventually("it does", () => traces().length === 2);
    clock.pass(29_000);
    tracing.degraded(of);
    tracing.degraded("path of nobody" as SubjectKey);
    clock.pass(1_000);
    tracing.degraded(of);
    await eventually("it does", () => traces().length === 3);
    expect(traces().map(({ why }) => why)).toEqual(["scheduled", "degraded", "degraded"]);
  });

  it("is at its interval", async () => {
    const clock = pausedClock();
    const targets = [traced(9, "127.0.0.1", "a"), traced(9, "127.0.0.2", "b")];
    const { traces } = run(targets, { interval: seconds(60) }, clock);
    await eventually("it does", () => traces().length === 2);
    clock.pass(59_000);
    clock.pass(1_000);
    await eventually("it does", () => traces().length === 3);
    clock.pass(30_000);
    await eventually("it does", () => traces().length === 4);
    expect(traces().map(({ of }) => of)).toEqual(["a", "b", "a", "b"]);
  });
});

it("on a host that cannot do it says so once", async () => {
  const clock = createFakeClock();
  const { tracing, logged, traces } = run([traced(9)], {}, clock, async () =>
    err("it needs Linux, and this is darwin"),
  );
  await eventually("it does", () => logged.length > 0);
  clock.pass(600_000);
  tracing.degraded("path a" as SubjectKey);
  expect(logged).toEqual(["no path is traced, and no path MTU is looked for, on this host"]);
  expect([tracing.packets(), traces().length]).toEqual([0, 0]);
});

it("that is stopped while it starts closes its sockets and begins nothing", async () => {
  let closed = 0;
  const { tracing, traces } = run([traced(9)], {}, systemClock, async (random) => {
    const opened = await openTraceSockets(random);
    return opened.ok ? ok({ ...opened.value, close: () => void closed++ }) : opened;
  });
  await tracing.stop();
  expect([closed, tracing.packets(), traces().length]).toEqual([1, 0, 0]);
});

it("without anything to trace starts nothing", async () => {
  const log: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const tracing = createTracing({ clock: systemClock, log, observe: () => undefined }, undefined);
  tracing.start();
  tracing.degraded("path a" as SubjectKey);
  await tracing.stop();
  expect(tracing.packets()).toBe(0);
});
