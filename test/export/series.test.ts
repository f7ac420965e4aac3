import fc from "fast-check";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { allMetrics, type MetricDefinition } from "../../agent/catalog/metrics.ts";
import { createPage, type Labels } from "../../agent/export/series.ts";

interface Emission {
  readonly metric: MetricDefinition;
  readonly labels: Labels;
  readonly value: number;
}

/** The same series written by prom-client, whose text is the form that Prometheus has read for years. */
async function byPromClient(emissions: readonly Emission[]): Promise<readonly string[]> {
  const registry = new Registry();
  const known = new Map(
    allMetrics.map(({ name, help, labels, type }): [string, Gauge | Counter | Histogram] => {
      const options = { name, help, labelNames: [...labels], registers: [registry] };
      if (type === "histogram") return [name, new Histogram(options)];
      const metric = type === "gauge" ? new Gauge(options) : new Counter(options);
      if (labels.length === 0) metric.remove();
      return [name, metric];
    }),
  );
  for (const { metric, labels, value } of emissions) {
    const of = known.get(metric.name);
    if (of instanceof Gauge) of.set(labels, value);
    else if (of instanceof Counter) of.inc(labels, value);
  }
  return linesOf(await registry.metrics());
}

const linesOf = (text: string | Uint8Array) =>
  (typeof text === "string" ? text : Buffer.from(text).toString()).split("\n").filter((line) => line !== "");

const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
  fc.constantFrom(0, 1, 2 ** 53, 1.5e-7, 1e21),
);
const any = fc.oneof(finite, fc.constantFrom(-1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY));
const text = fc.oneof(fc.string(), fc.constantFrom("", '"', "\\", "\n", '\\"\n', "{}", "é", "\u0000"));
const emission: fc.Arbitrary<Emission> = fc
  .constantFrom(...allMetrics.filter(({ type }) => type !== "histogram"))
  .chain((metric) =>
    fc.record({
      metric: fc.constant(metric),
      labels: fc.record(Object.fromEntries(metric.labels.map((label) => [label, text]))),
      value: metric.type === "gauge" ? any : finite,
    }),
  );

const keyOf = ({ metric, labels }: Emission) => JSON.stringify([metric.name, labels]);

const page = createPage();

describe("the text of a scrape", () => {
  it("is what prom-client writes, whatever the labels and values are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(emission, { maxLength: 30, selector: keyOf }), async (emissions) => {
        const own = page.render((emit) => {
          for (const { metric, labels, value } of emissions) emit(metric, labels, value);
        });
        expect(linesOf(own)).toEqual(await byPromClient(emissions));
      }),
      { numRuns: 300 },
    );
  });

  it("grows with what is to be said", () => {
    const [metric] = allMetrics;
    if (metric === undefined) throw new Error("the catalog is empty");
    const lines = (count: number) =>
      linesOf(
        page.render((emit) => {
          for (let i = 0; i < count; i++) emit(metric, { circuit: `${i} ${"\u20ac".repeat(50)}` }, i);
        }),
      ).filter((line) => !line.startsWith("#"));
    for (const count of [10, 20_000, 5]) {
      expect(lines(count)).toEqual(
        Array.from({ length: count }, (_, i) => `${metric.name}{circuit="${i} ${"\u20ac".repeat(50)}"} ${i}`),
      );
    }
  });
});
