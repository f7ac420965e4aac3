// What a metric is, before any is defined.

export interface MetricDefinition {
  readonly name: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}
