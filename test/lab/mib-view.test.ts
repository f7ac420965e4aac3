import { beforeEach, describe, expect, it } from "vitest";
import { createMibView, type MibView } from "../../agent/lab/mib-view.ts";
import { routers } from "../../agent/lab/plan.ts";
import { createSimulation, type Simulation } from "../../agent/lab/simulation.ts";
import { story, storyLength } from "../../agent/lab/story.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { value, walk } from "./ask.ts";

const start = 2_000_000 as Instant;
let simulation: Simulation;
let views: ReadonlyMap<string, MibView>;

beforeEach(() => {
  simulation = createSimulation(start);
  views = new Map(routers.map((r) => [r.name, createMibView(r, simulation)]));
});

function router(name: string): MibView {
  const view = views.get(name);
  if (view === undefined) throw new Error(`no router ${name}`);
  return view;
}

function to(words: string, plus: number): void {
  const chapter = story.find((c) => c.title.includes(words));
  if (chapter === undefined) throw new Error(`no chapter "${words}"`);
  simulation.advance((start + (chapter.at + plus) * 1_000) as Instant);
}

function number(v: Value): number {
  if ("value" in v && (typeof v.value === "number" || typeof v.value === "bigint")) return Number(v.value);
  throw new Error(`not a number: ${v.type}`);
}

const text = (v: Value) => (v.type === "octets" ? new TextDecoder().decode(v.value) : v.type);

/** A column of the interface with this ifName, found as a poller finds it. */
function ofInterface(name: string, ifName: string, column: string): Value {
  const view = router(name);
  const row = [...walk(view, "1.3.6.1.2.1.31.1.1.1.1")].find(([, v]) => text(v) === ifName);
  if (row === undefined) throw new Error(`${name} has no interface ${ifName}`);
  return value(view, `${column}.${row[0].split(".").at(-1)}`);
}

const ifAdminStatus = "1.3.6.1.2.1.2.2.1.7";
const ifOperStatus = "1.3.6.1.2.1.2.2.1.8";
const ifLastChange = "1.3.6.1.2.1.2.2.1.9";
const ifInOctets = "1.3.6.1.2.1.2.2.1.10";
const ifHCInOctets = "1.3.6.1.2.1.31.1.1.1.6";
const ifHCOutOctets = "1.3.6.1.2.1.31.1.1.1.10";
const ifHighSpeed = "1.3.6.1.2.1.31.1.1.1.15";
const sysUpTime = "1.3.6.1.2.1.1.3.0";

function peer(name: string, address: string) {
  const cell = (column: number) => value(router(name), `1.3.6.1.2.1.15.3.1.${column}.${address}`);
  const error = cell(14);
  return {
    state: number(cell(2)),
    admin: number(cell(3)),
    remoteAddr: (cell(7) as { value: unknown }).value,
    remoteAs: number(cell(9)),
    lastError: error.type === "octets" ? [...error.value] : undefined,
    transitions: number(cell(15)),
    seconds: number(cell(16)),
  };
}

