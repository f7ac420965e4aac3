// A page that keeps nothing from one scrape to the next, and of the scrape itself hardly anything but what it compresses
// to: for estates of thousands of routers, whose text would be most of the memory.

import type { MetricDefinition } from "../catalog/definition.ts";
import { type Piece, pack, pieceSize } from "./packed-text.ts";
import { formatValue, headerOf, headOf, type Labels, type LabelText, noLabels, type Page, textOf } from "./series.ts";

/** The text of one metric: pieces, and the octets of the next, which are used again. */
interface Section {
  readonly name: string;
  readonly header: string;
  pieces: Piece[];
  octets: Buffer;
  end: number;
  /** Not yet among the octets. */
  pending: string;
}

/**
 * Text becomes octets in pieces of this many characters, while it is young: all the strings of a page, held until its
 * end, would be most of what the garbage collector does.
 */
const piece = 256;

/** A page of those metrics; what is emitted of others is left out. */
export function createPackedPage(metrics: readonly MetricDefinition[]): Page {
  const sections = new Map(metrics.map((metric): [MetricDefinition, Section] => [metric, sectionOf(metric)]));
  return {
    *render(write) {
      let formatted: Labels | LabelText | undefined;
      let text = noLabels;
      for (const section of sections.values()) {
        section.pieces = [];
        section.end = 0;
        section.pending = section.header;
      }
      yield* write((metric, labels, value, more = noLabels, part = "") => {
        // Many metrics in a row have the labels of one subject.
        if (labels !== formatted) {
          formatted = labels;
          text = textOf(labels);
        }
        const section = sections.get(metric);
        if (section === undefined) return;
        section.pending += `${headOf(section.name, part, text, textOf(more))}${formatValue(value)}\n`;
        if (section.pending.length > piece) flush(section);
      });
      const pieces: Piece[] = [];
      // Short ones, and the ends of the long ones, in one.
      let rest: Uint8Array[] = [];
      for (const section of sections.values()) {
        yield;
        flush(section);
        if (section.pieces.length > 0) {
          pieces.push(Buffer.concat(rest), ...section.pieces);
          section.pieces = [];
          rest = [];
        }
        rest.push(section.octets.subarray(0, section.end));
      }
      return [...pieces, Buffer.concat(rest)];
    },
  };
}

function sectionOf(metric: MetricDefinition): Section {
  const octets = Buffer.allocUnsafeSlow(2 * piece);
  return { name: metric.name, header: headerOf(metric), pieces: [], octets, end: 0, pending: "" };
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
  if (section.end < pieceSize) return;
  section.pieces.push(pack(section.octets.subarray(0, section.end)));
  section.end = 0;
}
