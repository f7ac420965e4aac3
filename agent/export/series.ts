// Series of one scrape as lines of text (Prometheus exposition format 0.0.4), whatever page they stand on.
// prom-client, which writes the process's own metrics, takes 4 µs for a series; ten thousand would hold up the polls.

import type { MetricDefinition } from "../catalog/definition.ts";
import { oncePer } from "../lib/once-per.ts";
import type { Piece } from "./packed-text.ts";

export type Labels = Readonly<Record<string, string>>;

/** Labels as they stand between the braces. */
export type LabelText = string & { readonly __labels: true };

/**
 * Gives the value of one series for this scrape. No two emissions have the same metric and labels. `labels` are those of
 * a subject, `more` is what tells the series of one metric apart. Text that is kept costs nothing; objects are
 * formatted each time. A histogram is said in parts: its buckets with their limits (`le`) ascending, then its sum and its count.
 */
export type Emit = (
  metric: MetricDefinition,
  labels: Labels | LabelText,
  value: number,
  more?: Labels | LabelText,
  part?: Part,
) => void;

export type Part = "" | "_bucket" | "_sum" | "_count";

export interface Page {
  /**
   * The text of what `write` emits: a subject that is no longer known leaves no series behind, and Prometheus marks it
   * stale. Metrics stand in the order in which the page was given them. One rendering at a time.
   */
  render(write: (emit: Emit) => Iterable<void>): Generator<void, readonly Piece[]>;
}

/** What stands before the series of a metric. */
export function headerOf({ name, help, type }: MetricDefinition): string {
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
}

/** A line up to its value. */
export function headOf(name: string, part: Part, labels: LabelText, more: LabelText): string {
  const all = labels === "" ? more : more === "" ? labels : `${labels},${more}`;
  return all === "" ? `${name}${part} ` : `${name}${part}{${all}} `;
}

export function textOf(labels: Labels | LabelText): LabelText {
  return typeof labels === "string" ? labels : labelText(labels);
}

export const noLabels = "" as LabelText;

export function labelText(labels: Labels): LabelText {
  let text = "";
  for (const name in labels) text += `${text === "" ? "" : ","}${name}="${escapeLabel(labels[name] ?? "")}"`;
  return text as LabelText;
}

/** As `labelText`, made once for each subject. */
export function labelsOf<T extends object>(of: (subject: T) => Labels): (subject: T) => LabelText {
  return oncePer((subject) => labelText(of(subject)));
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

export function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}

/** The MIB's numbers of named values, by their names. */
export function numbersOf<T extends string>(names: Readonly<Record<number, T>>): Readonly<Record<T, number>> {
  return Object.fromEntries(Object.entries(names).map(([number, name]) => [name, Number(number)])) as Record<T, number>;
}
