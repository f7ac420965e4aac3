// The probers to compare with, as Debian has them, run by a program in the near namespace: fping, blackbox_exporter and
// smokeping_prober. Of each, every single delay that it reports, with the number of the probe that it is of.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../routers/lab/until.ts";
import { cpuOf } from "./program.ts";
import type { Family } from "./wire.ts";

export type OtherName = "fping" | "blackbox_exporter" | "smokeping_prober";

export interface OtherOrder {
  readonly name: OtherName;
  readonly addresses: readonly string[];
  /** Of all of them; of the two exporters 4. */
  readonly family: Family;
  /** Milliseconds between two probes of an address; blackbox_exporter is asked again when it has answered. */
  readonly interval: number;
  readonly seconds: number;
  /** Only what is sent and lost is wanted: smokeping_prober need not be asked after every probe, nor fping print each. */
  readonly countsOnly: boolean;
  /** fping sends to all addresses at once, and then waits for the next period. */
  readonly atOnce?: boolean;
}

export interface OtherResult {
  readonly samples: readonly {
    readonly address: string;
    /** Number of the probe, from 0; of smokeping_prober that of the answer. */
    readonly nth: number;
    /** Seconds. */
    readonly delay: number;
  }[];
  readonly sent: number;
  readonly lost: number;
  /** Seconds of CPU of its process, after its start, and the probes that it sent in that time. */
  readonly cpu: number;
  readonly probes: number;
}

type Sample = OtherResult["samples"][number];

/** Compilers, caches and connections are warm by then. */
const settling = 1_000;
const timeout = 1_000;
const package_ = {
  fping: "fping",
  blackbox_exporter: "prometheus-blackbox-exporter",
  smokeping_prober: "prometheus-smokeping-prober",
};

let end: (() => Promise<void>) | undefined;

function start(name: OtherName, args: readonly string[]): ChildProcess {
  const child = spawn(package_[name], args, { stdio: ["ignore", "pipe", name === "fping" ? "pipe" : "ignore"] });
  child.on("error", () => {
    console.error(`cannot start ${package_[name]}: apt-get install ${package_[name]}`);
    process.exit(1);
  });
  const closed = once(child, "close");
  end = async () => {
    child.kill();
    await closed;
  };
  process.once("exit", () => child.kill());
  return child;
}

/**
 * With `-t` above `-p` it miscounts. `-i` is the pause between two probes: with 0.1 ms it is cheaper than spread evenly over the
 * period. Where no line for each probe is wanted it keeps them and prints them at the end (`-C -q`), which is its cheapest
 * way to tell every delay.
 */
async function fping({ addresses, family, interval, seconds, countsOnly, atOnce = false }: OtherOrder) {
  const count = Math.ceil((seconds * 1_000 + 2 * settling) / interval);
  const periods = ["-p", String(interval), "-t", String(interval - 1), "-i", atOnce ? "0" : "0.1"];
  const told = countsOnly ? ["-C", String(count), "-q"] : ["-c", String(count)];
  const child = start("fping", [`-${family}`, ...told, ...periods, ...addresses]);
  const pid = child.pid ?? 0;
  let lines = "";
  let figures = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    lines += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    figures += chunk.toString();
  });
  const closed = once(child, "close");
  await sleep(settling);
  const marked = { cpu: cpuOf(pid), at: performance.now() };
  await sleep(seconds * 1_000);
  const cpu = cpuOf(pid) - marked.cpu;
  const probes = ((performance.now() - marked.at) / interval) * addresses.length;
  await closed;
  const samples: Sample[] = [];
  for (const [, address = "", nth, delay] of lines.matchAll(/^(\S+)\s*: \[(\d+)\], \d+ bytes, ([\d.]+) ms/gm)) {
    samples.push({ address, nth: Number(nth), delay: Number(delay) / 1_000 });
  }
  const kept = [...figures.matchAll(/^\S+ *:((?: [\d.]+| -)+)$/gm)].flatMap(([, all = ""]) => all.trim().split(" "));
  const answered = countsOnly ? kept.filter((delay) => delay !== "-").length : samples.length;
  const sent = count * addresses.length;
  return { samples, sent, lost: sent - answered, cpu, probes };
}

function get(port: number, path: string): Promise<string> {
  return new Promise((done, failed) => {
    const headers = { "X-Prometheus-Scrape-Timeout-Seconds": String(timeout / 1_000 + 0.5) };
    const asked = request({ host: "127.0.0.1", port, path, agent: false, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => done(Buffer.concat(chunks).toString()));
      response.on("error", failed);
    });
    asked.on("error", failed);
    asked.end();
  });
}

