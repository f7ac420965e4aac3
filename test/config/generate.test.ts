// The generated files say what the parser does.

import { readFileSync } from "node:fs";
import { Ajv2020, type AnySchema } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { type ReferenceRow, referenceRows, renderJsonSchema, renderReference } from "../../agent/config/generate.ts";
import type { Estate } from "../../agent/estate/estate.ts";
import { communityOf } from "../support/credentials.ts";
import { edited, errorsOf, estateOf, estateYaml } from "./estate-yaml.ts";

const file = (name: string) => readFileSync(new URL(`../../agent/config/${name}`, import.meta.url), "utf8");

interface SchemaNode {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | false;
  readonly items?: SchemaNode;
}

/** Every key of a schema with its node, as the reference writes them. */
function keysOf(node: SchemaNode, path = ""): readonly (readonly [string, SchemaNode])[] {
  const children = [
    ...Object.entries(node.properties ?? {}).map(
      ([key, child]) => [path === "" ? key : `${path}.${key}`, child] as const,
    ),
    ...(node.additionalProperties ? [[`${path}.<name>`, node.additionalProperties] as const] : []),
    ...(node.items ? [[`${path}[]`, node.items] as const] : []),
  ];
  return children.flatMap(([key, child]) => [[key, child] as const, ...keysOf(child, key)]);
}

const jsonSchema: SchemaNode & AnySchema = JSON.parse(renderJsonSchema());

describe("the JSON Schema", () => {
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(jsonSchema);

  it("describes every key", () => {
    const keys = keysOf(jsonSchema);
    expect(keys.length).toBeGreaterThan(100);
    expect(keys.filter(([, { description = "" }]) => description.length < 10).map(([key]) => key)).toEqual([]);
  });

  it("accepts the example and the file of the tests", () => {
    for (const text of [file("example.yaml"), estateYaml]) {
      expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
    }
  });

  it.each([
    ["an unknown key", ["provider: Equinix", "providr: Equinix"]],
    ["a literal secret", ["{ env: SNMP_COMMUNITY }", "public"]],
    ["two places of a secret", ["{ env: SNMP_COMMUNITY }", "{ env: A, file: /b }"]],
    ["a SKU that does not exist", ["sku: premium", "sku: gold"]],
    ["a bandwidth in another form", ["bandwidth: 1Gbps", "bandwidth: 1 gbit"]],
    ["a subnet of another length", ["subnet: 192.168.250.0/29", "subnet: 192.168.250.0/30"]],
    ["a VLAN out of range", ["vlan: 101", "vlan: 4095"]],
    ["a missing key", ["    sku: premium\n", ""]],
    ["a name with capitals", ["  ams-1:\n", "  AMS-1:\n"]],
  ] as const)("refuses %s, as the parser does", (_, edit) => {
    const text = edited(edit);
    expect(validate(parse(text))).toBe(false);
    expect(errorsOf(text)).not.toEqual([]);
  });
});

describe("the reference", () => {
  it("has the keys of the JSON Schema, each with type and meaning", () => {
    const rows = referenceRows();
    expect(rows.map((row) => row.path)).toEqual(keysOf(jsonSchema).map(([key]) => key));
    expect(rows.filter((row) => row.type === "" || row.meaning === "").map((row) => row.path)).toEqual([]);
  });

  /** With the parts that are off unless they are written. */
  const whole = `${estateYaml}reflector: { listen: 127.0.0.1:10862, senders: [192.0.2.30/32] }
bmp: { listen: 127.0.0.1:11019 }
services: { sql: { circuit: ams-1, peering: azurePrivate, checks: [{ technique: tcp, host: 10.1.2.3, port: 1433 }] } }
`;
  const defaults = referenceRows().filter((row) => row.default !== undefined);

  it("gives the defaults that the parser applies", () => {
    const plain = estateOf(whole);
    expect(defaults.length).toBeGreaterThan(20);
    const written = defaults.reduce((data, row) => withValue(data, row, row.default ?? ""), parse(whole));
    expect(stringify(written)).toContain("keepFiringFor: 10s");
    expect(comparable(estateOf(stringify(written)))).toEqual(comparable(plain));
  });

  it.each(defaults.filter((row) => row.default !== "[]").map((row) => [row.path, row] as const))(
    "would notice another default of %s",
    (_, row) => {
      const changed = withValue(parse(whole), row, otherThan(row));
      expect(comparable(estateOf(stringify(changed)))).not.toEqual(comparable(estateOf(whole)));
    },
  );
});

describe("the generated files", () => {
  it("are current", () => {
    expect(file("circuitwatch.schema.json")).toBe(renderJsonSchema());
    expect(file("reference.md")).toBe(renderReference());
  });
});

/** Secrets are compared by their text, which no comparison of objects can see. */
function comparable(estate: Estate) {
  const routers = [...estate.routers.values()].map((r) => [r, communityOf(r.credentials)]);
  return { ...estate, routers };
}

/** A valid value that is not the default: a little smaller, so that no limit crosses another. */
function otherThan({ path, default: text = "" }: ReferenceRow): string {
  if (text === "false") return "true";
  if (text === "true") return "false";
  if (text.startsWith("[")) return JSON.stringify((JSON.parse(text) as unknown[]).slice(1));
  if (path.endsWith(".listen")) return "127.0.0.1:9581";
  if (text === "asProbed") return "udp";
  const larger = path.endsWith(".raise") || path.endsWith(".silence") || path.endsWith(".window");
  return text.replace(/^\d+/, (n) => String(Number(n) + (larger ? 1 : n === "1" ? 1 : -1)));
}

/** The data with a value written under every place that a path of the reference means. */
function withValue(data: unknown, { path }: ReferenceRow, text: string): unknown {
  const value: unknown = parse(text);
  const set = (node: unknown, [part = "", ...rest]: readonly string[]): unknown => {
    const map = (node ?? {}) as Readonly<Record<string, unknown>>;
    if (part === "<name>")
      return Object.fromEntries(Object.entries(map).map(([name, child]) => [name, set(child, rest)]));
    // A list that is written out already is no place for its default.
    if (rest.length === 0) return { ...map, [part]: Array.isArray(map[part]) ? map[part] : value };
    return { ...map, [part]: set(map[part], rest) };
  };
  return set(data, path.split("."));
}
