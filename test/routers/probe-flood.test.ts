// Junk as fast as it goes (on the bench 100,000 a second and more: decision 22) from a far end that knows every probe: no
// answer is believed that is not the right one. Needs root.

import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ProbeTarget } from "../../agent/estate/estate.ts";
import { subject } from "../../agent/estate/observation.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import type { Flooded, FloodOrder } from "./lab/flooder.ts";
import { createProbePair, farAddress, type ProbePair } from "./lab/probe-pair.ts";
import { inNamespace, run } from "./lab/processes.ts";

const honest = "10.98.0.2";
const elsewhere = "10.98.0.3";
const order: FloodOrder = { silent: farAddress[4], elsewhere, honest, mark: 7, total: 500_000, within: 50 };

let pair: ProbePair;
beforeAll(async () => {
  pair = await createProbePair(`cwf${process.pid}`);
  for (const address of [honest, elsewhere]) {
    await pair.inFar("ip", "address", "add", `${address}/32`, "dev", "lo");
    await pair.inNear("ip", "route", "add", `${address}/32`, "via", farAddress[4]);
  }
});
afterEach(() => pair.endDrivers());
afterAll(() => pair?.remove());

const of = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });
const icmp = (address: string): ProbeTarget => ({
  ...{ technique: "icmp", address, port: 0, source: undefined },
  ...{ interval: milliseconds(10), timeout: milliseconds(500) },
});

describe.each([
  ["a datagram socket", "0 0"],
  ["a raw socket, which is handed everything", "1 0"],
])("500,000 hostile answers to %s", (_, range) => {
  it("make no probe answered, and none answered twice", async (context) => {
    await pair.pingGroupRange(range);
    const filter = await pair.filter(
      pair.far,
      `table inet flood {
        counter asked { }
        chain input { type filter hook input priority 0; ip daddr ${honest} icmp type echo-request counter name asked; }
        chain output { type filter hook output priority 0; ip saddr ${farAddress[4]} icmp type echo-reply meta mark != ${order.mark} drop; }
      }`,
    );
    const streams = [icmp(farAddress[4]), icmp(honest)].map((target, index) => ({ of, index, target }));
    const prober = pair.drive(pair.near, { kind: "probe", streams, busyMs: 0 });
    await prober.received(20, 1);
    const flooder = fileURLToPath(new URL("lab/flooder.ts", import.meta.url));
    const program = inNamespace(pair.far, process.execPath, [flooder, JSON.stringify(order)]);
    const flooding = run(...program, { timeout: 2_000 * order.within });
    // Its receive buffer cannot but be full then.
    await sleep(800);
    await prober.standStill(300);
    const flooded = JSON.parse(await flooding) as Flooded;
    context.annotate(`${Math.round(flooded.sent / flooded.seconds)} datagrams per second`);
    await prober.received(prober.sum("received", 1) + 100, 1);
    const end = await prober.end();
    const asked = await filter.packets("asked");
    await filter.remove();

    expect(flooded.sent).toBeGreaterThanOrEqual(order.total);
    expect(Object.values(flooded.byKind).every((n) => n > 10_000)).toBe(true);
    // The silent address: not one answer, of any sort; and its probes are lost, not forgotten.
    expect(prober.sum("received") + prober.sum("late") + prober.sum("duplicate")).toBe(0);
    expect(prober.sum("lost")).toBeGreaterThan(20);
    // The honest one: each probe once, whatever is replayed; what the full receive buffer dropped is no loss of the path.
    expect(prober.sum("received", 1) + prober.sum("unheard", 1)).toBeLessThanOrEqual(asked);
    expect(prober.sum("lost", 1)).toBe(0);
    expect(end.dropped.overflow).toBeGreaterThan(0);
    expect(prober.sum("unheard", 1)).toBeLessThanOrEqual(end.dropped.overflow);
    expect(prober.sum("duplicate", 1)).toBeGreaterThan(0);
    const { forged, wrongSource, malformed, foreign } = end.dropped;
    expect([forged, wrongSource, malformed + foreign].every((n) => n > 100)).toBe(true);
    expect(end.restarts).toBe(0);
  });
});
