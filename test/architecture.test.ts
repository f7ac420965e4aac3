// Enforces the import table of the house: a folder imports only what its line names.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const agent = resolve(import.meta.dirname, "../agent");

/** The table. `main.ts` is the only place that sees all parts and nobody imports it. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  estate: ["lib"],
  wire: ["lib"],
  mib: ["wire", "estate", "lib"],
  config: ["estate", "lib"],
  catalog: ["estate"],
  net: ["wire", "lib"],
  host: ["wire", "estate", "lib"],
  collect: ["mib", "wire", "net", "estate", "lib"],
  probe: ["wire", "net", "estate", "lib"],
  state: ["estate", "lib"],
  evaluate: ["state", "estate", "lib"],
  export: ["catalog", "state", "estate", "lib"],
  web: ["export", "state", "estate", "lib"],
  lab: ["wire", "mib", "net", "estate", "lib"],
  cli: ["config", "estate", "lib"],
};

/** Who may open sockets or files, besides `main.ts`. */
const ioModules: Readonly<Record<string, readonly string[]>> = {
  "node:dgram": ["net"],
  "node:net": ["net"],
  "node:child_process": ["net"],
  koffi: ["net"],
  "node:http": ["web", "net", "lab"],
  "node:tls": ["net"],
  "node:dns": ["net"],
  "node:worker_threads": ["probe"],
};

function sources(dir: string): readonly string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, specifier]) => specifier as string);
}

const folderOf = (file: string) => relative(agent, file).split("/")[0] as string;

const files = sources(agent);

describe("the house", () => {
  it("has only the folders of the table, and main.ts", () => {
    const known = new Set([...Object.keys(mayImport), "main.ts"]);
    expect(files.map(folderOf).filter((folder) => !known.has(folder))).toEqual([]);
  });

  it("imports only along the table", () => {
    const broken: string[] = [];
    for (const file of files) {
      const from = folderOf(file);
      if (from === "main.ts") continue;
      for (const specifier of importsOf(file).filter((s) => s.startsWith("."))) {
        const to = folderOf(resolve(dirname(file), specifier));
        if (to !== from && !mayImport[from]?.includes(to)) broken.push(`${relative(agent, file)} imports ${specifier}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it("keeps sockets and threads where they belong", () => {
    const broken: string[] = [];
    for (const file of files) {
      const from = folderOf(file);
      for (const specifier of importsOf(file)) {
        const allowed = ioModules[specifier];
        if (allowed !== undefined && from !== "main.ts" && !allowed.includes(from)) {
          broken.push(`${relative(agent, file)} imports ${specifier}`);
        }
      }
    }
    expect(broken).toEqual([]);
  });

  it("keeps files under about 400 lines", () => {
    const long = files
      .map((file) => ({ file: relative(agent, file), lines: readFileSync(file, "utf8").split("\n").length }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });

  it("sees what it forbids", () => {
    // The table's own proof: a codec that imported a socket would be found.
    expect(mayImport.wire).not.toContain("net");
    expect(files.length).toBeGreaterThan(10);
  });
});
