// prom-client behind the catalog: one metric object per definition, filled anew for each scrape, so that
// a subject that is no longer known leaves no series behind and Prometheus marks it stale.

import { Counter, Gauge, Registry } from "prom-client";
import { allMetrics, type MetricDefinition } from "../catalog/metrics.ts";

export type Labels = Readonly<Record<string, string>>;

/** Sets the value of one series for this scrape. */
export type Emit = (metric: MetricDefinition, labels: Labels, value: number) => void;

export interface Series {
  readonly registry: Registry;
  /** Forgets all series and lets `write` emit those of the present moment. */
  fill(write: (emit: Emit) => void): void;
}

export function createSeries(): Series {
  const registry = new Registry();
  const registers = [registry];
  const gauges = new Map<string, Gauge>();
  const counters = new Map<string, Counter>();
  for (const { name, help, labels, type } of allMetrics) {
    const options = { name, help, labelNames: [...labels], registers };
    if (type === "gauge") gauges.set(name, new Gauge(options));
    else counters.set(name, new Counter(options));
  }
  const emit: Emit = ({ name }, labels, value) => {
    gauges.get(name)?.set(labels, value);
    counters.get(name)?.inc(labels, value);
  };
  return {
    registry,
    fill(write) {
      for (const metric of [...gauges.values(), ...counters.values()]) {
        metric.reset();
        // A metric without labels comes back as 0 from a reset; here nothing is known until it is emitted.
        metric.remove();
      }
      write(emit);
    },
  };
}
