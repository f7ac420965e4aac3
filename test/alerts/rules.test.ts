// The alert rules: accepted and unit-tested by promtool, made of the catalog's metrics only, each with its runbook.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { allMetrics } from "../../agent/catalog/metrics.ts";
import { causes, owners } from "../../agent/estate/judgement.ts";
import { hangsAfter, run } from "../support/installed.ts";
import { alerts, alertsDir, ruleFiles, testFiles, tests } from "./files.ts";

const scratch = mkdtempSync(join(tmpdir(), "circuitwatch-alerts-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const catalog = new Map(allMetrics.map((metric) => [metric.name, metric.labels]));
/** Added by the scrape; they may select and join, never name an alert. */
const scrapeLabels = ["job", "instance"];
const identity = new Set([
  ...[
    "circuit",
    "peering",
    "link",
    "router",
    "site",
    "global_reach",
    "service",
    "dependency",
    "kind",
    "reason",
    "severity",
  ],
]);

const labelsIn = (selector: string) => [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, name]) => name ?? "");

interface Use {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** Every metric of ours that a query or template names, with the labels it selects by. */
function uses(text: string): readonly Use[] {
  return [...text.matchAll(/\b(expressroute_\w+)(?:\{([^}]*)\})?/g)].map(([, metric = "", selector = ""]) => ({
    metric,
    labels: labelsIn(selector),
  }));
}

/** Labels that a query groups or joins by. */
function groupings(text: string): readonly string[] {
  return [...text.matchAll(/\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([\w\s,]*)\)/g)].flatMap(
    ([, list = ""]) => list.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()])),
  );
}

describe("promtool", () => {
  it("accepts the rules, with every lint fatal", () => {
    const checked = run("promtool", ["check", "rules", "--lint=all", "--lint-fatal", ...ruleFiles], alertsDir);
    expect(checked.output).not.toContain("FAILED");
    expect(checked.status).toBe(0);
  });

  it("passes the unit tests of the rules", { timeout: hangsAfter }, () => {
    const tested = run("promtool", ["test", "rules", ...testFiles], alertsDir);
    expect(tested.output).not.toContain("FAILED");
    expect(tested.status).toBe(0);
  });

  it("is a judge that can say no", () => {
    const file = join(scratch, "wrong.yaml");
    const wrong = readFileSync(join(alertsDir, "tests/circuit.yaml"), "utf8")
      .replaceAll("../rules/", `${alertsDir}/rules/`)
      .replaceAll("eval_time: 85s", "eval_time: 115s");
    writeFileSync(file, wrong);
    expect(run("promtool", ["test", "rules", file], scratch).status).toBe(1);
  });
});

describe.each(alerts)("$name", ({ name, expr, labels, annotations }) => {
  const mine = tests.flatMap((test) => (test.alert_rule_test ?? []).filter((check) => check.alertname === name));

  it("has a test in which it fires, with the whole page", () => {
    expect(mine.filter((check) => check.exp_alerts.length > 0)).not.toEqual([]);
  });

  it("has a test in which it is silent", () => {
    expect(mine.filter((check) => check.exp_alerts.length === 0)).not.toEqual([]);
  });

  it("is identified by labels of the configuration only", () => {
    const seen = mine.flatMap((check) => check.exp_alerts.flatMap((alert) => Object.keys(alert.exp_labels)));
    expect(seen.filter((label) => !identity.has(label))).toEqual([]);
    expect(Object.keys(labels)).toEqual(["severity"]);
    expect(["critical", "warning"]).toContain(labels.severity);
  });

  it("says what is up, redundant, at fault, and shows its evidence", () => {
    expect(Object.keys(annotations)).toEqual(["summary", "description", "evidence", "runbook_url"]);
    expect(annotations.description).toMatch(/^Still up\?/);
    expect(annotations.description).toMatch(/[Rr]edundant\?/);
    expect(annotations.description).toContain("Whose fault?");
    // A key without value, or a %-verb without argument.
    const pages = mine.flatMap((check) => check.exp_alerts.flatMap((alert) => Object.values(alert.exp_annotations)));
    expect(pages.filter((page) => /<no value>|%!|error expanding/.test(page))).toEqual([]);
  });

  it("has a runbook", () => {
    expect(annotations.runbook_url).toMatch(new RegExp(`/${name}$`));
    const page = join(alertsDir, "runbooks", `${name}.md`);
    expect(existsSync(page)).toBe(true);
    const text = readFileSync(page, "utf8");
    expect(text.split("\n")[0]).toBe(`# ${name}`);
    for (const section of [
      "What it means",
      "Is the service up?",
      "First three checks",
      "Who owns it",
      "Ticket",
      "When it is false",
    ]) {
      expect(text).toContain(`\n## ${section}\n`);
    }
  });

  it("uses only metrics and labels of the catalog", () => {
    const texts = [expr, ...Object.values(annotations)];
    const used = texts.flatMap(uses);
    expect(used).not.toEqual([]);
    expect(used.filter(({ metric }) => !catalog.has(metric))).toEqual([]);

    const strange = used.flatMap(({ metric, labels: selected }) =>
      selected
        .filter((label) => !catalog.get(metric)?.includes(label) && !scrapeLabels.includes(label))
        .map((label) => `${metric}{${label}}`),
    );
    expect(strange).toEqual([]);

    const known = new Set([...used.flatMap(({ metric }) => catalog.get(metric) ?? []), ...scrapeLabels]);
    expect(texts.flatMap(groupings).filter((label) => !known.has(label))).toEqual([]);
    const shown = texts.flatMap((text) =>
      [...text.matchAll(/(?:\$labels|\.Labels)\.(\w+)/g)].map(([, label = ""]) => label),
    );
    expect(shown.filter((label) => !known.has(label))).toEqual([]);
  });
});

