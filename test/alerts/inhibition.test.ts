// What a real Alertmanager with the example configuration mutes while the agent is isolated.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { alertsDir } from "./files.ts";

const alertmanager = "prometheus-alertmanager";
const scratch = mkdtempSync(join(tmpdir(), "circuitwatch-inhibition-"));
let child: ChildProcess;
let base = "";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

beforeAll(async () => {
  const port = await freePort();
  base = `http://127.0.0.1:${port}/api/v2`;
  child = spawn(
    alertmanager,
    [
      `--config.file=${join(alertsDir, "alertmanager/alertmanager.yml")}`,
      `--storage.path=${scratch}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
    ],
    { stdio: "ignore" },
  );
  for (let i = 0; i < 200; i++) {
    if ((await fetch(`${base}/status`).catch(() => undefined))?.ok === true) return;
    await sleep(50);
  }
  throw new Error("Alertmanager did not start");
});

afterAll(async () => {
  child.kill();
  await once(child, "exit");
  rmSync(scratch, { recursive: true });
});

/** The names of those that are muted. */
async function muted(): Promise<readonly string[]> {
  const alerts = (await (await fetch(`${base}/alerts`)).json()) as readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly status: { readonly inhibitedBy: readonly string[] };
  }[];
  return alerts.filter(({ status }) => status.inhibitedBy.length > 0).map(({ labels }) => labels.alertname ?? "");
}

const raise = async (alertname: string, labels: Readonly<Record<string, string>>, endsAt?: string) => {
  const body = JSON.stringify([{ labels: { alertname, ...labels }, ...(endsAt === undefined ? {} : { endsAt }) }]);
  const posted = await fetch(`${base}/alerts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  expect(posted.status).toBe(200);
};

const isolated = ["ExpressRouteAgentIsolated", { severity: "critical" }] as const;
const unreachable = ["ExpressRouteRouterUnreachable", { severity: "warning", router: "ams-ce1", site: "ams" }] as const;
const reduced = [
  "ExpressRouteCircuitRedundancyReduced",
  { severity: "critical", circuit: "ams-1", peering: "azurePrivate" },
] as const;

it("an isolated agent mutes what it says of routers, and no circuit", async () => {
  await raise(...unreachable);
  await raise(...reduced);
  await expect.poll(muted).toEqual([]);
  await raise(...isolated);
  await expect.poll(muted).toEqual(["ExpressRouteRouterUnreachable"]);
});

it("an absent agent mutes its isolation: one page", async () => {
  await raise("ExpressRouteAgentAbsent", { severity: "critical" });
  await expect
    .poll(async () => (await muted()).toSorted())
    .toEqual(["ExpressRouteAgentIsolated", "ExpressRouteRouterUnreachable"]);
});
