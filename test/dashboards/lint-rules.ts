// The rules of grafana/dashboard-linter that apply to us, written anew over our own model. Not applied:
//
// - template-job, template-instance, target-job, target-instance: a circuit is known by its own labels, whoever scraped
//   it; two agents may watch the same one, and the queries take the worst of both.
// - target-promql: every query is run against a real Prometheus instead.
// - target-logql, target-logql-auto: there are no logs here.

import type { MetricDefinition } from "../../agent/catalog/definition.ts";
import { allMetrics } from "../../agent/catalog/metrics.ts";
import { columns } from "../../dashboards/src/layout.ts";
import { bucketsOf } from "../../dashboards/src/promql.ts";
import { headingsOf, type PanelModel, queryOf, type ReadDashboard } from "./model.ts";
import { namesOf } from "./promql-names.ts";

/** One sentence for each breach, naming the place; empty when the rule holds. */
export type Rule = (dashboard: ReadDashboard) => readonly string[];

/** By the names that their series have: those of a histogram are counters. */
const catalog: ReadonlyMap<string, MetricDefinition> = new Map(
  allMetrics
    .flatMap((metric): readonly MetricDefinition[] =>
      metric.type === "histogram"
        ? [bucketsOf(metric), ...["_sum", "_count"].map((part) => ({ ...metric, name: metric.name + part }))].map(
            (series) => ({ ...series, type: "counter" }),
          )
        : [metric],
    )
    .map((metric) => [metric.name, metric]),
);
const chosen = `\${datasource}`;
/** Labels that the scrape adds. */
const ofScrape = ["instance", "job"];

const targetsOf = ({ panels }: ReadDashboard) =>
  panels.flatMap((panel) =>
    panel.targets.map((target) => ({ where: `${panel.title} ${target.refId}`, target, panel })),
  );

const overlap = (a: PanelModel["gridPos"], b: PanelModel["gridPos"]) =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

function clashes(
  of: readonly { readonly title: string; readonly gridPos: PanelModel["gridPos"] }[],
): readonly string[] {
  return of.flatMap((panel, index) => [
    ...(panel.gridPos.x + panel.gridPos.w > columns ? [`${panel.title} is too wide`] : []),
    ...of
      .slice(index + 1)
      .filter((other) => overlap(panel.gridPos, other.gridPos))
      .map((other) => `${panel.title} overlaps ${other.title}`),
  ]);
}

function duplicates(of: readonly (string | number)[]): readonly (string | number)[] {
  return of.filter((value, index) => of.indexOf(value) !== index);
}

