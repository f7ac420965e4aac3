// Compose file, Dockerfile, Prometheus and Grafana provisioning. There is no container engine in this test: what
// they name must exist, be pinned and be closed, and what can be run without an engine is run.

import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import packageJson from "../../package.json" with { type: "json" };
import { run } from "../support/installed.ts";

const repository = resolve(import.meta.dirname, "../..");
const deploy = join(repository, "deploy");
const composeDir = join(deploy, "compose");
const read = (path: string) => readFileSync(join(deploy, path), "utf8");

const scratch = mkdtempSync(join(tmpdir(), "circuitwatch-deploy-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const service = z.strictObject({
  image: z.string().regex(/^[a-z0-9./-]+:v?\d+\.\d+\.\d+$/, "pinned by its whole version"),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  ports: z.array(z.string().startsWith("127.0.0.1:")),
  user: z.string().optional(),
  sysctls: z.record(z.string(), z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  read_only: z.literal(true),
  tmpfs: z.array(z.string()),
  cap_drop: z.tuple([z.literal("ALL")]),
  security_opt: z.tuple([z.literal("no-new-privileges:true")]),
  mem_limit: z.string().optional(),
  pids_limit: z.number().optional(),
  restart: z.literal("unless-stopped"),
  healthcheck: z
    .strictObject({
      test: z.array(z.string()),
      interval: z.string(),
      timeout: z.string(),
      start_period: z.string(),
      retries: z.number(),
    })
    .optional(),
  depends_on: z.array(z.string()).optional(),
});
const compose = z
  .strictObject({
    name: z.string(),
    services: z.record(z.string(), service),
    volumes: z.record(z.string(), z.null()),
  })
  .parse(parse(read("compose/compose.yaml")));

const { agent, prometheus, grafana } = compose.services;
const mountsOf = (s: z.infer<typeof service> | undefined) =>
  (s?.volumes ?? []).map((volume) => {
    const [source = "", target = "", mode] = volume.split(":");
    return { source, target, mode };
  });

describe("compose.yaml", () => {
  it("has the whole chain", () => {
    expect(Object.keys(compose.services)).toEqual(["agent", "prometheus", "alertmanager", "grafana"]);
    expect(agent?.image).toBe(`circuitwatch:${packageJson.version}`);
  });

  it("mounts only what exists: files of the repository, read-only, or a declared volume", () => {
    const mounts = Object.values(compose.services).flatMap(mountsOf);
    expect(mounts.length).toBeGreaterThan(5);
    for (const { source, mode } of mounts) {
      if (source.startsWith(".")) {
        expect(existsSync(join(composeDir, source)), source).toBe(true);
        expect(mode, source).toBe("ro");
      } else expect(Object.keys(compose.volumes)).toContain(source);
    }
    expect(existsSync(join(composeDir, agent?.build?.context ?? "", agent?.build?.dockerfile ?? ""))).toBe(true);
  });

  it("admits the group of the agent, and no other, to ICMP", () => {
    const [, group = ""] = agent?.user?.split(":") ?? [];
    expect(agent?.sysctls).toEqual({ "net.ipv4.ping_group_range": `${group} ${group}` });
    expect(Number(group)).toBeGreaterThan(0);
  });

  it("asks the agent's health in a way that tells healthy from sick and dead", async () => {
    let status = 200;
    const server = createServer((request, response) =>
      response.writeHead(request.url === "/healthz" ? status : 404).end(),
    );
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    const [cmd, node = "", flag = "", script = ""] = agent?.healthcheck?.test ?? [];
    expect(cmd).toBe("CMD");
    expect(script).toContain("127.0.0.1:9580/");
    const healthy = () =>
      new Promise<number | null>((exited, failed) => {
        const runtime = join(repository, node.slice("/opt/circuitwatch".length));
        const child = spawn(runtime, [flag, script.replace(":9580/", `:${port}/`)], { timeout: 20_000 });
        child.once("exit", exited).once("error", failed);
      });
    expect(await healthy()).toBe(0);
    status = 503;
    expect(await healthy()).toBe(1);
    await new Promise((closed) => server.close(closed));
    expect(await healthy()).toBe(1);
  });

  it("is overlaid for an estate of one's own by a file that only changes the agent", () => {
    const overlay = z
      .strictObject({
        services: z.strictObject({
          agent: z.strictObject({
            command: z.array(z.string()),
            volumes: z.array(z.string()),
            secrets: z.array(z.string()),
          }),
        }),
        secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
      })
      .parse(parse(read("compose/estate.yaml")));
    const { command, volumes, secrets } = overlay.services.agent;
    expect(command.slice(0, 2)).toEqual(["run", "--config"]);
    expect(volumes[0]).toContain(`:${command[2]}:ro`);
    expect(secrets).toEqual(Object.keys(overlay.secrets));
  });
});

describe("Dockerfile", () => {
  const lines = read("container/Dockerfile").split("\n");
  const words = (instruction: string) =>
    lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.split(/\s+/).slice(1));
  const kept = read("container/Dockerfile.dockerignore")
    .split("\n")
    .flatMap((line) => (line.startsWith("!") ? [line.slice(1)] : []));

  const sources = words("COPY")
    .filter(([first]) => first?.startsWith("--from") !== true)
    .flatMap((args) => args.slice(0, -1));
  const entry = lines.find((line) => line.startsWith("ENTRYPOINT")) ?? "";
  const entryPoint = z.array(z.string()).parse(JSON.parse(entry.slice("ENTRYPOINT".length)));

  it("builds in stages from pinned images", () => {
    expect(words("FROM").length).toBe(2);
    for (const [image = ""] of words("FROM")) expect(image).toMatch(/^[a-z0-9./-]+:\d+\.\d+(\.\d+)?-[a-z-]+$/);
  });

  it("copies what exists, what reaches the builder, and all that the agent needs", () => {
    expect(sources.length).toBeGreaterThan(2);
    expect(sources.filter((source) => !existsSync(join(repository, source)))).toEqual([]);
    expect([...sources].sort()).toEqual([...kept].sort());
    for (const [first = "", from = ""] of words("COPY").filter(([arg]) => arg?.startsWith("--from"))) {
      expect(words("FROM").map(([, , name]) => name)).toContain(first.slice("--from=".length));
      expect(words("WORKDIR").flat()).toContain(from);
    }
  });

  it("needs nothing else of the repository to start", () => {
    const place = join(scratch, "image");
    for (const source of sources) cpSync(join(repository, source), join(place, source), { recursive: true });
    symlinkSync(join(repository, "node_modules"), join(place, "node_modules"));
    const [node = "", ...args] = entryPoint;
    // As RUN has it; npm takes the runtime from the same folder.
    const build = ["npm run build", "rm -r agent deploy"];
    expect(lines.find((line) => line.includes("npm run build"))).toContain(build.join(" && "));
    expect(spawnSync("sh", ["-c", build.join(" && ")], { cwd: place, encoding: "utf8" })).toMatchObject({ status: 0 });
    const started = spawnSync(node.replace("/opt/circuitwatch", place), [...args, "--version"], {
      cwd: place,
      encoding: "utf8",
      timeout: 20_000,
    });
    expect(started.stderr).toBe("");
    expect(started.stdout.trim()).toBe(packageJson.version);
  });

  it("runs as nobody in particular, the runtime of the lock file", () => {
    expect(words("USER")).toEqual([[agent?.user]]);
    const [node = "", main = ""] = entryPoint;
    expect(existsSync(join(repository, node.slice("/opt/circuitwatch".length)))).toBe(true);
    expect(main).toBe("dist/main.js");
  });
});

