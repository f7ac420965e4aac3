// Every query of every dashboard, run against a real Prometheus that scrapes the simulated estate: it has to give
// something, with every label that legends, columns and links name, and with no value that has no word.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { brokenPair } from "./broken-pair.ts";
import { statesOf, wordsFor } from "./mapping-coverage.ts";
import {
  fieldsNamedBy,
  labelsOfLegend,
  type PanelModel,
  queryOf,
  readDashboards,
  type TargetModel,
  type VariableModel,
} from "./model.ts";
import { eventually, type PrometheusServer, type Sample, type Server, startLab, startPrometheus } from "./servers.ts";

const dashboards = readDashboards();

/** Seconds after the start, long enough for the first polls, probes and rates to be there: in less than half of them, mostly. */
const settling = 100;
/** The simulated estate's first failure comes within this many seconds of its start. */
const firstFailure = 115;

type When = "always" | "firstFailure" | "history";

/** Empty when all is well, by intention: these are run when something is wrong. */
const emptyWhenWell: Readonly<Record<string, When>> = {
  // Lists only paths that are not up. The story breaks a link first.
  "circuits.json What is broken, and whose fault": "firstFailure",
  // Lists only pairs that are not up. The story comes to that too late for a test, so it is played back.
  "global-reach.json What is broken, and whose fault": "history",
  // As above. The simulated estate has no TLS.
  "circuits.json Services that fail, and why": "history",
  "circuits.json Internet dependencies that fail, and why": "history",
  "circuits.json Time until the first certificate ends": "history",
  // A drop is counted once there was one. The story breaks a link first.
  "circuits.json How stable each session is, and how late its failure is seen": "firstFailure",
  "circuits.json Ports": "firstFailure",
  // Nothing of this lasts in the simulated estate for the time of a test.
  "circuits.json Noticed, and no outage": "history",
  "global-reach.json Noticed, and no outage": "history",
  // The simulated reflectors do not count for themselves, and no two clocks are compared.
  "circuits.json Loss by direction": "history",
  "circuits.json One-way delay": "history",
  // The targets of the simulated estate are asked in one class.
  "circuits.json Loss by class": "history",
  "global-reach.json Loss by class": "history",
  "global-reach.json Loss by direction": "history",
  "global-reach.json One-way delay": "history",
  // An estate on loopback has no gateway, no interface and no other site.
  "circuits.json Why an agent is cut off": "history",
  "circuits.json Gateways and interfaces of the agents": "history",
  "circuits.json Damage on the agents' interfaces": "history",
  "circuits.json Notifications and the STAMP reflector": "history",
};

/** What only some circuits have: probes of their routers, BFD, Microsoft at the other end of the session, or a past. */
const ofSomeCircuits: readonly string[] = [
  "circuits.json Drained by Microsoft",
  "circuits.json BFD sessions",
  "circuits.json How stable each session is, and how late its failure is seen",
  "circuits.json Round-trip delay by the routers' own probes",
  "circuits.json Loss by the routers' own probes",
  "circuits.json Age of the routers' results",
  "circuits.json Probes of the routers",
  "circuits.json Loss by direction",
  "circuits.json Loss by class",
  "circuits.json One-way delay",
];

let lab: Server | undefined;
let prometheus: PrometheusServer | undefined;
let startedAt = 0;
/** Well before the estate, and clear of the five minutes for which Prometheus looks back. */
let historyAt = 0;
let circuits: readonly string[] = [];
let globalReach: readonly string[] = [];
let windows: readonly string[] = [];

beforeAll(async () => {
  lab = await startLab();
  startedAt = Date.now() / 1000;
  historyAt = Math.floor(startedAt - 3 * 3600);
  prometheus = await startPrometheus(new URL(lab.url).host, brokenPair(historyAt));
  circuits = await valuesOf("expressroute_circuit_redundancy_state", "circuit");
  windows = await valuesOf("expressroute_path_window_probes", "window");
  globalReach = await valuesOf("expressroute_global_reach_state", "global_reach");
});

afterAll(async () => {
  await prometheus?.stop();
  await lab?.stop();
});

function server(): PrometheusServer {
  if (prometheus === undefined) throw new Error("Prometheus did not start");
  return prometheus;
}

function valuesOf(metric: string, label: string): Promise<readonly string[]> {
  return eventually(
    settling,
    async () => {
      const values = await server().labelValues(metric, label);
      return values.length > 0 ? values : undefined;
    },
    `${label} of ${metric}`,
  );
}

