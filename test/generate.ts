// Writes every generated file (`npm run generate`), or says which are not current (`--check`).

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { renderMetricReference } from "../agent/catalog/reference.ts";
import { renderJsonSchema, renderReference } from "../agent/config/generate.ts";
import { renderDashboards } from "../dashboards/src/render.ts";

const root = resolve(import.meta.dirname, "..");

const generated: readonly { readonly file: string; readonly text: string }[] = [
  { file: "agent/config/circuitwatch.schema.json", text: renderJsonSchema() },
  { file: "agent/config/reference.md", text: renderReference() },
  { file: "agent/catalog/metrics.md", text: renderMetricReference() },
  ...renderDashboards().map(({ file, json }) => ({ file: join("dashboards/generated", file), text: json })),
];

function current(file: string): string | undefined {
  try {
    return readFileSync(join(root, file), "utf8");
  } catch {
    return undefined;
  }
}

const stale = generated.filter(({ file, text }) => current(file) !== text);

if (process.argv.includes("--check")) {
  for (const { file } of stale)
    console.error(`${file} is not what its source gives: run npm run generate, and commit it`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const { file, text } of stale) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
    console.log(`wrote ${file}`);
  }
}
