// Queries are built from the catalog's definitions, so that a metric that is renamed takes its panels along.
//
// Two agents may watch the same circuit: every query says over which labels it speaks, and takes the worst of
// what the agents saw. The states are numbered so that `max` is the worst, and a known state beats `unknown`.

import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import type { MetricDefinition } from "../../agent/catalog/definition.ts";

/** The data source that the reader chose. */
export const datasource = { type: "prometheus", uid: `\${datasource}` } as const;

/** The circuits that the reader chose. */
export const chosenCircuit = 'circuit=~"$circuit"';
/** The Global Reach connections that the reader chose. */
export const chosenGlobalReach = 'global_reach=~"$global_reach"';

/** The window that the reader chose, of those that the agents are configured to show. */
export const chosenWindow = 'window=~"$window"';

/** The buckets of a histogram: counters, with the label `le`. */
export function bucketsOf(metric: MetricDefinition): MetricDefinition {
  return { ...metric, name: `${metric.name}_bucket`, labels: [...metric.labels, "le"] };
}

export function select(metric: MetricDefinition, matchers = ""): string {
  return matchers === "" ? metric.name : `${metric.name}{${matchers}}`;
}

export function max(by: readonly string[], expression: string): string {
  return `max by (${by.join(", ")}) (${expression})`;
}

export function worst(metric: MetricDefinition, by: readonly string[], matchers = ""): string {
  return max(by, select(metric, matchers));
}

/** The worst where less is worse, as with an MTU. */
export function least(metric: MetricDefinition, by: readonly string[], matchers = ""): string {
  return `min by (${by.join(", ")}) (${select(metric, matchers)})`;
}

/** Per second, over Grafana's own choice of window. */
export function rate(metric: MetricDefinition, matchers = ""): string {
  return `rate(${select(metric, matchers)}[$__rate_interval])`;
}

/** Over time; `legend` names labels as {{label}}. */
export function overTime(expression: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expression).legendFormat(legend).range();
}

/**
 * As of the end of the time range. An instant query forgets a series that has ended, so that a dead agent shows
 * as no data and not as its last good word.
 */
export function asOfNow(expression: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expression).legendFormat(legend).instant();
}

/** As `asOfNow`, one row for each series and one column for each label. */
export function rows(expression: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expression).format(PromQueryFormat.Table).instant();
}

/** Buckets over time, for a heatmap. */
export function asBuckets(expression: string): DataqueryBuilder {
  return overTime(expression, "{{le}}").format(PromQueryFormat.Heatmap);
}

/** Gives the targets of one panel their data source and their letters. */
export function targets(queries: readonly DataqueryBuilder[]): DataqueryBuilder[] {
  return queries.map((query, index) => query.refId(String.fromCharCode(65 + index)).datasource(datasource));
}
