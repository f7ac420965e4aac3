// One scrape of the catalog's metrics as text (Prometheus exposition format 0.0.4). Between two scrapes hardly a series
// comes or goes, and few values change: the text of the last scrape is kept, and only what is new is written into it.
// prom-client, which writes the process's own metrics, takes 4 µs for a series; ten thousand would hold up the polls.

import { allMetrics, type MetricDefinition } from "../catalog/metrics.ts";
import { writeInteger } from "./digits.ts";

export type Labels = Readonly<Record<string, string>>;

/** Labels as they stand between the braces. */
export type LabelText = string & { readonly __labels: true };

/**
 * Gives the value of one series for this scrape. No two emissions have the same metric and labels. `labels` are those of
 * a subject, `more` is what tells the series of one metric apart. Text that is kept costs nothing; objects are
 * formatted each time.
 */
export type Emit = (
  metric: MetricDefinition,
  labels: Labels | LabelText,
  value: number,
  more?: Labels | LabelText,
) => void;

/** The text of one metric, and of which series it consists. */
interface Section {
  readonly name: string;
  readonly header: string;
  readonly labels: LabelText[];
  readonly more: LabelText[];
  readonly values: number[];
  /** Where the text of each value begins; it ends before the line does. */
  readonly valueAt: number[];
  readonly valueEnd: number[];
  /** Series said in this scrape. */
  said: number;
  /** A series came, went or changed places, or a value has another length: it must be written anew. */
  isStale: boolean;
  octets: Buffer;
  end: number;
}

/** Text becomes octets in pieces of this many characters, while it is young. */
const piece = 1_024;

export interface Page {
  /**
   * The text of what `write` emits: a subject that is no longer known leaves no series behind, and Prometheus marks it
   * stale. Metrics stand in the order of the catalog. The octets are those of the page, good until the next rendering.
   */
  render(write: (emit: Emit) => void): readonly Uint8Array[];
}

/** A page of those metrics; what is emitted of others is left out. */
export function createPage(metrics: readonly MetricDefinition[] = allMetrics): Page {
  const sections = new Map(metrics.map((metric): [MetricDefinition, Section] => [metric, sectionOf(metric)]));

  const emit: Emit = (metric, labels, value, more = noLabels) => {
    const section = sections.get(metric);
    if (section === undefined) return;
    const i = section.said++;
    const text = typeof labels === "string" ? labels : labelText(labels);
    const other = typeof more === "string" ? more : labelText(more);
    if (section.labels[i] !== text || section.more[i] !== other) {
      section.labels[i] = text;
      section.more[i] = other;
      section.isStale = true;
    }
    if (section.values[i] === value) return;
    section.values[i] = value;
    if (section.isStale) return;
    const at = section.valueAt[i] ?? 0;
    section.isStale = !writeValue(section.octets, at, section.valueEnd[i] ?? at, value);
  };

  return {
    render(write) {
      for (const section of sections.values()) section.said = 0;
      write(emit);
      return [...sections.values()].map((section) => {
        if (section.isStale || section.said !== section.labels.length) writeSection(section);
        return section.octets.subarray(0, section.end);
      });
    },
  };
}

function sectionOf({ name, help, type }: MetricDefinition): Section {
  const header = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
  const lists = { labels: [], more: [], values: [], valueAt: [], valueEnd: [] };
  return { name, header, ...lists, said: 0, isStale: true, octets: Buffer.allocUnsafeSlow(2 * piece), end: 0 };
}

/** Writes all of it anew, and notes where the values stand. */
function writeSection(section: Section): void {
  const { name, header, labels, more, values, valueAt, valueEnd, said } = section;
  for (const list of [labels, more, values, valueAt, valueEnd]) list.length = said;
  section.end = 0;
  let pending = header;
  /** Octets before the line that is being made; UTF-16 units are no octets, so a line that is not ASCII is measured. */
  let begun = 0;
  const flush = () => {
    append(section, pending);
    begun = section.end;
    pending = "";
  };
  flush();
  for (let i = 0; i < said; i++) {
    const all = joined(labels[i] ?? noLabels, more[i] ?? noLabels);
    const head = all === "" ? `${name} ` : `${name}{${all}} `;
    const value = formatValue(values[i] ?? Number.NaN);
    const at = begun + octetsOf(head);
    valueAt[i] = at;
    valueEnd[i] = at + value.length;
    begun = at + value.length + 1;
    pending += `${head}${value}\n`;
    if (pending.length > piece) flush();
  }
  flush();
  section.isStale = false;
}

function append(section: Section, text: string): void {
  const { end } = section;
  // UTF-8 takes at most three octets for each UTF-16 unit.
  const most = end + text.length * 3;
  if (most > section.octets.length) {
    const grown = Buffer.allocUnsafeSlow(Math.max(most, 2 * section.octets.length));
    section.octets.copy(grown, 0, 0, end);
    section.octets = grown;
  }
  section.end = end + section.octets.write(text, end);
}

function octetsOf(text: string): number {
  return Buffer.byteLength(text);
}

/** Writes over a value; false when it does not have the same length. */
function writeValue(octets: Buffer, at: number, end: number, value: number): boolean {
  if (Number.isSafeInteger(value)) return writeInteger(octets, at, end, value);
  const text = formatValue(value);
  return text.length === end - at && octets.write(text, at, "latin1") === text.length;
}

const noLabels = "" as LabelText;

const joined = (labels: LabelText, more: LabelText) =>
  labels === "" ? more : more === "" ? labels : `${labels},${more}`;

export function labelText(labels: Labels): LabelText {
  let text = "";
  for (const name in labels) text += `${text === "" ? "" : ","}${name}="${escapeLabel(labels[name] ?? "")}"`;
  return text as LabelText;
}

/** As `labelText`, made once for each subject. */
export function labelsOf<T extends object>(of: (subject: T) => Labels): (subject: T) => LabelText {
  const known = new WeakMap<T, LabelText>();
  return (subject) => {
    let text = known.get(subject);
    if (text === undefined) {
      text = labelText(of(subject));
      known.set(subject, text);
    }
    return text;
  };
}

/** The text of one label, by each of its values. */
export function labelTexts<T extends string>(name: string, values: readonly T[]): Readonly<Record<T, LabelText>> {
  return Object.fromEntries(values.map((value) => [value, labelText({ [name]: value })])) as Record<T, LabelText>;
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

/** The MIB's numbers of named values, by their names. */
export function numbersOf<T extends string>(names: Readonly<Record<number, T>>): Readonly<Record<T, number>> {
  return Object.fromEntries(Object.entries(names).map(([number, name]) => [name, Number(number)])) as Record<T, number>;
}
