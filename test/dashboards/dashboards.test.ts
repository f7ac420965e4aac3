import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { allMetrics } from "../../agent/catalog/metrics.ts";
import { rules } from "./lint-rules.ts";
import { enumerated, mappingsOf, valuesToMap, wordsFor } from "./mapping-coverage.ts";
import { type PanelModel, type ReadDashboard, readDashboards } from "./model.ts";
import { namesOf } from "./promql-names.ts";
import { unshown } from "./unshown.ts";

const dashboards = readDashboards();

const titled = (of: readonly PanelModel[]) => of.map((panel) => [panel.title, panel] as const);

const plainly = (text: string | undefined) => text?.toLowerCase().replaceAll(/[^a-z]/g, "");

/** The same dashboard with one panel changed: a rule that cannot find a fault is no rule. */
function spoilt({ file, model, panels }: ReadDashboard, change: (panel: PanelModel) => PanelModel): ReadDashboard {
  const [first, ...others] = panels;
  if (first === undefined) throw new Error(`${file} has no panel`);
  const changed = change(first);
  return { file, panels: [changed, ...others], model: { ...model, panels: [changed, ...model.panels.slice(1)] } };
}

const withQuery = (expr: string) => (panel: PanelModel) => ({
  ...panel,
  targets: panel.targets.map((target) => ({ ...target, expr })),
});

describe.each(dashboards.map((each) => [each.file, each] as const))("%s", (_file, dashboard) => {
  it.each(Object.entries(rules))("keeps the rule %s", (_name, rule) => {
    expect(rule(dashboard)).toEqual([]);
  });

  it("opens on the last hour and refreshes every ten seconds", () => {
    expect(dashboard.model).toMatchObject({ time: { from: "now-1h", to: "now" }, refresh: "10s" });
  });

  it("leads to the other dashboard", () => {
    const others = dashboards.filter(({ file }) => file !== dashboard.file).map(({ model }) => `/d/${model.uid}`);
    expect(dashboard.model.links.map(({ url }) => url)).toEqual(others);
  });

  it("leads to runbooks that exist", () => {
    const names = dashboard.panels
      .flatMap(({ links = [] }) => links.map(({ url }) => url))
      .flatMap((url) => (url.startsWith(`\${runbooks}/`) ? [url.slice(`\${runbooks}/`.length)] : []));
    expect(names.length).toBeGreaterThan(0);
    const folder = resolve(import.meta.dirname, "../../alerts/runbooks");
    expect(names.filter((name) => !existsSync(resolve(folder, `${name}.md`)))).toEqual([]);
  });

  it.each(titled(dashboard.panels.filter((panel) => valuesToMap(panel).length > 0)))(
    "has a word for every value that %s can show",
    (_title, panel) => {
      const needed = valuesToMap(panel);
      expect(needed.filter(([value]) => wordsFor(panel, value).length === 0)).toEqual([]);
      const others = needed.filter(
        ([value, word]) => word !== undefined && !wordsFor(panel, value).map(plainly).includes(plainly(word)),
      );
      expect(others).toEqual([]);
    },
  );

  it("shows the absence of a value as such, wherever a value is a state", () => {
    const states = dashboard.panels.filter((panel) => panel.type !== "table" && valuesToMap(panel).length > 0);
    expect(states.length).toBeGreaterThan(0);
    expect(states.filter((panel) => !mappingsOf(panel).some(({ type }) => type === "special"))).toEqual([]);
  });
});

describe("the rules", () => {
  const [dashboard] = dashboards;
  if (dashboard === undefined) throw new Error("there are no dashboards");

  it.each([
    ["layout", (panel: PanelModel) => ({ ...panel, gridPos: { ...panel.gridPos, w: 25 } })],
    ["layout", (panel: PanelModel) => ({ ...panel, gridPos: { ...panel.gridPos, h: panel.gridPos.h + 1 } })],
    ["ids", (panel: PanelModel) => ({ ...panel, id: panel.id + 1 })],
    ["panel-units", (panel: PanelModel) => ({ ...panel, fieldConfig: { defaults: {}, overrides: [] } })],
    ["panel-title-description", (panel: PanelModel) => ({ ...panel, description: "" })],
    ["panel-datasource", (panel: PanelModel) => ({ ...panel, datasource: { type: "prometheus", uid: "abc" } })],
    ["path-mtu", withQuery("max by (circuit) (expressroute_path_mtu_bytes)")],
    ["panel-no-targets", (panel: PanelModel) => ({ ...panel, targets: [] })],
    ["catalog-metrics", withQuery("max by (circuit) (expressroute_path_states)")],
    ["catalog-labels", withQuery('max by (circuit) (expressroute_path_state{cirquit="a"})')],
    ["catalog-labels", withQuery("max by (cirquit) (expressroute_path_state)")],
    ["target-counter-agg", withQuery("sum by (circuit) (expressroute_path_transitions_total)")],
    ["target-rate-interval", withQuery("rate(expressroute_path_transitions_total[5m])")],
  ] as const)("%s finds a fault", (name, change) => {
    expect(rules[name]?.(spoilt(dashboard, change))).not.toEqual([]);
  });
});

describe("the catalog", () => {
  const alertsDir = resolve(import.meta.dirname, "../../alerts/rules");
  const asked = [
    ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
    ...readdirSync(alertsDir).map((file) => readFileSync(resolve(alertsDir, file), "utf8")),
  ].join("\n");
  const isAsked = ({ name }: { readonly name: string }) => new RegExp(`\\b${name}(_bucket)?\\b`).test(asked);

  it("has no metric that nobody shows or tells, but for those with a reason", () => {
    const missing = allMetrics.filter((metric) => !isAsked(metric)).map(({ name }) => name);
    expect(missing.filter((name) => unshown[name] === undefined)).toEqual([]);
  });

  it("says of no metric in vain that nobody shows it", () => {
    const hidden = allMetrics.filter((metric) => !isAsked(metric)).map(({ name }) => name);
    expect(Object.keys(unshown).filter((name) => !hidden.includes(name))).toEqual([]);
  });
});

describe("names in PromQL", () => {
  it("tells metrics, labels and functions apart", () => {
    const names = namesOf('max by (a, b) (rate(m_total{c=~"$c", d="}"}[$__rate_interval])) * on (e) group_left (f) n');
    expect(names.grouping).toEqual(["a", "b", "e", "f"]);
    expect(names.selectors).toEqual([
      { metric: "m_total", labels: ["c", "d"], within: ["max", "rate"], range: "$__rate_interval" },
      { metric: "n", labels: [], within: [], range: undefined },
    ]);
  });

  it("finds the states that the catalog enumerates", () => {
    const enumerating = allMetrics.filter(({ name }) => enumerated(name).size > 0).map(({ name }) => name);
    expect(enumerating).toContain("expressroute_path_state");
    expect(enumerated("expressroute_bgp_session_state").get("6")).toBe("established");
  });
});
