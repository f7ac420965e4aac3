// What the lab needs of the machine: root, and Debian's packages, which it installs itself.

import { existsSync } from "node:fs";
import { attempt, run } from "./processes.ts";

const packages = [
  "frr",
  "frr-snmp",
  "snmpd",
  "snmp",
  "nftables",
  "iproute2",
  "iputils-ping",
  "procps",
  "prometheus",
  "prometheus-alertmanager",
] as const;

/** Services that Debian starts at installation; the lab starts daemons of its own, in namespaces. */
const services: Readonly<Record<string, string>> = {
  frr: "frr",
  snmpd: "snmpd",
  prometheus: "prometheus",
  "prometheus-alertmanager": "prometheus-alertmanager",
};

export function requireRoot(): void {
  if (process.platform !== "linux") throw new Error("the router lab needs Linux: it is made of network namespaces");
  if (process.getuid?.() !== 0) {
    throw new Error("the router lab needs root (network namespaces, FRR): run `sudo npm run test:routers`");
  }
}

export async function requirePackages(): Promise<void> {
  const missing = await missingPackages();
  if (missing.length === 0) return;
  // One after another: labs start side by side, and apt-get does not wait for itself.
  const apt = (...args: readonly string[]) =>
    run("flock", ["/run/circuitwatch-routers.apt", "apt-get", ...args], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
      timeout: 600_000,
    });
  await apt("update", "-q");
  await apt("install", "-q", "-y", "--no-install-recommends", ...missing);
  // Only what this installation started: a service that ran before is somebody's own.
  for (const name of missing) {
    const service = services[name];
    if (service !== undefined) await stopService(service);
  }
  const still = await missingPackages();
  if (still.length > 0) throw new Error(`apt-get did not install ${still.join(", ")}`);
}

async function missingPackages(): Promise<readonly string[]> {
  // dpkg-query fails when it knows nothing of one of them, and still prints the others.
  const { stdout } = await attempt("dpkg-query", ["-W", "-f", `\${Package} \${db:Status-Status}\n`, ...packages]);
  const installed = new Set(
    stdout
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return packages.filter((name) => !installed.has(name));
}

async function stopService(service: string): Promise<void> {
  if (existsSync("/run/systemd/system")) await attempt("systemctl", ["stop", service]);
  else await attempt("service", [service, "stop"]);
}
