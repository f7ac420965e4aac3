// The tables that Linux gives as text in /proc: cut into lines and columns, each bounded.

/** Octets of a table that are looked at; what is longer is said to be cut. */
export const longestTable = 256 * 1_024;
const mostColumns = 24;

export type ProcFault = {
  /** `form`: not the table that was asked for. `field`: a column that is missing or no such value. */
  readonly kind: "form" | "field";
  /** Of the text, from 0. */
  readonly line: number;
};

/** The lines of a text; one that a limit cut through is left out. */
export function linesOf(octets: Uint8Array): { readonly lines: readonly string[]; readonly cut: boolean } {
  const cut = octets.length > longestTable;
  const text = Buffer.from(octets.buffer, octets.byteOffset, Math.min(octets.length, longestTable)).toString("latin1");
  const lines = text.split("\n");
  if (cut || lines.at(-1) === "") lines.pop();
  return { lines, cut };
}

/** The columns of a line, white space between them; undefined when there are more than any table has. */
export function columnsOf(line: string): readonly string[] | undefined {
  const columns = line.trim().split(/[ \t]+/, mostColumns + 1);
  return columns.length > mostColumns ? undefined : columns;
}

/** A count of up to 64 bits, which a double holds well enough for what is shown. */
export function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : undefined;
}
