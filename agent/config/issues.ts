// What zod found, said for a reader: zod gives the place and the kind, the declaration of the key gives the words.

import { z } from "zod";
import { allOf, dotted, type Finding, type KeyPath, nearest, oneOf, quote } from "./error.ts";
import { type KeyFacts, keyFacts, namePattern, secretType } from "./keys.ts";
import { nameRule } from "./scalars.ts";

/** Keys under which nothing that was written is ever repeated: a literal secret may stand there. */
function nearSecret(path: KeyPath): boolean {
  return path[0] === "snmp" && path[1] === "credentials" && path.length >= 2;
}

/** What stands at a path of the given data; undefined when nothing does. */
function valueAt(data: unknown, path: KeyPath): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** The declaration of a path, with the wrappers (optional, default) taken off. */
function schemaAt(root: z.ZodType, path: KeyPath): z.ZodType | undefined {
  let schema: z.ZodType | undefined = unwrap(root);
  for (const part of path) {
    if (schema instanceof z.ZodObject) schema = (schema.shape as Record<string, z.ZodType>)[part];
    else if (schema instanceof z.ZodRecord) schema = schema.valueType as z.ZodType;
    else if (schema instanceof z.ZodArray) schema = schema.element as z.ZodType;
    else return undefined;
    if (schema !== undefined) schema = unwrap(schema);
  }
  return schema;
}

export function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema;
}

export function findingsOf(issues: readonly z.core.$ZodIssue[], root: z.ZodType, data: unknown): readonly Finding[] {
  const found = issues.flatMap((issue) => findings(issue, issue.path as KeyPath, root, data));
  // A key that is misspelt is not missing as well.
  const misspelt = new Set(found.map(({ meant }) => meant && JSON.stringify(meant)));
  return found.filter(({ path, at, meant }) => at === "value" || meant || !misspelt.has(JSON.stringify(path)));
}

/** `meant` is the path of a known key of which an unknown one seems to be a misspelling. */
type Found = Finding & { readonly meant?: KeyPath };

function findings(issue: z.core.$ZodIssue, path: KeyPath, root: z.ZodType, data: unknown): readonly Found[] {
  const schema = schemaAt(root, path);
  const facts = (schema && keyFacts.get(schema)) ?? { type: "a value", examples: [] };
  const found = valueAt(data, path);
  switch (issue.code) {
    case "custom":
      return [{ path, at: "value", problem: issue.message, fix: String(issue.params?.fix ?? "") }];
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey(key, path, schema));
    case "invalid_key":
      return [badName(path)];
    default:
      return [wrongType(path, found, facts, schema)];
  }
}

function wrongType(path: KeyPath, found: unknown, facts: KeyFacts, schema: z.ZodType | undefined): Finding {
  const key = String(path.at(-1) ?? "");
  if (found === undefined || found === null) {
    const problem = found === undefined ? "is missing" : "has no value";
    return { path, at: "key", problem, fix: missingFix(key, found, facts, schema) };
  }
  if (facts.type === secretType && typeof found !== "object") {
    return {
      path,
      at: "value",
      problem: "a secret is not written into this file",
      fix: `write where it is: ${key}: { env: NAME }, { file: /path } or { credential: name }`,
    };
  }
  // Lists and maps are long, and what stands near a secret may be one.
  const repeated = typeof found !== "object" && facts.examples.length > 0 && !nearSecret(path);
  const subject = path.length === 0 ? "the file is" : "is";
  const problem = repeated ? `${quote(found)} is not ${facts.type}` : `${subject} ${kindOf(found)}, not ${facts.type}`;
  return { path, at: "value", problem, fix: valueFix(found, facts, schema) };
}

