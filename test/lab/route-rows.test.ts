import { beforeEach, expect, it } from "vitest";
import { createMibView, type MibView } from "../../agent/lab/mib-view.ts";
import { routers } from "../../agent/lab/plan.ts";
import { createSimulation, type Simulation } from "../../agent/lab/simulation.ts";
import { story } from "../../agent/lab/story.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { walk } from "./ask.ts";

const start = 2_000_000 as Instant;
let simulation: Simulation;
let views: readonly MibView[];

beforeEach(() => {
  simulation = createSimulation(start);
  views = routers.slice(0, 2).map((router) => createMibView(router, simulation));
});

function to(words: string, plus: number): void {
  const chapter = story.find(({ title }) => title.includes(words)) ?? expect.fail();
  simulation.advance((start + (chapter.at + plus) * 1_000) as Instant);
}

/** inetCidrRouteType by prefix and next hop, of ams-ce1 and ams-ce2. */
const routes = () =>
  views.map((view) =>
    [...walk(view, "1.3.6.1.2.1.4.24.7.1.8")].map(([name, v]) => {
      const arcs = name.split(".").slice(11);
      const [prefix, hop] = [arcs.slice(2, 6), arcs.slice(-4)].map((octets) => octets.join("."));
      return `${prefix}/${arcs[6]} by ${hop} ${v.type === "integer" ? v.value : v.type}`;
    }),
  );

const over = (hop: string) => ["10.74.0.0/16", "10.75.0.0/16"].map((prefix) => `${prefix} by ${hop} 4`);
const own = { primary: "172.16.10.0/30 by 0.0.0.0 3", secondary: "172.16.10.4/30 by 0.0.0.0 3" };

it("each router goes over its own link, over the other's while its own is down or drained, and back", () => {
  const usual = [
    [...over("172.16.10.2"), own.primary],
    [...over("172.16.10.6"), own.secondary],
  ];
  expect(routes()).toEqual(usual);
  to("Link failure", 5);
  expect(routes()).toEqual([over("172.16.10.6"), [...over("172.16.10.6"), own.secondary]]);
  to("Recovery: the primary link of ams-1", 10);
  expect(routes()).toEqual(usual);
  to("Drain: Microsoft maintenance", 5);
  expect(routes()).toEqual([
    [...over("172.16.10.2"), own.primary],
    [...over("172.16.10.2"), own.secondary],
  ]);
  to("maintenance is over", 10);
  expect(routes()).toEqual(usual);
});