describe("a router in peace", () => {
  it("has between 6 and 20 interfaces, each with a name of its own and a description of what it is", () => {
    for (const { name } of routers) {
      const ifNames = [...walk(router(name), "1.3.6.1.2.1.31.1.1.1.1").values()].map(text);
      expect(ifNames.length, name).toBeGreaterThanOrEqual(6);
      expect(ifNames.length, name).toBeLessThanOrEqual(20);
      expect(new Set(ifNames).size, name).toBe(ifNames.length);
      expect(number(value(router(name), "1.3.6.1.2.1.2.1.0"))).toBe(ifNames.length);
    }
  });

  it("says that it is simulated", () => {
    expect(text(value(router("fra-ce2"), "1.3.6.1.2.1.1.1.0"))).toContain("Simulated");
  });

  it("has its sessions with the MSEEs, with its sibling, and in Singapore with the provider edge", () => {
    expect(peer("ams-ce1", "172.16.10.2")).toMatchObject({ state: 6, admin: 2, remoteAs: 12076 });
    expect(peer("ams-ce2", "203.0.113.6")).toMatchObject({ state: 6, remoteAs: 12076 });
    expect(peer("ams-ce1", "10.10.0.3")).toMatchObject({ state: 6, remoteAs: 65010 });
    expect(peer("sin-ce1", "10.9.0.1")).toMatchObject({ state: 6, remoteAs: 64999, remoteAddr: "10.9.0.1" });
    expect(walk(router("sin-ce1"), "1.3.6.1.2.1.15.3.1.2").size).toBe(2);
    expect(walk(router("fra-ce1"), "1.3.6.1.2.1.15.3.1.2").size).toBe(3);
  });

  it("tells an admin-down port from a broken one", () => {
    expect(number(ofInterface("ams-ce1", "xe-0/1/2", ifAdminStatus))).toBe(2);
    expect(number(ofInterface("ams-ce1", "xe-0/0/0", ifAdminStatus))).toBe(1);
  });

  it("counts the same octets in 32 and in 64 bits, and the port counts what its subinterfaces do", () => {
    simulation.advance((start + 20_000) as Instant);
    const wide = ofInterface("ams-ce1", "xe-0/0/0", ifHCInOctets);
    expect(wide.type).toBe("counter64");
    expect(number(ofInterface("ams-ce1", "xe-0/0/0", ifInOctets))).toBe(number(wide) % 2 ** 32);
    const parts = ["100", "101"].map((v) => number(ofInterface("ams-ce1", `xe-0/0/0.${v}`, ifHCInOctets)));
    expect(Math.abs(parts.reduce((a, b) => a + b) - number(wide))).toBeLessThanOrEqual(2);
    expect(number(ofInterface("ams-ce1", "xe-0/0/0", ifHighSpeed))).toBe(10_000);
  });

  it("sends to the LAN what it receives from Microsoft, and the other way round", () => {
    for (const [one, other] of [
      [ifHCInOctets, ifHCOutOctets],
      [ifHCOutOctets, ifHCInOctets],
    ] as const) {
      const circuit = number(ofInterface("ams-ce1", "xe-0/0/0", one));
      expect(number(ofInterface("ams-ce1", "xe-0/1/0", other))).toBe(circuit);
      expect(number(ofInterface("ams-ce1", "xe-0/1/0", one))).not.toBe(circuit);
    }
  });
});

it("shows a lost carrier: ifOperStatus down, both sessions idle, addresses 0.0.0.0, last error as before", () => {
  const before = peer("ams-ce1", "172.16.10.2");
  to("Link failure", 5);
  expect(number(ofInterface("ams-ce1", "xe-0/0/0", ifOperStatus))).toBe(2);
  expect(number(ofInterface("ams-ce1", "xe-0/0/0", ifAdminStatus))).toBe(1);
  expect(number(ofInterface("ams-ce1", "xe-0/0/0.101", ifOperStatus))).toBe(2);
  expect(number(ofInterface("ams-ce2", "xe-0/0/0", ifOperStatus))).toBe(1);
  const changed = number(ofInterface("ams-ce1", "xe-0/0/0", ifLastChange));
  expect(number(value(router("ams-ce1"), sysUpTime)) - changed).toBe(500);
  for (const address of ["172.16.10.2", "203.0.113.2"]) {
    expect(peer("ams-ce1", address)).toMatchObject({ state: 1, admin: 2, remoteAddr: "0.0.0.0", seconds: 5 });
  }
  expect(peer("ams-ce1", "172.16.10.2").lastError).toEqual(before.lastError);
  expect(peer("ams-ce1", "10.10.0.3").state).toBe(6);
  to("carrier back", 10);
  expect(number(ofInterface("ams-ce1", "xe-0/0/0", ifOperStatus))).toBe(1);
  expect(peer("ams-ce1", "172.16.10.2")).toMatchObject({ state: 6, transitions: before.transitions + 1, seconds: 7 });
});

it("shows a reset: 06 04 with the port up, established again with one transition more", () => {
  const before = peer("fra-ce2", "172.16.21.6");
  to("BGP reset", 1);
  const during = peer("fra-ce2", "172.16.21.6");
  expect(during).toMatchObject({ lastError: [6, 4], transitions: before.transitions });
  expect(during.state).toBeLessThan(6);
  expect(number(ofInterface("fra-ce2", "xe-0/0/1", ifOperStatus))).toBe(1);
  to("BGP reset", 10);
  expect(peer("fra-ce2", "172.16.21.6")).toMatchObject({ state: 6, seconds: 5, transitions: before.transitions + 1 });
});

