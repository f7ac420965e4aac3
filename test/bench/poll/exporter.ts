// Debian's prometheus-snmp-exporter (0.21 configuration form), asked over HTTP for the same columns.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Cost, inFlight, type Order } from "./client.ts";
import { bgpColumns, community, expected, ifColumns, type LoadColumn } from "./load.ts";

const binary = "/usr/bin/prometheus-snmp-exporter";

const metric =
  (index: { readonly labelname: string; readonly type: string }) =>
  ({ name, oid, type }: LoadColumn) => ({
    name,
    oid,
    type: type.startsWith("counter") ? "counter" : "gauge",
    indexes: [index],
  });

const configuration = {
  poll: {
    version: 2,
    auth: { community },
    max_repetitions: 25,
    walk: [...ifColumns, ...bgpColumns].map(({ oid }) => oid),
    metrics: [
      ...ifColumns.map(metric({ labelname: "ifIndex", type: "gauge" })),
      ...bgpColumns.map(metric({ labelname: "bgpPeerRemoteAddr", type: "InetAddressIPv4" })),
    ],
  },
};

/** Undefined where the package is missing. */
export async function startExporter() {
  const port = await freePort();
  const config = join(mkdtempSync(join(tmpdir(), "bench-poll-")), "snmp.yml");
  writeFileSync(config, stringify(configuration));
  const child = spawn(binary, [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`], {
    stdio: "ignore",
  });
  const scrape = async (router: number) => {
    const response = await fetch(`http://127.0.0.1:${port}/snmp?module=poll&target=127.0.0.1:${router}`);
    return response.ok ? response.text() : Promise.reject(new Error(`exporter: HTTP ${response.status}`));
  };
  await ready(port, child);
  return {
    async run({ ports, polls }: Order): Promise<Cost> {
      const before = cpuOf(child);
      const start = performance.now();
      let begun = 0;
      const lane = async () => {
        while (begun < polls) verify(await scrape(ports[begun++ % ports.length] ?? 0));
      };
      await Promise.all(Array.from({ length: inFlight }, lane));
      return { cpu: (cpuOf(child) - before) / polls, wall: (performance.now() - start) / polls };
    },
    stop: () => child.kill(),
  };
}

function verify(text: string): void {
  const values = text.split("\n").filter((line) => /^(if|bgp)/.test(line));
  const sum = values.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" "))), 0);
  if (values.length !== expected.values || sum !== expected.sum) {
    throw new Error(`the exporter gave ${values.length} values with sum ${sum}`);
  }
}

/** User and system time in microseconds; the kernel counts them in hundredths of a second. */
function cpuOf(child: ChildProcess): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === "object" && bound !== null ? bound.port : 0));
    });
  });
}

async function ready(port: number, child: ChildProcess): Promise<void> {
  let failure = "";
  child.on("error", () => {
    failure = `cannot start ${binary}: apt-get install prometheus-snmp-exporter`;
  });
  for (let tries = 0; tries < 100; tries++) {
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