export const rules: Readonly<Record<string, Rule>> = {
  "template-datasource": ({ model }) =>
    model.templating.list.some((v) => v.name === "datasource" && v.type === "datasource" && v.query === "prometheus")
      ? []
      : ["no Prometheus data source to choose"],

  "template-label-promql": ({ model }) =>
    model.templating.list
      .filter(({ type }) => type === "query")
      .flatMap((variable) => {
        const [, metric = "", label = ""] = /^label_values\((\w+), (\w+)\)$/.exec(queryOf(variable)) ?? [];
        return catalog.get(metric)?.labels.includes(label) ? [] : [`${variable.name}: ${queryOf(variable)}`];
      }),

  "template-on-time-change-reload": ({ model }) =>
    model.templating.list.filter((v) => v.type === "query" && v.refresh !== 2).map(({ name }) => name),

  "panel-datasource": ({ model, panels }) => [
    ...panels.filter(({ datasource }) => datasource.uid !== chosen).map(({ title }) => title),
    ...panels
      .filter(({ targets }) => targets.some((t) => t.datasource.uid !== chosen))
      .map(({ title }) => `${title}: target`),
    ...model.templating.list.filter((v) => v.type === "query" && v.datasource?.uid !== chosen).map(({ name }) => name),
  ],

  "panel-title-description": ({ panels }) =>
    panels.filter(({ title, description }) => title === "" || description.length < 40).map(({ id }) => `panel ${id}`),

  "panel-units": ({ panels }) =>
    panels.filter(({ fieldConfig }) => fieldConfig.defaults.unit === undefined).map(({ title }) => title),

  /** Grafana writes 1,500 bytes as "1 KiB"; and the path MTU is the least that any agent found, not the greatest. */
  "path-mtu": ({ panels }) =>
    panels
      .filter(({ targets }) => targets.some(({ expr }) => expr.includes("_mtu_bytes")))
      .filter(
        ({ targets, fieldConfig }) =>
          fieldConfig.defaults.unit === "bytes" || targets.some(({ expr }) => /max.*_mtu_bytes/.test(expr)),
      )
      .map(({ title }) => title),

  "panel-no-targets": ({ panels }) => panels.filter(({ targets }) => targets.length === 0).map(({ title }) => title),

  /** A window of the query's own would be wrong at every other zoom or scrape interval. */
  "target-rate-interval": (dashboard) =>
    targetsOf(dashboard).flatMap(({ where, target }) =>
      namesOf(target.expr).selectors.flatMap(({ within, range }) => {
        if (range === undefined) return [];
        const fits = within.includes("rate")
          ? range === "$__rate_interval"
          : within.includes("increase") && range === "$__range" && target.instant === true;
        return fits ? [] : [`${where}: [${range}]`];
      }),
    ),

  /** A counter means something only by its growth, and the growth has to be taken before any sum. */
  "target-counter-agg": (dashboard) =>
    targetsOf(dashboard).flatMap(({ where, target }) =>
      namesOf(target.expr)
        .selectors.filter(({ metric }) => catalog.get(metric)?.type === "counter")
        .filter(({ within }) => !["rate", "increase"].includes(within.at(-1) ?? ""))
        .map(({ metric }) => `${where}: ${metric}`),
    ),

  "uneditable-dashboard": ({ model }) =>
    model.editable ? ["editable, though the next provisioning would undo it"] : [],

  /** A row is as wide as the page; a collapsed row's panels take their place only when it is opened. */
  layout: ({ model }) => [
    ...clashes(model.panels.map((panel) => panel)),
    ...model.panels.flatMap((panel) => (panel.type === "row" ? clashes(panel.panels) : [])),
  ],

  ids: ({ model, panels }) =>
    duplicates([
      ...model.panels.filter(({ type }) => type === "row").map(({ id }) => id),
      ...panels.map(({ id }) => id),
    ]).map((id) => `id ${id}`),

  refIds: ({ panels }) =>
    panels.filter(({ targets }) => duplicates(targets.map(({ refId }) => refId)).length > 0).map(({ title }) => title),

  "catalog-metrics": (dashboard) =>
    targetsOf(dashboard).flatMap(({ where, target }) =>
      namesOf(target.expr)
        .selectors.filter(({ metric }) => !catalog.has(metric))
        .map(({ metric }) => `${where}: ${metric}`),
    ),

  "catalog-labels": (dashboard) =>
    targetsOf(dashboard).flatMap(({ where, target }) => {
      const { selectors, grouping, made } = namesOf(target.expr);
      const known = new Set([
        ...ofScrape,
        ...made,
        ...selectors.flatMap(({ metric }) => catalog.get(metric)?.labels ?? []),
      ]);
      return [
        ...selectors.flatMap(({ metric, labels }) =>
          labels
            .filter((label) => !catalog.get(metric)?.labels.includes(label))
            .map((l) => `${where}: ${metric}{${l}}`),
        ),
        ...grouping.filter((label) => !known.has(label)).map((label) => `${where}: ${label}`),
      ];
    }),

  /** A column is overridden, and linked from, by the heading that the panel itself gave it. */
  headings: ({ panels }) =>
    panels.flatMap((panel) => {
      const known = headingsOf(panel);
      return panel.fieldConfig.overrides
        .filter(({ matcher }) => matcher.id === "byName" && !known.includes(matcher.options))
        .map(({ matcher }) => `${panel.title}: ${matcher.options}`);
    }),
};
