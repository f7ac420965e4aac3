import fc from "fast-check";
import { Counter, Gauge, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { allMetrics, type MetricDefinition } from "../../agent/catalog/metrics.ts";
import { createPage, type Labels, labelsOf, labelTexts } from "../../agent/export/series.ts";

interface Emission {
  readonly metric: MetricDefinition;
  readonly labels: Labels;
  readonly value: number;
}

/** The same series written by prom-client, whose text is the form that Prometheus has read for years. */
async function byPromClient(emissions: readonly Emission[]): Promise<readonly string[]> {
  const registry = new Registry();
  const known = new Map(
    allMetrics.map(({ name, help, labels, type }) => {
      const options = { name, help, labelNames: [...labels], registers: [registry] };
      const metric = type === "gauge" ? new Gauge(options) : new Counter(options);
      if (labels.length === 0) metric.remove();
      return [name, metric];
    }),
  );
  for (const { metric, labels, value } of emissions) {
    const of = known.get(metric.name);
    if (of instanceof Gauge) of.set(labels, value);
    else of?.inc(labels, value);
  }
  return linesOf(await registry.metrics());
}

const linesOf = (text: string | readonly Uint8Array[]) =>
  (typeof text === "string" ? text : Buffer.concat(text).toString()).split("\n").filter((line) => line !== "");

const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
  fc.constantFrom(0, 1, 2 ** 53, 1.5e-7, 1e21),
);
const any = fc.oneof(finite, fc.constantFrom(-1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY));
const text = fc.oneof(fc.string(), fc.constantFrom("", '"', "\\", "\n", '\\"\n', "{}", "é", "\u0000"));
const emission: fc.Arbitrary<Emission> = fc.constantFrom(...allMetrics).chain((metric) =>
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

  it("is the same when it is written into the text of the scrape before", async () => {
    const series = fc.uniqueArray(emission, { minLength: 1, maxLength: 12, selector: keyOf });
    const rounds = fc.array(
      fc.array(fc.oneof(finite, fc.nat(), fc.nat({ max: 120 })), { minLength: 12, maxLength: 12 }),
      {
        minLength: 2,
        maxLength: 6,
      },
    );
    await fc.assert(
      fc.asyncProperty(series, rounds, async (emissions, values) => {
        const kept = createPage();
        for (const round of values) {
          const now = emissions.map((one, i) => ({ ...one, value: round[i] ?? 0 }));
          const own = kept.render((emit) => {
            for (const { metric, labels, value } of now) emit(metric, labels, value);
          });
          expect(linesOf(own)).toEqual(await byPromClient(now));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("takes labels that are text already, and joins what tells series apart", () => {
    const [metric] = allMetrics;
    if (metric === undefined) throw new Error("the catalog is empty");
    const own = labelsOf((name: { readonly circuit: string }) => name);
    const circuit = { circuit: 'a"b' };
    const kinds = labelTexts("kind", ["x", "y"]);
    const lines = linesOf(
      createPage([metric]).render((emit) => {
        emit(metric, own(circuit), 1, kinds.x);
        emit(metric, own(circuit), 2, { kind: "y" });
        emit(metric, circuit, 3);
      }),
    );
    const braces = ['circuit="a\\"b",kind="x"', 'circuit="a\\"b",kind="y"', 'circuit="a\\"b"'];
    expect(lines.slice(2)).toEqual(braces.map((labels, i) => `${metric.name}{${labels}} ${i + 1}`));
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