/** What Grafana puts in, with every value of a variable chosen. */
function filledIn(expression: string, when: When): string {
  const filled = expression
    // Of history there is a sample every 15 seconds.
    .replaceAll("$__rate_interval", when === "history" ? "60s" : "10s")
    .replaceAll("$__range", "60s")
    .replaceAll("$window", windows.join("|"))
    .replaceAll("$circuit", circuits.join("|"))
    .replaceAll("$global_reach", globalReach.join("|"));
  // What is left may only be the group of a regular expression.
  expect(filled).not.toMatch(/\$[a-z_{]/);
  return filled;
}

/**
 * When to ask. What is right when all is well is not there for a while once the story has broken the first link, and what tells of
 * that goes again: it is asked of the time before, too. A slow machine comes to ask when much of the story is told.
 */
function momentsOf(when: When): readonly number[] {
  if (when === "history") return [historyAt + 200];
  const now = Date.now() / 1000;
  const before = Array.from({ length: Math.floor((now - startedAt) / 10) }, (_, i) => now - 10 * (i + 1));
  return [now, ...before];
}

async function run(filled: string, { instant }: TargetModel, moment: number): Promise<readonly Sample[]> {
  if (instant === true || moment < startedAt) return server().query(filled, moment);
  return server().queryRange(filled, Math.min(startedAt, moment - 1), moment);
}

/** All panels settle together: one that is still empty then does not hold up the others. */
function secondsFor(when: When): number {
  const within = when === "firstFailure" ? firstFailure : settling;
  return Math.max(startedAt + within - Date.now() / 1000, 2);
}

/** A series of nothing but NaN only makes room, as the diagonal of a matrix does. */
const saysSomething = (samples: readonly Sample[]) =>
  samples.some(({ values }) => values.some(([, value]) => value !== "NaN"));

/** A query about the chosen circuits is about each of them: none may have an empty chart below its name. */
function coversChosen({ expr }: TargetModel, samples: readonly Sample[]): boolean {
  const named = new Set(samples.map(({ metric }) => metric.circuit));
  return !expr.includes("$circuit") || named.has(undefined) || circuits.every((circuit) => named.has(circuit));
}

/** The panel's columns that are labels: the others are values, and the time. */
const labelColumns = (panel: PanelModel) =>
  fieldsNamedBy(panel).filter((field) => field !== "Time" && !field.startsWith("Value"));

describe.each(dashboards.map((each) => [each.file, each] as const))("%s", (file, { model, panels }) => {
  const queries = model.templating.list.filter(({ type }) => type === "query");

  it.each(queries.map((variable) => [variable.name, variable] as const))(
    "offers values for the variable %s",
    async (_name, variable: VariableModel) => {
      const [, metric = "", label = ""] = /^label_values\((\w+), (\w+)\)$/.exec(queryOf(variable)) ?? [];
      expect(await valuesOf(metric, label)).not.toEqual([]);
    },
  );

  it("has no annotation that is not tested here", () => {
    expect(model.annotations.list ?? []).toEqual([]);
  });

  it.each(panels.map((panel) => [panel.title, panel] as const))("gives data to %s", async (title, panel) => {
    const when = emptyWhenWell[`${file} ${title}`] ?? "always";
    const isOfSome = ofSomeCircuits.includes(`${file} ${title}`);
    const filled = panel.targets.map((target) => ({ target, expression: filledIn(target.expr, when) }));
    const perTarget = await eventually(
      secondsFor(when),
      async () => {
        for (const moment of momentsOf(when)) {
          const results = await Promise.all(filled.map(({ target, expression }) => run(expression, target, moment)));
          const complete = panel.targets.every((target, index) => {
            const samples = results[index] ?? [];
            return saysSomething(samples) && (isOfSome || coversChosen(target, samples));
          });
          if (complete) return results;
        }
        return undefined;
      },
      `${file} ${title}`,
    );

    for (const [index, target] of panel.targets.entries()) {
      const samples = perTarget[index] ?? [];
      for (const label of labelsOfLegend(target.legendFormat ?? "")) {
        expect(samples.filter(({ metric }) => (metric[label] ?? "") === "")).toEqual([]);
      }
      if (statesOf(target.expr).size > 0) {
        const seen = new Set(samples.flatMap(({ values }) => values.map(([, value]) => value)));
        expect([...seen].filter((value) => value !== "NaN" && wordsFor(panel, value).length === 0)).toEqual([]);
      }
    }
    const all = perTarget.flat();
    const missing = labelColumns(panel).filter((label) => !all.some(({ metric }) => (metric[label] ?? "") !== ""));
    expect(missing).toEqual([]);

    for (const { url } of panel.fieldConfig.defaults.links ?? []) {
      const linked = [...url.matchAll(/__field\.labels\.(\w+)/g)].map(([, label = ""]) => label);
      expect(linked.filter((label) => all.some(({ metric }) => (metric[label] ?? "") === ""))).toEqual([]);
    }
    const words = ["cause", "owner"].filter((label) => labelColumns(panel).includes(label));
    for (const label of words) {
      const seen = all.flatMap(({ metric }) => metric[label] ?? []);
      expect(seen.filter((value) => wordsFor(panel, value).length === 0)).toEqual([]);
    }
  });

  it("says of no query in vain that it is empty when all is well", () => {
    const titles = panels.map((panel) => `${file} ${panel.title}`);
    const declared = [...Object.keys(emptyWhenWell), ...ofSomeCircuits].filter((name) => name.startsWith(`${file} `));
    expect(declared.filter((name) => !titles.includes(name))).toEqual([]);
  });
});
