// prom-client behind the catalog: one metric object per definition, filled anew for each scrape, so that
// a subject that is no longer known leaves no series behind and Prometheus marks it stale.

import { Counter, Gauge, Registry } from "prom-client";
import { allMetrics, type MetricDefinition } from "../catalog/metrics.ts";

export type Labels = Readonly<Record<string, string>>;

/** Sets the value of one series for this scrape; of a counter, adds to it. */
export type Emit = (metric: MetricDefinition, labels: Labels, value: number) => void;

export interface Series {
  readonly registry: Registry;
  /** Forgets all series and lets `write` emit those of the present moment. */
  fill(write: (emit: Emit) => void): void;
}

interface Sink {
  readonly clear: () => void;
  readonly put: (labels: Labels, value: number) => void;
}

export function createSeries(): Series {
  const registry = new Registry();
  const sinks = new Map(allMetrics.map((metric) => [metric.name, sinkOf(metric, registry)]));
  const emit: Emit = ({ name }, labels, value) => sinks.get(name)?.put(labels, value);
  return {
    registry,
    fill(write) {
      for (const sink of sinks.values()) sink.clear();
      write(emit);
    },
  };
}

function sinkOf({ name, help, labels, type }: MetricDefinition, registry: Registry): Sink {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  const metric = type === "gauge" ? new Gauge(options) : new Counter(options);
  return {
    clear() {
      metric.reset();
      // prom-client resets a metric without labels to 0; here nothing is known until it is emitted.
      if (labels.length === 0) metric.remove();
    },
    put(series, value) {
      if (metric instanceof Gauge) metric.set(series, value);
      else metric.inc(series, value);
    },
  };
}
