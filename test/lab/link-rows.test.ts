import { beforeEach, expect, it } from "vitest";
import { createMibView, type MibView } from "../../agent/lab/mib-view.ts";
import { routers } from "../../agent/lab/plan.ts";
import { createSimulation, type Simulation } from "../../agent/lab/simulation.ts";
import { story } from "../../agent/lab/story.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { value, walk } from "./ask.ts";

const start = 2_000_000 as Instant;
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

const up = { type: "integer", value: 4 };
const down = { type: "integer", value: 2 };
/** Of both peerings: what is demonstrated is a healthy estate before its failures. */
const bfdStates = () => [...walk(view, "1.3.6.1.2.1.222.1.2.1.11")].map(([, v]) => v);
const arp = () => [...walk(view, "1.3.6.1.2.1.4.22.1.2")];
/** Received light of the ports, in tenths of a microwatt. */
const received = () =>
  [...walk(view, "1.3.6.1.2.1.99.1.1.1.4")].flatMap(([name, v]) =>
    name.endsWith("02") && v.type === "integer" ? [v.value] : [],
  );

it("a lost carrier takes BFD down, the neighbours away and the light with it, and gives all of them back", () => {
  expect(bfdStates()).toEqual([up, up]);
  expect(arp().length).toBe(2);
  expect(received()[0]).toBeGreaterThan(1_000);
  to("Link failure", 5);
  expect(bfdStates()).toEqual([down, down]);
  expect(arp()).toEqual([]);
  expect(received()[0]).toBe(0);
  to("Recovery: the primary link of ams-1", 10);
  expect(bfdStates()).toEqual([up, up]);
  expect(arp().length).toBe(2);
});

it("names the neighbour by the interface that has the session's own address", () => {
  for (const [name] of arp()) {
    const [ifIndex = "", ...far] = name.split(".").slice(10);
    const near = [...far.slice(0, 3), Number(far[3]) - 1].join(".");
    expect(value(view, `1.3.6.1.2.1.4.20.1.2.${near}`)).toEqual({ type: "integer", value: Number(ifIndex) });
  }
});

it("answers for an entry that is not there now as for any instance of a table that it has", () => {
  to("Link failure", 5);
  expect(value(view, "1.3.6.1.2.1.4.22.1.2.1.172.16.10.2")).toEqual({ type: "noSuchInstance" });
});
