// Debian's prometheus-snmp-exporter (0.21 configuration form), asked over HTTP for the same columns.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { formatOid } from "../../../agent/wire/snmp/oid.ts";
import { freePort } from "../../support/ports.ts";
import { type Cost, measure, type Order, pollAll, verify } from "./client.ts";
import { bgpColumns, ifColumns, ifInstances, type LoadColumn, peerInstances } from "./load.ts";
import { authPassword, community, privacyPassword, userName, type Version } from "./security.ts";

const binary = "/usr/bin/prometheus-snmp-exporter";

const metric =
  (index: { readonly labelname: string; readonly type: string }) =>
  ({ name, oid, type }: LoadColumn) => ({
    name,
    oid,
    type: type.startsWith("counter") ? "counter" : "gauge",
    indexes: [index],
  });

const metrics = [
  ...ifColumns.map(metric({ labelname: "ifIndex", type: "gauge" })),
  ...bgpColumns.map(metric({ labelname: "bgpPeerRemoteAddr", type: "InetAddressIPv4" })),
];

const ways = {
  walk: { walk: [...ifColumns, ...bgpColumns].map(({ oid }) => oid) },
  get: { get: [...ifInstances, ...peerInstances].map(formatOid) },
};

const versions = {
  "2c": { version: 2, auth: { community } },
  "3": {
    version: 3,
    auth: {
      security_level: "authPriv",
      username: userName,
      auth_protocol: "SHA256",
      password: authPassword,
      priv_protocol: "AES",
      priv_password: privacyPassword,
    },
  },
};

/** One process, which asks in the given way; it ends with this one. */
export async function startExporter(way: keyof typeof ways, version: Version) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "bench-poll-"));
  const config = join(folder, "snmp.yml");
  // The stock number of repetitions holds a whole column here.
  const poll = { ...versions[version], max_repetitions: 25, ...ways[way], metrics };
  writeFileSync(config, stringify({ poll }));
  const child = spawn(binary, [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`], {
    stdio: "ignore",
  });
  process.once("exit", () => {
    child.kill();
    rmSync(folder, { recursive: true });
  });
  await ready(port, child);
  let series = 0;

  async function scrape(router: number): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${port}/snmp?module=poll&target=127.0.0.1:${router}`, {
      // Prometheus would have it compress its answer; that is not held against it.
      headers: { "accept-encoding": "identity" },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the exporter answered with HTTP ${response.status}: ${text}`);
    const all = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    series = all.length;
    const lines = all.filter((line) => /^(if|bgp)/.test(line));
    const sum = lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" "))), 0);
    verify({ values: lines.length, sum });
  }

  return {
    async run(order: Order): Promise<Cost> {
      const cpu = () => cpuOf(child);
      const cost = await measure(order.polls, cpu, () => pollAll(order, scrape));
      return { ...cost, series };
    },
    stop: () => void child.kill(),
  };
}

/** User and system time in microseconds; the kernel counts them in hundredths of a second. */
function cpuOf(child: ChildProcess): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

async function ready(port: number, child: ChildProcess): Promise<void> {
  let failure = "";
  child.on("error", () => {
    failure = `cannot start ${binary}: apt-get install prometheus-snmp-exporter`;
  });
  for (let tries = 0; tries < 100; tries++) {
    if (child.exitCode !== null) failure = "the exporter ended at once; it does not take its configuration";
    if (failure !== "") throw new Error(failure);
    const up = await fetch(`http://127.0.0.1:${port}/metrics`).then(
      (response) => response.ok,
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the exporter did not come up within 10 s");
}
