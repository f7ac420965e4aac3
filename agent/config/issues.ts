// What zod found, said for a reader: zod gives the place and the kind, the declaration of the key gives the words.

import { z } from "zod";
import { dotted, type Finding, type KeyPath, nearest, oneOf, quote } from "./error.ts";
import { type KeyFacts, keyFacts } from "./keys.ts";
import { nameRule } from "./scalars.ts";

/** Keys under which nothing that was written is ever repeated: a literal secret may stand there. */
export function nearSecret(path: KeyPath): boolean {
  return path[0] === "snmp" && path[1] === "credentials" && path.length >= 2;
}

/** What stands at a path of the given data; undefined when nothing does. */
export function valueAt(data: unknown, path: KeyPath): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** The declaration of a path, with the wrappers (optional, default) taken off. */
export function schemaAt(root: z.ZodType, path: KeyPath): z.ZodType | undefined {
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
  return issues.flatMap((issue) => findings(issue, issue.path as KeyPath, root, data));
}

function findings(issue: z.core.$ZodIssue, path: KeyPath, root: z.ZodType, data: unknown): readonly Finding[] {
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
      return [wrongType(path, found, facts)];
  }
}

function wrongType(path: KeyPath, found: unknown, facts: KeyFacts): Finding {
  const [example = ""] = facts.examples;
  const key = String(path.at(-1) ?? "");
  if (found === undefined) return { path, at: "key", problem: "is missing", fix: missingFix(key, facts) };
  if (found === null) return { path, at: "key", problem: "has no value", fix: missingFix(key, facts) };

  const container = facts.examples.length === 0;
  if (facts.type === "a reference to a secret" && typeof found !== "object") {
    return {
      path,
      at: "value",
      problem: "a secret is not written into this file",
      fix: `write a reference, and put the secret there: ${key}: { env: NAME }, { file: /path } or { credential: name }`,
    };
  }
  const what = nearSecret(path) || typeof found === "object" ? kindOf(found) : quote(found);
  if (container)
    return {
      path,
      at: "value",
      problem: `is ${kindOf(found)}, not ${facts.type}`,
      fix: 'write "key: value" lines below it, two spaces deeper',
    };
  const problem = `${what === kindOf(found) ? `is ${what}, not` : `${what} is not`} ${facts.type}`;
  return { path, at: "value", problem, fix: valueFix(found, facts, example) };
}

function valueFix(found: unknown, facts: KeyFacts, example: string): string {
  // YAML reads a bare word as a number or truth value where it can.
  if (
    (facts.type === "a text" || facts.type === "a name") &&
    (typeof found === "number" || typeof found === "boolean")
  ) {
    return `put it in quotes: "${found}"`;
  }
  if (facts.type === "an ASN" && typeof found === "string" && /^\d+$/.test(found))
    return `write it without quotes: ${found}`;
  return facts.examples.length > 1 ? `use ${oneOf(facts.examples)}` : `write for example ${example}`;
}

function missingFix(key: string, facts: KeyFacts): string {
  if (facts.examples.length === 0) return `add "${key}:" with its keys below`;
  return facts.examples.length > 1
    ? `add "${key}:" with ${oneOf(facts.examples)}`
    : `add for example "${key}: ${facts.examples[0]}"`;
}

function kindOf(found: unknown): string {
  if (Array.isArray(found)) return "a list";
  if (typeof found === "object") return found === null ? "empty" : "a map";
  if (typeof found === "boolean") return "true or false";
  return typeof found === "number" ? "a number" : "a text";
}

function unknownKey(key: string, path: KeyPath, schema: z.ZodType | undefined): Finding {
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const near = nearest(key, known);
  const allowed = `the keys here are ${oneOf(known).replace(" or ", " and ")}`;
  if (key === "<<")
    return {
      path: [...path, key],
      at: "key",
      problem: "merge keys are not read",
      fix: "write the keys out, or use an alias (*name) for the whole map",
    };
  return {
    path: [...path, key],
    at: "key",
    problem: "is not a known key",
    fix: near === undefined ? allowed : `did you mean ${near}? (${allowed})`,
  };
}

function badName(path: KeyPath): Finding {
  const name = String(path.at(-1) ?? "");
  const problem = nearSecret(path) ? "a name here is not valid" : `${quote(name)} is not a name`;
  const fix = nearSecret(path) ? nameRule("") : nameRule(name);
  return { path, at: "key", problem, fix };
}

/** Dotted path for a message: below credentials, only what the schema knows is repeated. */
export function shownKey(path: KeyPath, root: z.ZodType): string {
  if (!nearSecret(path)) return dotted(path);
  let shown = path;
  while (shown.length > 2 && (schemaAt(root, shown) === undefined || typeof shown.at(-1) === "number"))
    shown = shown.slice(0, -1);
  return dotted(shown);
}