const up = (port: number) =>
  until(
    "the exporter listens",
    () =>
      get(port, "/").then(
        () => true,
        () => false,
      ),
    { within: 10_000 },
  );

/** Each scrape is one probe. */
async function blackbox({ addresses, seconds }: OtherOrder): Promise<OtherResult> {
  const port = 9_115;
  const config = join(tmpdir(), `bench-blackbox-${process.pid}.yml`);
  writeFileSync(
    config,
    `modules: { icmp: { prober: icmp, timeout: ${timeout / 1_000}s, icmp: { preferred_ip_protocol: ip4 } } }\n`,
  );
  const child = start("blackbox_exporter", [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`]);
  await up(port);
  const samples: Sample[] = [];
  const pid = child.pid ?? 0;
  const until = performance.now() + seconds * 1_000;
  let sent = 0;
  let marked: { readonly cpu: number; readonly sent: number } | undefined;
  setTimeout(() => {
    marked = { cpu: cpuOf(pid), sent };
  }, settling);
  await Promise.all(
    addresses.map(async (address) => {
      for (let nth = 0; performance.now() < until; nth++) {
        sent++;
        const text = await get(port, `/probe?module=icmp&target=${address}`);
        const delay = /^probe_icmp_duration_seconds\{phase="rtt"\} (\S+)/m.exec(text)?.[1];
        if (/^probe_success 1/m.test(text)) samples.push({ address, nth, delay: Number(delay) });
      }
    }),
  );
  const cpu = cpuOf(pid) - (marked?.cpu ?? 0);
  rmSync(config);
  return { samples, sent, lost: sent - samples.length, cpu, probes: sent - (marked?.sent ?? 0) };
}

/** It shows sums only: asked often enough, they grow by one answer at a time. */
async function smokeping({ addresses, interval, seconds, countsOnly }: OtherOrder): Promise<OtherResult> {
  const port = 9_374;
  const child = start("smokeping_prober", [
    ...[`--web.listen-address=127.0.0.1:${port}`, `--ping.interval=${interval}ms`],
    ...addresses,
  ]);
  await up(port);
  const samples: Sample[] = [];
  const seen = new Map<string, { readonly count: number; readonly sum: number }>();
  const pid = child.pid ?? 0;
  const begun = performance.now();
  let marked: { readonly cpu: number; readonly sent: number } | undefined;
  let open = Number.POSITIVE_INFINITY;
  let sent = 0;
  for (let now = begun; now < begun + seconds * 1_000; now = performance.now()) {
    const text = await get(port, "/metrics");
    const read = (metric: string) =>
      new Map(
        [...text.matchAll(new RegExp(`^smokeping_${metric}\\{host="([^"]+)".*\\} (\\S+)$`, "gm"))].map(
          ([, host = "", value]) => [host, Number(value)],
        ),
      );
    const counts = read("response_duration_seconds_count");
    for (const [address, sum] of read("response_duration_seconds_sum")) {
      const count = counts.get(address) ?? 0;
      const before = seen.get(address) ?? { count: 0, sum: 0 };
      if (count === before.count + 1) samples.push({ address, nth: count - 1, delay: sum - before.sum });
      seen.set(address, { count, sum });
    }
    const total = (values: ReadonlyMap<string, number>) => [...values.values()].reduce((all, value) => all + value, 0);
    sent = total(read("requests_total"));
    // What is on its way comes in between two probes; what was lost does not.
    if (now > begun + seconds * 1_000 - settling) open = Math.min(open, sent - total(counts));
    if (marked === undefined && now > begun + settling) marked = { cpu: cpuOf(pid), sent };
    await sleep(countsOnly ? 150 : interval / 4);
  }
  return { samples, sent, lost: open, cpu: cpuOf(pid) - (marked?.cpu ?? 0), probes: sent - (marked?.sent ?? 0) };
}

const order = JSON.parse(process.argv[2] ?? "") as OtherOrder;
process.on("message", async () => {
  const run = { fping, blackbox_exporter: blackbox, smokeping_prober: smokeping }[order.name];
  const result = await run(order);
  // Its port is free for the next run before this one says that it is over.
  await end?.();
  process.send?.(result, () => process.exit());
});
process.on("disconnect", () => process.exit());
process.send?.("ready");
