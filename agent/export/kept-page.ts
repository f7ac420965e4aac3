// A page whose text is kept from one scrape to the next. Between two scrapes hardly a series comes or goes, and few values
// change: only what is new is written into the text. For estates whose text is no matter for the memory.

import type { MetricDefinition } from "../catalog/definition.ts";
import { writeInteger } from "./digits.ts";
import { pieceSize } from "./packed-text.ts";
import {
  type Emit,
  formatValue,
  headerOf,
  headOf,
  type LabelText,
  noLabels,
  type Page,
  type Part,
  textOf,
} from "./series.ts";

/** The text of one metric, and of which series it consists. */
interface Section {
  readonly name: string;
  readonly header: string;
  readonly labels: LabelText[];
  readonly more: LabelText[];
  readonly parts: Part[];
  readonly values: number[];
  /** Where the text of each value begins and ends. */
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

/** A page of those metrics; what is emitted of others is left out. */
export function createKeptPage(metrics: readonly MetricDefinition[]): Page {
  const sections = new Map(metrics.map((metric): [MetricDefinition, Section] => [metric, sectionOf(metric)]));

  const emit: Emit = (metric, labels, value, more = noLabels, part = "") => {
    const section = sections.get(metric);
    if (section === undefined) return;
    const i = section.said++;
    const text = textOf(labels);
    const other = textOf(more);
    if (section.labels[i] !== text || section.more[i] !== other || section.parts[i] !== part) {
      section.labels[i] = text;
      section.more[i] = other;
      section.parts[i] = part;
      section.isStale = true;
    }
    if (section.values[i] === value) return;
    section.values[i] = value;
    if (section.isStale) return;
    const at = section.valueAt[i] ?? 0;
    section.isStale = !writeValue(section.octets, at, section.valueEnd[i] ?? at, value);
  };

  return {
    *render(write) {
      for (const section of sections.values()) section.said = 0;
      yield* write(emit);
      for (const section of sections.values()) {
        if (!section.isStale && section.said === section.labels.length) continue;
        writeSection(section);
        yield;
      }
      // A copy: while it is sent, the next scrape may write into the sections.
      const all = Buffer.concat([...sections.values()].map(({ octets, end }) => octets.subarray(0, end)));
      return Array.from({ length: Math.ceil(all.length / pieceSize) }, (_, i) =>
        all.subarray(i * pieceSize, (i + 1) * pieceSize),
      );
    },
  };
}

function sectionOf(metric: MetricDefinition): Section {
  const lists = { labels: [], more: [], parts: [], values: [], valueAt: [], valueEnd: [] };
  const octets = Buffer.allocUnsafeSlow(2 * piece);
  return { name: metric.name, header: headerOf(metric), ...lists, said: 0, isStale: true, octets, end: 0 };
}

/** Writes all of it anew, and notes where the values stand. */
function writeSection(section: Section): void {
  const { header, labels, more, parts, values, valueAt, valueEnd, said } = section;
  for (const list of [labels, more, parts, values, valueAt, valueEnd]) list.length = said;
  section.end = 0;
  append(section, header);
  let pending = "";
  let first = 0;
  for (let i = 0; i < said; i++) {
    const head = headAt(section, i);
    const value = formatValue(values[i] ?? Number.NaN);
    // As if all of it were ASCII, which it nearly always is.
    const at = section.end + pending.length + head.length;
    valueAt[i] = at;
    valueEnd[i] = at + value.length;
    pending += `${head}${value}\n`;
    if (pending.length <= piece && i < said - 1) continue;
    const from = section.end;
    append(section, pending);
    if (section.end - from !== pending.length) measure(section, first, i, from);
    pending = "";
    first = i + 1;
  }
  section.isStale = false;
}

function headAt({ name, labels, more, parts }: Section, i: number): string {
  return headOf(name, parts[i] ?? "", labels[i] ?? noLabels, more[i] ?? noLabels);
}

/** Where the values of lines stand whose characters are not all of one octet. */
function measure(section: Section, first: number, last: number, from: number): void {
  let begun = from;
  for (let i = first; i <= last; i++) {
    const at = begun + Buffer.byteLength(headAt(section, i));
    const length = formatValue(section.values[i] ?? Number.NaN).length;
    section.valueAt[i] = at;
    section.valueEnd[i] = at + length;
    begun = at + length + 1;
  }
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

/** Writes over a value; false when it does not have the same length. */
function writeValue(octets: Buffer, at: number, end: number, value: number): boolean {
  if (Number.isSafeInteger(value)) return writeInteger(octets, at, end, value);
  const text = formatValue(value);
  return text.length === end - at && octets.write(text, at, "latin1") === text.length;
}