function valueFix(found: unknown, { type, examples }: KeyFacts, schema: z.ZodType | undefined): string {
  const isNumber =
    schema instanceof z.ZodNumber || (schema instanceof z.ZodLiteral && schema.values.has(Number(found)));
  if (isNumber && typeof found === "string" && /^\d+$/.test(found)) return `write it without quotes: ${found}`;
  // YAML reads a bare word as a number or truth value where it can.
  if ((type === "a text" || type === "a name") && (typeof found === "number" || typeof found === "boolean")) {
    return `put it in quotes: "${found}"`;
  }
  if (type === "a duration" && typeof found === "number") return `add the unit: ${found}s, or ms, m, h, d`;
  if (type === "a percentage" && typeof found === "number")
    return `write ${found < 1 ? Number((found * 100).toPrecision(6)) : found}%`;
  if (isChoice(schema) || schema instanceof z.ZodBoolean) return `use ${oneOf(examples)}`;
  return examples.length === 0 ? `write its keys below it${needed(schema)}` : `write for example ${examples[0]}`;
}

function isChoice(schema: z.ZodType | undefined): boolean {
  return schema instanceof z.ZodEnum || schema instanceof z.ZodLiteral;
}

function missingFix(key: string, found: unknown, { examples }: KeyFacts, schema: z.ZodType | undefined): string {
  if (examples.length === 0) {
    return found === null
      ? `write its keys below it${needed(schema)}`
      : `add "${key}:" and its keys below it${needed(schema)}`;
  }
  if (isChoice(schema)) return found === null ? `use ${oneOf(examples)}` : `add "${key}:" with ${oneOf(examples)}`;
  return found === null ? `write for example "${key}: ${examples[0]}"` : `add for example "${key}: ${examples[0]}"`;
}

/** `: site, address and credentials are needed`. */
function needed(schema: z.ZodType | undefined): string {
  if (!(schema instanceof z.ZodObject)) return "";
  const required = Object.entries(schema.shape as Record<string, z.ZodType>)
    .filter(([, value]) => unwrap(value) === value)
    .map(([key]) => key);
  if (required.length === 0) return "";
  return `: ${allOf(required)} ${required.length === 1 ? "is" : "are"} needed`;
}

function kindOf(found: unknown): string {
  if (Array.isArray(found)) return "a list";
  if (typeof found === "object") return found === null ? "empty" : "a map";
  if (typeof found === "boolean") return "true or false";
  return typeof found === "number" ? "a number" : "a text";
}

function unknownKey(key: string, path: KeyPath, schema: z.ZodType | undefined): Found {
  const here = [...path, key];
  if (key === "<<") {
    const fix = "write the keys out, or use an alias (*name) for the whole map";
    return { path: here, at: "key", problem: "merge keys are not read", fix };
  }
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const near = nearest(key, known);
  const allowed = `the keys here are ${allOf(known)}`;
  const problem = nearSecret(path) ? "a key stands here that is not known" : "is not a known key";
  if (near === undefined) return { path: here, at: "key", problem, fix: allowed };
  return { path: here, at: "key", problem, fix: `did you mean ${near}? (${allowed})`, meant: [...path, near] };
}

function badName(path: KeyPath): Finding {
  const name = String(path.at(-1) ?? "");
  const problem = nearSecret(path) ? "a name here is not valid" : `${quote(name)} is not a name`;
  const fix = nearSecret(path) ? nameRule("") : nameRule(name);
  return { path, at: "key", problem, fix };
}

/** The names of credentials that may be repeated: people have written the community itself where a name belongs. */
export function credentialNames(data: unknown): readonly string[] | undefined {
  const all = valueAt(data, ["snmp", "credentials"]);
  if (typeof all !== "object" || all === null || Array.isArray(all)) return undefined;
  return Object.entries(all).flatMap(([name, value]) => (namePattern.test(name) && value !== null ? [name] : []));
}

/** Dotted path for a message: below credentials, only what the schema knows is repeated. */
export function shownKey(path: KeyPath, root: z.ZodType, data: unknown): string {
  if (!nearSecret(path)) return dotted(path);
  const known = credentialNames(data)?.includes(String(path[2])) ?? false;
  let shown = known ? path : path.slice(0, 2);
  while (shown.length > 2 && (schemaAt(root, shown) === undefined || typeof shown.at(-1) === "number")) {
    shown = shown.slice(0, -1);
  }
  return dotted(shown);
}
