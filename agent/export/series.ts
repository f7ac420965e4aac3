// One scrape of the catalog's metrics as text (Prometheus exposition format 0.0.4). prom-client, which writes the
// process's own metrics, takes 4 µs for a series; ten thousand series would hold up the polls.

import { allMetrics, type MetricDefinition } from "../catalog/metrics.ts";

export type Labels = Readonly<Record<string, string>>;

/**
 * Gives the value of one series for this scrape. No two emissions have the same metric and labels. `labels` are those of
 * a subject, best the same object for all of its metrics; `more` is what tells the series of one metric apart. A histogram
 * is said in parts: its buckets with their limits (`le`) ascending, then its sum and its count.
 */
export type Emit = (
  metric: MetricDefinition,
  labels: Labels,
  value: number,
  more?: Labels,
  part?: "_bucket" | "_sum" | "_count",
) => void;

/** The text of one metric, in octets that are used again for the next scrape. */
interface Section {
  readonly header: string;
  octets: Buffer;
  end: number;
  /** Not yet among the octets. */
  pending: string;
}

/**
 * Text becomes octets in pieces of this many characters, while it is young: all the strings of a page, held until its
 * end, would be most of what the garbage collector does.
 */
const piece = 1_024;

export interface Page {
  /**
   * The text of what `write` emits: a subject that is no longer known leaves no series behind, and Prometheus marks it
   * stale. Metrics stand in the order of the catalog.
   */
  render(write: (emit: Emit) => void): Uint8Array;
}

export function createPage(): Page {
  const sections = new Map(allMetrics.map((metric): [MetricDefinition, Section] => [metric, sectionOf(metric)]));
  return {
    render(write) {
      let formatted: Labels | undefined;
      let text = "";
      for (const section of sections.values()) {
        section.end = 0;
        section.pending = section.header;
      }
      write((metric, labels, value, more, part) => {
        // Many metrics in a row have the labels of one subject.
        if (labels !== formatted) {
          formatted = labels;
          text = formatLabels(labels);
        }
        const section = sections.get(metric);
        if (section === undefined) return;
        const all = more === undefined ? text : joined(text, formatLabels(more));
        section.pending += `${metric.name}${part ?? ""}${all === "" ? "" : `{${all}}`} ${formatValue(value)}\n`;
        if (section.pending.length > piece) flush(section);
      });
      return Buffer.concat(
        [...sections.values()].map((section) => {
          flush(section);
          return section.octets.subarray(0, section.end);
        }),
      );
    },
  };
}

function sectionOf({ name, help, type }: MetricDefinition): Section {
  const header = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
  return { header, octets: Buffer.allocUnsafeSlow(2 * piece), end: 0, pending: "" };
}

function flush(section: Section): void {
  const { pending, end } = section;
  // UTF-8 takes at most three octets for each UTF-16 unit.
  const most = end + pending.length * 3;
  if (most > section.octets.length) {
    const grown = Buffer.allocUnsafeSlow(Math.max(most, 2 * section.octets.length));
    section.octets.copy(grown, 0, 0, end);
    section.octets = grown;
  }
  section.end = end + section.octets.write(pending, end);
  section.pending = "";
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
