// The example routing: accepted by amtool, sends each alert where its severity says, and names only what exists.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { allMetrics } from "../../agent/catalog/metrics.ts";
import { run } from "../support/installed.ts";
import { alerts, alertsDir } from "./files.ts";

const file = "alertmanager/alertmanager.yml";
const text = readFileSync(join(alertsDir, file), "utf8");
const config = z
  .object({
    route: z.object({ group_by: z.array(z.string()) }),
    inhibit_rules: z.array(
      z.object({
        source_matchers: z.array(z.string()),
        target_matchers: z.array(z.string()),
        equal: z.array(z.string()).default([]),
      }),
    ),
    receivers: z.array(
      z.object({ name: z.string(), webhook_configs: z.array(z.object({ send_resolved: z.boolean() })) }),
    ),
  })
  .parse(parse(text));

const catalogLabels = new Set(allMetrics.flatMap((metric) => metric.labels));

/** The alerts that matchers on alertname select. */
function selected(matchers: readonly string[]): readonly string[] {
  const [, operator, value = ""] = /^alertname(=~|=)"(.*)"$/.exec(matchers.join()) ?? [];
  const pattern = new RegExp(operator === "=~" ? `^(?:${value})$` : `^${value}$`);
  return alerts.map((alert) => alert.name).filter((name) => pattern.test(name));
}

describe("alertmanager.yml", () => {
  it("is accepted by amtool", () => {
    const checked = run("amtool", ["check-config", file], alertsDir);
    expect(checked.output).toContain("SUCCESS");
    expect(checked.status).toBe(0);
  });

  it.each(alerts)("routes $name by its severity", ({ name, labels }) => {
    const { severity = "" } = labels;
    const args = [`--config.file=${file}`, `severity=${severity}`, `alertname=${name}`];
    const routed = run("amtool", ["config", "routes", "test", ...args], alertsDir);
    expect(routed.output.split("\n")).toContain(severity === "critical" ? "pager" : "chat");
  });

  it("tells of recovery wherever it tells of failure", () => {
    expect(config.receivers.flatMap((receiver) => receiver.webhook_configs)).not.toEqual([]);
    expect(config.receivers.filter(({ webhook_configs }) => !webhook_configs.every((w) => w.send_resolved))).toEqual(
      [],
    );
  });

  it("groups and inhibits by labels that exist, with alerts that exist", () => {
    const labels = [...config.route.group_by, ...config.inhibit_rules.flatMap((rule) => rule.equal)];
    expect(labels.filter((label) => !catalogLabels.has(label))).toEqual([]);
    for (const rule of config.inhibit_rules) {
      for (const matchers of [rule.source_matchers, rule.target_matchers]) {
        const named = matchers.join().match(/ExpressRoute/g)?.length ?? 0;
        expect(named).toBeGreaterThan(0);
        expect(selected(matchers).length).toBeGreaterThanOrEqual(named);
      }
    }
  });

  it("lets the lost circuit silence its own parts only", () => {
    const lost = config.inhibit_rules.find((rule) =>
      selected(rule.source_matchers).includes("ExpressRouteCircuitLost"),
    );
    expect(lost?.equal).toEqual(["circuit", "peering"]);
    expect(selected(lost?.target_matchers ?? [])).toEqual([
      "ExpressRouteCircuitRedundancyReduced",
      "ExpressRoutePathDegraded",
      "ExpressRouteServiceDown",
      "ExpressRouteServiceDegraded",
    ]);
  });

  it("holds no secret", () => {
    expect(text).not.toMatch(/^\s*(credentials|password|api_key|routing_key|service_key|token):/m);
    expect(text).toMatch(/credentials_file:/);
  });
});