describe("the files", () => {
  it("test with series exactly as the catalog defines them", () => {
    const wrong = tests
      .flatMap((test) => test.input_series.map(({ series }) => series))
      .filter((series) => !/^up\{/.test(series))
      .filter((series) => {
        const [, metric = "", selector = ""] = /^(\w+)\{(.*)\}$/.exec(series) ?? [];
        const expected = catalog.get(metric);
        return (
          expected === undefined ||
          [...labelsIn(selector)].sort().join() !== [...expected, ...scrapeLabels].sort().join()
        );
      });
    expect(wrong).toEqual([]);
  });

  it("have no runbook without an alert, and no test of an alert that is not there", () => {
    const names = alerts.map((alert) => alert.name);
    const pages = readdirSync(join(alertsDir, "runbooks")).map((file) => file.replace(/\.md$/, ""));
    expect([...pages].sort()).toEqual([...names].sort());
    const tested = tests.flatMap((test) => (test.alert_rule_test ?? []).map((check) => check.alertname));
    expect(tested.filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe("the words of the page", () => {
  it("are plain for every cause and owner", () => {
    // What flaps is told by the redundancy alone.
    const told = causes.filter((cause) => !cause.endsWith("Flapping"));
    expect(told).toHaveLength(causes.length - 2);
    const cases = told.flatMap((cause) => owners.map((owner) => ({ cause, owner })));
    const series = cases.flatMap(({ cause, owner }, index) => {
      const path = `circuit="c${index}", peering="azurePrivate", link="primary", router="r", site="s"`;
      return [
        { series: `expressroute_path_state{${path}}`, values: "2x3" },
        { series: `expressroute_path_cause_info{${path}, cause="${cause}", owner="${owner}"}`, values: "1x3" },
      ];
    });
    const file = join(scratch, "words.yaml");
    // Expects nothing, so that promtool prints the pages it got.
    writeFileSync(
      file,
      stringify({
        rule_files: [join(alertsDir, "rules/path.yaml")],
        evaluation_interval: "5s",
        tests: [
          {
            interval: "5s",
            input_series: series,
            alert_rule_test: [{ eval_time: "5s", alertname: "ExpressRoutePathDegraded", exp_alerts: [] }],
          },
        ],
      }),
    );
    const printed = run("promtool", ["test", "rules", file], scratch).output;
    const summaries = [...printed.matchAll(/summary="[^"]*\((.*?), owner (.*?)\)"/g)];
    expect(summaries).toHaveLength(cases.length);

    const plain = new Set(summaries.map(([, , owner]) => owner));
    expect([...plain].sort()).toEqual(
      ["Microsoft", "provider", "provider or Microsoft", "unknown", "us", "us or provider"].sort(),
    );
    expect(summaries.filter(([, cause = ""]) => !/^[a-z]+( [a-z]+)+$/.test(cause))).toEqual([]);
    expect(new Set(summaries.map(([, cause]) => cause)).size).toBe(told.length);
  });
});