describe("Prometheus", () => {
  it.each(["prometheus/prometheus.yml", "compose/prometheus.yml"])("takes %s with the rules beside it", (file) => {
    const etc = mkdtempSync(join(scratch, "etc-"));
    cpSync(join(deploy, file), join(etc, "prometheus.yml"));
    cpSync(join(repository, "alerts/rules"), join(etc, "rules"), { recursive: true });
    const checked = run("promtool", ["check", "config", "prometheus.yml"], etc);
    expect(checked.status).toBe(0);
    const rules = readdirSync(join(etc, "rules")).length;
    expect(checked.output).toContain(`SUCCESS: ${rules} rule files found`);
    expect(checked.output).not.toContain("FAILED");

    const { scrape_configs } = z
      .object({ scrape_configs: z.array(z.object({ job_name: z.string() })) })
      .parse(parse(read(file)));
    // The name that alerts/rules/agent.yaml watches.
    expect(scrape_configs.map((job) => job.job_name)).toEqual(["circuitwatch"]);
  });

  it("finds the rules in compose where its configuration looks for them", () => {
    const targets = mountsOf(prometheus).map(({ source, target }) => [source, target]);
    expect(targets).toContainEqual(["../../alerts/rules", "/etc/prometheus/rules"]);
    expect(targets).toContainEqual(["./prometheus.yml", "/etc/prometheus/prometheus.yml"]);
  });
});

describe("Grafana", () => {
  it("gets the datasource that the dashboards choose, at an address that compose gives", () => {
    const { datasources } = z
      .object({
        apiVersion: z.literal(1),
        datasources: z.array(z.object({ uid: z.string(), type: z.string(), url: z.string() })),
      })
      .parse(parse(read("grafana/provisioning/datasources/prometheus.yaml")));
    expect(datasources.map(({ uid, type }) => [uid, type])).toEqual([["prometheus", "prometheus"]]);
    expect(Object.keys(grafana?.environment ?? {})).toContain(datasources[0]?.url.slice(1));
  });

  it("loads the generated dashboards from where compose mounts them", () => {
    const { providers } = z
      .object({
        apiVersion: z.literal(1),
        providers: z.array(z.object({ type: z.literal("file"), options: z.object({ path: z.string() }) })),
      })
      .parse(parse(read("grafana/provisioning/dashboards/circuitwatch.yaml")));
    const mount = mountsOf(grafana).find(({ target }) => target === providers[0]?.options.path);
    expect(mount?.source).toBe("../../dashboards/generated");
    expect(readdirSync(join(repository, "dashboards/generated")).filter((name) => name.endsWith(".json"))).not.toEqual(
      [],
    );
  });
});
