// HTML from templates in which every value is escaped unless it is HTML already. What a router says of
// itself (sysDescr, ifName) comes through here and is hostile text.

/** Markup that is safe to send; only `html` makes it. */
export interface Html {
  readonly markup: string;
}

type Value = Html | string | number | undefined | readonly Html[];

/** A tagged template: strings are escaped, Html is taken as it is, undefined is nothing. */
export function html(literals: TemplateStringsArray, ...values: readonly Value[]): Html {
  let markup = literals[0] ?? "";
  values.forEach((value, i) => {
    markup += render(value) + (literals[i + 1] ?? "");
  });
  return { markup };
}

export const nothing: Html = { markup: "" };

function render(value: Value): string {
  if (value === undefined) return "";
  if (typeof value === "object") return "markup" in value ? value.markup : value.map(({ markup }) => markup).join("");
  return escapeText(String(value));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** Most of a page is such text, and needs no second look. */
const harmless = /^[\w .,:;()/%+=#-]*$/;

/** Safe as text and inside a quoted attribute. */
function escapeText(text: string): string {
  if (harmless.test(text)) return text;
  return visible(text).replace(/[&<>"'`]/g, (character) => entities[character] ?? "");
}

/**
 * Control and format characters, and with them those that reorder the text around them (Unicode Standard
 * Annex 9), shown as U+FFFD: a device must not be able to rewrite the line in which it is quoted. Tab and
 * newline stay.
 */
export function visible(text: string): string {
  return text.toWellFormed().replace(/(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}
