import fc from "fast-check";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import type { MetricDefinition } from "../../agent/catalog/definition.ts";
import { allMetrics } from "../../agent/catalog/metrics.ts";
import { createKeptPage } from "../../agent/export/kept-page.ts";
import { createPackedPage } from "../../agent/export/packed-page.ts";
import { packedText } from "../../agent/export/packed-text.ts";
import { type Emit, type Labels, labelsOf, labelTexts, type Page } from "../../agent/export/series.ts";
import { inOne } from "../../agent/lib/slices.ts";
import { textOf } from "../support/packed-text.ts";

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

const linesOf = (text: string) => text.split("\n").filter((line) => line !== "");

/** The lines of a page on which `write` emits, a step at a time. */
function rendered(page: Page, write: (emit: Emit) => Iterable<void>): readonly string[] {
  return linesOf(textOf(packedText(inOne(page.render(write)))));
}

function* emitAll(emit: Emit, emissions: readonly Emission[]): Generator<void> {
  for (const { metric, labels, value } of emissions) {
    yield;
    emit(metric, labels, value);
  }
}

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

const [metric] = allMetrics;
if (metric === undefined) throw new Error("the catalog is empty");

describe.each([
  ["kept", createKeptPage],
  ["packed", createPackedPage],
] as const)("the text of a scrape on a page that is %s", (_, createPage) => {
  const page = createPage(allMetrics);

  it("is what prom-client writes, whatever the labels and values are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(emission, { maxLength: 30, selector: keyOf }), async (emissions) => {
        expect(rendered(page, (emit) => emitAll(emit, emissions))).toEqual(await byPromClient(emissions));
      }),
      { numRuns: 300 },
    );
  });

  it("is the same when other values follow", async () => {
    const series = fc.uniqueArray(emission, { minLength: 1, maxLength: 12, selector: keyOf });
    const value = fc.oneof(finite, fc.nat(), fc.nat({ max: 120 }));
    const round = fc.array(value, { minLength: 12, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(series, fc.array(round, { minLength: 2, maxLength: 6 }), async (emissions, rounds) => {
        const own = createPage(allMetrics);
        for (const values of rounds) {
          const now = emissions.map((one, i) => ({ ...one, value: values[i] ?? 0 }));
          expect(rendered(own, (emit) => emitAll(emit, now))).toEqual(await byPromClient(now));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("takes labels that are text already, and joins what tells series apart", () => {
    const own = labelsOf((name: { readonly circuit: string }) => name);
    const circuit = { circuit: 'a"b' };
    const kinds = labelTexts("kind", ["x", "y"]);
    const lines = rendered(createPage([metric]), function* (emit) {
      emit(metric, own(circuit), 1, kinds.x);
      yield;
      emit(metric, own(circuit), 2, { kind: "y" });
      emit(metric, circuit, 3);
    });
    const braces = ['circuit="a\\"b",kind="x"', 'circuit="a\\"b",kind="y"', 'circuit="a\\"b"'];
    expect(lines.slice(2)).toEqual(braces.map((labels, i) => `${metric.name}{${labels}} ${i + 1}`));
  });

  it("grows with what is to be said", () => {
    const labelsAt = (i: number) => ({ circuit: `${i} ${"\u20ac".repeat(50)}` });
    for (const count of [10, 20_000, 5]) {
      const lines = rendered(page, (emit) =>
        emitAll(
          emit,
          Array.from({ length: count }, (_, i) => ({ metric, labels: labelsAt(i), value: i })),
        ),
      );
      expect(lines.filter((line) => !line.startsWith("#"))).toEqual(
        Array.from({ length: count }, (_, i) => `${metric.name}{circuit="${labelsAt(i).circuit}"} ${i}`),
      );
    }
  });
});
