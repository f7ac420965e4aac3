// One scrape of the catalog's metrics as text (Prometheus exposition format 0.0.4). prom-client, which writes the
// process's own metrics, takes 4 µs for a series; ten thousand series would hold up the polls.

import { allMetrics, type MetricDefinition } from "../catalog/metrics.ts";

export type Labels = Readonly<Record<string, string>>;

/**
 * Gives the value of one series for this scrape. No two emissions have the same metric and labels. `labels` are those of
 * a subject, best the same object for all of its metrics; `more` is what tells the series of one metric apart.
 */
export type Emit = (metric: MetricDefinition, labels: Labels, value: number, more?: Labels) => void;

/** What was emitted of one metric. */
interface Emitted {
  readonly labels: string[];
  readonly values: number[];
}

/** Text is turned into octets in pieces of this many characters, so that it dies young: as one it is mostly garbage collection. */
const piece = 16_384;

/** Octets of the last scrape, which is what the next will take. */
let expected = 65_536;

/**
 * The text of what `write` emits: a subject that is no longer known leaves no series behind, and Prometheus marks it stale.
 * Metrics stand in the order of the catalog.
 */
export function renderSeries(write: (emit: Emit) => void): Uint8Array {
  const emitted = new Map(
    allMetrics.map((metric): [MetricDefinition, Emitted] => [metric, { labels: [], values: [] }]),
  );
  let formatted: Labels | undefined;
  let text = "";
  write((metric, labels, value, more) => {
    // Many metrics in a row have the labels of one subject.
    if (labels !== formatted) {
      formatted = labels;
      text = formatLabels(labels);
    }
    const to = emitted.get(metric);
    to?.labels.push(more === undefined ? text : joined(text, formatLabels(more)));
    to?.values.push(value);
  });
  let page = Buffer.allocUnsafe(expected + expected / 8);
  let end = 0;
  let pending = "";
  const flush = () => {
    // UTF-8 takes at most three octets for each UTF-16 unit.
    if (page.length - end < pending.length * 3) page = Buffer.concat([page], page.length * 2 + pending.length * 3);
    end += page.write(pending, end);
    pending = "";
  };
  for (const [{ name, help, type }, { labels, values }] of emitted) {
    pending += `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
    for (let i = 0; i < values.length; i++) {
      const of = labels[i] ?? "";
      pending += `${name}${of === "" ? "" : `{${of}}`} ${formatValue(values[i] ?? Number.NaN)}\n`;
      if (pending.length > piece) flush();
    }
  }
  flush();
  expected = end;
  return page.subarray(0, end);
}

const joined = (labels: string, more: string) => (labels === "" ? more : `${labels},${more}`);

function formatLabels(labels: Labels): string {
  let text = "";
  for (const name in labels) text += `${text === "" ? "" : ","}${name}="${escapeLabel(labels[name] ?? "")}"`;
  return text;
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };

function escapeLabel(value: string): string {
  return /[\\\n"]/.test(value) ? value.replace(/[\\\n"]/g, (character) => escapes[character] ?? character) : value;
}

function escapeHelp(help: string): string {
  return help.replace(/[\\\n]/g, (character) => escapes[character] ?? character);
}

function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}

const numbers = new WeakMap<Readonly<Record<number, string>>, ReadonlyMap<string, number>>();

/** The MIB's number of a named value. */
export function numberOf(names: Readonly<Record<number, string>>, name: string): number {
  let known = numbers.get(names);
  if (known === undefined) {
    known = new Map(Object.entries(names).map(([number, text]) => [text, Number(number)]));
    numbers.set(names, known);
  }
  return known.get(name) ?? Number.NaN;
}