it("shows nothing at all of the silent failures", () => {
  to("Silent loss", 10);
  expect(peer("fra-ce2", "172.16.20.6").state).toBe(6);
  expect(number(ofInterface("fra-ce2", "xe-0/0/0", ifOperStatus))).toBe(1);
  to("Silent blackhole", 10);
  expect(peer("sin-ce1", "10.9.0.1").state).toBe(6);
  expect(number(ofInterface("sin-ce1", "ge-0/0/0", ifOperStatus))).toBe(1);
});

it("shows a drain: session up without traffic, then closed with 06 02", () => {
  const rate = () => {
    const before = number(ofInterface("ams-ce2", "xe-0/0/0", ifHCInOctets));
    simulation.advance((simulation.now() + 1_000) as Instant);
    return (number(ofInterface("ams-ce2", "xe-0/0/0", ifHCInOctets)) - before) * 8;
  };
  const quiet = rate();
  to("Drain: Microsoft maintenance", 2);
  expect(peer("ams-ce2", "172.16.10.6").state).toBe(6);
  expect(rate()).toBeLessThan(quiet / 1_000);
  to("Drain: Microsoft closed", 8);
  expect(peer("ams-ce2", "172.16.10.6")).toMatchObject({ admin: 2, lastError: [6, 2] });
  expect(peer("ams-ce2", "172.16.10.6").state).toBeLessThan(6);
  expect(number(ofInterface("ams-ce2", "xe-0/0/0", ifOperStatus))).toBe(1);
  to("maintenance is over", 5);
  expect(peer("ams-ce2", "172.16.10.6").state).toBe(6);
  expect(rate()).toBeGreaterThan(quiet / 3);
});

it("has no BGP table for a while after its SNMP agent restarted, and counters that went on", () => {
  const view = router("sin-ce2");
  const state = "1.3.6.1.2.1.15.3.1.2.10.9.0.5";
  to("does not answer", -1);
  const upTime = number(value(view, sysUpTime));
  const bytes = number(ofInterface("sin-ce2", "ge-0/0/0", ifHCInOctets));
  expect(value(view, state)).toEqual({ type: "integer", value: 6 });
  to("has no BGP table yet", 2);
  expect(value(view, state)).toEqual({ type: "noSuchObject" });
  expect(walk(view, "1.3.6.1.2.1.15").size).toBe(0);
  expect(walk(view, "1.3.6.1.2.1.31").size).toBeGreaterThan(100);
  expect(number(value(view, sysUpTime))).toBe(200);
  expect(upTime).toBeGreaterThan(1_000_000);
  expect(number(ofInterface("sin-ce2", "ge-0/0/0", ifHCInOctets))).toBeGreaterThan(bytes);
  to("has no BGP table yet", 14);
  expect(value(view, state)).toEqual({ type: "integer", value: 6 });
  expect(number(value(view, "1.3.6.1.2.1.15.3.1.16.10.9.0.5"))).toBeGreaterThan(86_400);
});

it("never moves a 64-bit counter back on any interface, nor sysUpTime but at the restart that is told", () => {
  const seen = new Map<string, number>();
  const restarts: string[] = [];
  for (let second = 0; second <= storyLength / 1_000; second += 13) {
    simulation.advance((start + second * 1_000) as Instant);
    for (const { name } of routers) {
      for (const column of [7, 6, 10]) {
        for (const [instance, v] of walk(router(name), `1.3.6.1.2.1.31.1.1.1.${column}`)) {
          const key = `${name} ${instance}`;
          expect(number(v), key).toBeGreaterThanOrEqual(seen.get(key) ?? 0);
          seen.set(key, number(v));
        }
      }
      const upTime = number(value(router(name), sysUpTime));
      if (upTime < (seen.get(name) ?? 0)) restarts.push(name);
      seen.set(name, upTime);
    }
  }
  expect(restarts).toEqual(["sin-ce2"]);
});
