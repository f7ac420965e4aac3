// The rule and test files, read as the tests need them.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

export const repository = resolve(import.meta.dirname, "../..");
export const alertsDir = join(repository, "alerts");

const strings = z.record(z.string(), z.string());
const rule = z.object({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: strings.optional(),
  annotations: strings.optional(),
});
const ruleFile = z.object({ groups: z.array(z.object({ name: z.string(), rules: z.array(rule) })) });

const alertTest = z.object({
  alertname: z.string(),
  exp_alerts: z.array(z.object({ exp_labels: strings, exp_annotations: strings })),
});
const testFile = z.object({
  tests: z.array(
    z.object({
      name: z.string(),
      input_series: z.array(z.object({ series: z.string() })),
      alert_rule_test: z.array(alertTest).optional(),
    }),
  ),
});

export interface Alert {
  readonly name: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

function yamlFiles(folder: string): readonly string[] {
  return readdirSync(join(alertsDir, folder)).map((name) => join(folder, name));
}

export const ruleFiles = yamlFiles("rules");
export const testFiles = yamlFiles("tests");

const read = (file: string): unknown => parse(readFileSync(join(alertsDir, file), "utf8"));

const rules = ruleFiles.flatMap((file) => ruleFile.parse(read(file)).groups.flatMap((group) => group.rules));

export const alerts: readonly Alert[] = rules.map(({ alert, expr, labels, annotations }) => ({
  name: alert,
  expr,
  labels: labels ?? {},
  annotations: annotations ?? {},
}));

export const tests = testFiles.flatMap((file) => testFile.parse(read(file)).tests);
