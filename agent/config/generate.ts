// The JSON Schema that editors use and the reference that people read, from the schema that the parser uses.

import { z } from "zod";
import { unwrap } from "./issues.ts";
import { type KeyFacts, keyFacts } from "./keys.ts";
import { configurationSchema } from "./schema.ts";

/** JSON Schema, draft 2020-12, of the file as it is written. */
export function renderJsonSchema(): string {
  const schema = z.toJSONSchema(configurationSchema, {
    target: "draft-2020-12",
    io: "input",
    override: withoutPrefault,
  });
  const { $schema, ...rest } = schema;
  return `${JSON.stringify({ $schema, title: "circuitwatch configuration", ...rest }, null, 2)}\n`;
}

/** An absent map gets its defaults key by key: `default: {}` would only tell an editor to write `{}`. */
function withoutPrefault({
  zodSchema,
  jsonSchema,
}: {
  readonly zodSchema: unknown;
  readonly jsonSchema: object;
}): void {
  if (zodSchema instanceof z.ZodPrefault && "default" in jsonSchema) delete jsonSchema.default;
}

/** One key of the file. Names that the reader gives stand as `<name>`, items of a list as `[]`. */
export interface ReferenceRow {
  readonly path: string;
  readonly type: string;
  /** The text that may be written for it; undefined when the key has no constant default. */
  readonly default: string | undefined;
  /** `required`, `optional`, or what is taken when the key is absent. */
  readonly absent: string;
  readonly meaning: string;
}

export function referenceRows(): readonly ReferenceRow[] {
  return rowsUnder(configurationSchema, "");
}

export function renderReference(): string {
  const rows = referenceRows().map(({ path, type, default: fallback, absent, meaning }) => [
    `\`${path}\``,
    type,
    fallback === undefined ? absent : `\`${fallback}\``,
    meaning.replaceAll("|", "\\|"),
  ]);
  return [
    "# Configuration reference",
    "",
    "Generated from the schema that the parser uses: `npm run generate` writes it. A complete example: `example.yaml`.",
    "",
    "Durations are a number and a unit (`ms`, `s`, `m`, `h`, `d`). `<name>` is a name that you give: lower-case letters,",
    "digits and hyphens. `[]` is an item of a list.",
    "",
    ...table([["key", "type", "default", "meaning"], ...rows]),
    "",
  ].join("\n");
}

/** In columns of one width each, as the formatter of the repository leaves it. */
function table([head = [], ...rows]: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}

function rowsUnder(schema: z.ZodType, path: string): readonly ReferenceRow[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, value]) =>
      rowOf(value, path === "" ? key : `${path}.${key}`),
    );
  }
  if (inner instanceof z.ZodRecord) return rowOf(inner.valueType as z.ZodType, `${path}.<name>`, "required");
  if (inner instanceof z.ZodArray) return rowOf(inner.element as z.ZodType, `${path}[]`, "required");
  return [];
}

function rowOf(schema: z.ZodType, path: string, presence?: string): readonly ReferenceRow[] {
  const inner = unwrap(schema);
  const facts: KeyFacts | undefined = keyFacts.get(inner);
  const fallback = schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
  const row: ReferenceRow = {
    path,
    type: typeOf(inner, facts),
    default:
      fallback === undefined ? undefined : typeof fallback === "object" ? JSON.stringify(fallback) : String(fallback),
    absent: facts?.absent ?? (presence === undefined ? presenceOf(schema) : ""),
    meaning: inner.description ?? "",
  };
  return [row, ...rowsUnder(inner, path)];
}

function presenceOf(schema: z.ZodType): string {
  return unwrap(schema) === schema ? "required" : "optional";
}

function typeOf(schema: z.ZodType, facts: KeyFacts | undefined): string {
  const bare = (facts?.type ?? "").replace(/^an? /, "");
  const options =
    schema instanceof z.ZodEnum ? schema.options : schema instanceof z.ZodLiteral ? [...schema.values] : [];
  return options.length > 0 ? options.map((option) => `\`${option}\``).join(", ") : bare;
}
