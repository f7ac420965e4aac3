// The unit and what stands beside it, judged by systemd's own tools; each judgement is shown to be able to say no.

import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../agent/config/load.ts";
import { err, ok } from "../../agent/lib/result.ts";
import { run } from "../support/installed.ts";

const repository = resolve(import.meta.dirname, "../..");
const systemd = join(repository, "deploy/systemd");
const unitFile = join(systemd, "circuitwatch.service");
const unit = readFileSync(unitFile, "utf8");

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

/** A root directory in which the README's recipe was followed, with `text` as the unit. */
function installed(text: string, runtime = true): string {
  const root = mkdtempSync(join(tmpdir(), "circuitwatch-root-"));
  roots.push(root);
  for (const dir of ["etc/systemd/system", "opt/circuitwatch/node_modules/.bin"]) {
    mkdirSync(join(root, dir), { recursive: true });
  }
  const units = "/usr/lib/systemd/system";
  if (existsSync(units))
    cpSync(units, join(root, "usr/lib/systemd/system"), { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(root, "etc/systemd/system/circuitwatch.service"), text);
  if (runtime) {
    const node = join(root, "opt/circuitwatch/node_modules/.bin/node");
    writeFileSync(node, "#!/bin/sh\n");
    chmodSync(node, 0o755);
  }
  return root;
}

const verify = (root: string) => run("systemd-analyze", ["verify", `--root=${root}`, "circuitwatch.service"], root);

/** Exposure in tenths: at most 2.0 passes. */
const score = (root: string) =>
  run(
    "systemd-analyze",
    ["security", "--offline=true", "--threshold=20", `--root=${root}`, "circuitwatch.service"],
    root,
  );

/** Values of a key of the unit, in order. */
const values = (key: string) => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value = ""]) => value);

describe("circuitwatch.service", () => {
  it("is accepted by systemd-analyze verify without a word", () => {
    expect(verify(installed(unit))).toEqual({ status: 0, output: "" });
  });

  it("would be refused with a misspelt key, or without its runtime", () => {
    expect(verify(installed(unit.replace("ProtectHome=", "ProtectHoem="))).output).toContain("ProtectHoem");
    expect(verify(installed(unit, false)).output).toMatch(/not executable|No such file/);
  });

  it("is exposed no more than 2.0", () => {
    const scored = score(installed(unit));
    expect(scored.output).toMatch(/Overall exposure level for circuitwatch\.service: [01]\.\d/);
    expect(scored.status).toBe(0);
  });

  it.each([
    ["162", "notifications.conf"],
    ["862", "reflector.conf"],
  ])("may be given port %s and no more, by the file beside it", (_, name) => {
    const dropIn = readFileSync(join(systemd, name), "utf8");
    const root = installed(unit);
    const folder = join(root, "etc/systemd/system/circuitwatch.service.d");
    mkdirSync(folder);
    writeFileSync(join(folder, name), dropIn);
    expect(verify(root)).toEqual({ status: 0, output: "" });
    expect(score(root).status).toBe(0);
    writeFileSync(join(folder, name), dropIn.replaceAll("Capabilities", "Capability"));
    expect(verify(root).output).toContain("AmbientCapability");
    // Empty values of the unit are laid down first, so that the file adds to nothing.
    const given = [...dropIn.matchAll(/^\w+=(.*)$/gm)].map(([, value]) => value);
    expect(given).toEqual(["CAP_NET_BIND_SERVICE", "CAP_NET_BIND_SERVICE"]);
  });

  it("would be refused when it is opened", () => {
    const open = unit.replace(/^(SystemCallFilter|CapabilityBoundingSet|ProtectSystem|RestrictNamespaces)=.*\n/gm, "");
    expect(score(installed(open)).status).not.toBe(0);
  });

  it("starts what is built, at the place where the recipe puts it", () => {
    const [node = "", main = "", ...args] = (values("ExecStart")[0] ?? "").split(" ");
    expect(node).toMatch(/^\/opt\/circuitwatch\//);
    expect(existsSync(join(repository, node.slice("/opt/circuitwatch".length)))).toBe(true);
    expect(main).toBe("/opt/circuitwatch/dist/main.js");
    expect(args).toEqual(["run", "--config", "/etc/circuitwatch/circuitwatch.yaml"]);
  });

  it("needs no capability, and no executable memory that V8 would miss", () => {
    expect(values("AmbientCapabilities")).toEqual([""]);
    expect(values("CapabilityBoundingSet")).toEqual([""]);
    expect(values("MemoryDenyWriteExecute")).toEqual([]);
    expect(values("SystemCallErrorNumber")).toEqual(["EPERM"]);
  });
});

describe("the group that may send ICMP", () => {
  const sysctl = readFileSync(join(systemd, "sysctl.conf"), "utf8");

  it("is created with the gid that the sysctl admits, and the unit is in it", () => {
    const root = installed(unit);
    const made = run("systemd-sysusers", [`--root=${root}`, join(systemd, "sysusers.conf")], root);
    expect(made.status).toBe(0);
    const [name = "", , gid = ""] =
      readFileSync(join(root, "etc/group"), "utf8").trim().split("\n").at(-1)?.split(":") ?? [];
    expect(values("SupplementaryGroups")).toEqual([name]);
    expect(/^net\.ipv4\.ping_group_range = (.*)$/m.exec(sysctl)?.[1]).toBe(`${gid} ${gid}`);
  });
});

describe("the example configuration", () => {
  const text = readFileSync(join(systemd, "circuitwatch.yaml"), "utf8");
  const directory = "/run/credentials/circuitwatch.service";
  const [credential = ""] = (values("LoadCredential")[0] ?? "").split(":");

  const parsed = (credentials: Readonly<Record<string, string>>) =>
    parseConfig(text, "circuitwatch.yaml", {
      env: {},
      credentialsDirectory: directory,
      readFile: (path) => {
        const secret = credentials[path];
        return secret === undefined ? err("does not exist") : ok(secret);
      },
    });

  it("is complete with the unit's credential, and only with it", () => {
    const estate = parsed({ [`${directory}/${credential}`]: "not-so-secret\n" });
    expect(estate.ok ? [...estate.value.circuits.keys()] : estate.error).toEqual(["ams-1"]);
    expect(parsed({ [`${directory}/other`]: "not-so-secret\n" }).ok).toBe(false);
  });
});
