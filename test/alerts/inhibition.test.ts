// What a real Alertmanager with the example configuration mutes while the agent is isolated, and how many pages come of it.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../support/ports.ts";
import { alertsDir } from "./files.ts";

const alertmanager = "prometheus-alertmanager";
const scratch = mkdtempSync(join(tmpdir(), "circuitwatch-inhibition-"));
let child: ChildProcess;
let base = "";
/** What the pager was told: "firing" or "resolved", with the names of the alerts. */
const pages: string[] = [];
let pager: Server;

/** The example with a pager of the test's own, which knows no secrets. */
async function configFile(): Promise<string> {
  pager = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      response.end();
      if (request.url !== "/pager") return;
      const told = JSON.parse(body) as {
        readonly alerts: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[];
      };
      for (const { status, labels } of told.alerts) pages.push(`${status} ${labels.alertname}`);
    });
  }).listen(0, "127.0.0.1");
  await once(pager, "listening");
  const { port } = pager.address() as AddressInfo;
  const secret = join(scratch, "token");
  writeFileSync(secret, "none");
  const text = readFileSync(join(alertsDir, "alertmanager/alertmanager.yml"), "utf8")
    .replaceAll("127.0.0.1:9099", `127.0.0.1:${port}`)
    .replaceAll(/credentials_file: .*/g, `credentials_file: ${secret}`)
    // The test is not to last as long as a night.
    .replaceAll("group_interval: 10s", "group_interval: 1s");
  const file = join(scratch, "alertmanager.yml");
  writeFileSync(file, text);
  return file;
}

beforeAll(async () => {
  const config = await configFile();
  const port = await freePort();
  base = `http://127.0.0.1:${port}/api/v2`;
  child = spawn(
    alertmanager,
    [
      `--config.file=${config}`,
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
  pager.close();
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
const bmpAway = ["ExpressRouteBmpDisconnected", { severity: "warning", router: "ams-ce1", site: "ams" }] as const;
const reduced = [
  "ExpressRouteCircuitRedundancyReduced",
  { severity: "critical", circuit: "ams-1", peering: "azurePrivate" },
] as const;

const probeStopped = [
  "ExpressRouteRouterProbeStopped",
  { severity: "warning", circuit: "ams-1", peering: "azurePrivate", link: "primary", router: "ams-ce1", site: "ams" },
] as const;

const unsent = ["ExpressRouteProbesUnsent", { severity: "warning", reason: "noPermission" }] as const;

it("a router that is unreachable mutes that its BMP is away and its probes are gone, and no other router's", async () => {
  await raise(...bmpAway);
  await raise(...probeStopped);
  await raise(...unsent);
  await raise("ExpressRouteBmpDisconnected", { severity: "warning", router: "fra-ce1", site: "fra" });
  await expect.poll(muted).toEqual([]);
  await raise(...unreachable);
  await expect
    .poll(async () => (await muted()).toSorted())
    .toEqual(["ExpressRouteBmpDisconnected", "ExpressRouteRouterProbeStopped"]);
});

it("an isolated agent mutes what it says of routers and of its probes, and no circuit", async () => {
  await raise(...reduced);
  await expect
    .poll(async () => (await muted()).toSorted())
    .toEqual(["ExpressRouteBmpDisconnected", "ExpressRouteRouterProbeStopped"]);
  await raise(...isolated);
  await expect
    .poll(async () => (await muted()).toSorted())
    .toEqual([
      "ExpressRouteBmpDisconnected",
      "ExpressRouteBmpDisconnected",
      "ExpressRouteProbesUnsent",
      "ExpressRouteRouterProbeStopped",
      "ExpressRouteRouterUnreachable",
    ]);
});

it("an absent agent mutes its isolation: one page", async () => {
  await raise("ExpressRouteAgentAbsent", { severity: "critical" });
  await expect
    .poll(async () => (await muted()).toSorted())
    .toEqual([
      "ExpressRouteAgentIsolated",
      "ExpressRouteBmpDisconnected",
      "ExpressRouteBmpDisconnected",
      "ExpressRouteProbesUnsent",
      "ExpressRouteRouterProbeStopped",
      "ExpressRouteRouterUnreachable",
    ]);
});

it("a stop of the agent is one page: absent, then isolated while it comes back, then well", async () => {
  const over = () => new Date(Date.now() - 1).toISOString();
  // What the tests before raised is told, and then ended.
  const isTold = (page: string) => expect.poll(() => pages).toContain(page);
  await isTold("firing ExpressRouteAgentAbsent");
  await isTold("firing ExpressRouteCircuitRedundancyReduced");
  await raise(...isolated, over());
  await raise("ExpressRouteAgentAbsent", { severity: "critical" }, over());
  await raise(...reduced, over());
  await isTold("resolved ExpressRouteAgentAbsent");
  await isTold("resolved ExpressRouteCircuitRedundancyReduced");
  pages.length = 0;

  // As the rules tell it (alerts/tests/agent.yaml): the first holds until after the second.
  await raise("ExpressRouteAgentAbsent", { severity: "critical" });
  await expect.poll(() => pages).toEqual(["firing ExpressRouteAgentAbsent"]);
  await raise(...isolated);
  await expect.poll(muted).toContain("ExpressRouteAgentIsolated");
  await sleep(3_000); // Three times the interval at which the group tells of what is new.
  await raise(...isolated, over());
  await sleep(1_500);
  await raise("ExpressRouteAgentAbsent", { severity: "critical" }, over());
  await expect.poll(() => pages.at(-1)).toBe("resolved ExpressRouteAgentAbsent");
  expect(pages).toEqual(["firing ExpressRouteAgentAbsent", "resolved ExpressRouteAgentAbsent"]);
});
