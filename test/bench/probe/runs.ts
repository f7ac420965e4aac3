// The runs of the benchmark: what is reported beside what was on the wire.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProbeTarget } from "../../../agent/estate/estate.ts";
import { milliseconds } from "../../../agent/lib/duration.ts";
import { stampPort } from "../../../agent/wire/stamp.ts";
import { startCapture } from "./capture.ts";
import type { OtherName, OtherOrder, OtherResult } from "./others.ts";
import type { ProberOrder, ProberResult, StreamResult } from "./prober.ts";
import { startProgram } from "./program.ts";
import type { RelayCounts, RelayManner } from "./relay.ts";
import { countsOf, type ErrorSpread, probesTo, spreadOf, type WireCounts, type WireEvent } from "./truth.ts";
import { calm, farAddress, type Wire } from "./wire.ts";

const timeout = milliseconds(500);

interface OwnStream {
  readonly name: string;
  readonly target: ProbeTarget;
}

/** One stream of each kind, each to an address of its own. */
const own: readonly OwnStream[] = ([4, 6] as const).flatMap((family) =>
  (["icmp", "stamp"] as const).map((technique) => ({
    name: `${technique === "icmp" ? "ICMP" : "STAMP"} v${family}`,
    target: targetOf(technique, farAddress(family, technique === "icmp" ? 1 : 2), 10),
  })),
);

export function targetOf(technique: ProbeTarget["technique"], address: string, interval: number): ProbeTarget {
  const port = technique === "icmp" ? 0 : stampPort;
  return { technique, address, port, source: undefined, interval: milliseconds(interval), timeout };
}

/** To 10 addresses every 100 ms; blackbox_exporter asks 4 as fast as it can. */
export const others = [
  { name: "fping", addresses: network(3, 10) },
  { name: "blackbox_exporter", addresses: network(4, 4) },
  { name: "smokeping_prober", addresses: network(5, 10) },
] as const satisfies readonly { name: OtherName; addresses: readonly string[] }[];

function network(of: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => farAddress(4, of, i + 1));
}

/** `prober`: the file to start of the prober as it is deployed. */
export interface Bench {
  readonly wire: Wire;
  readonly prober: string;
  readonly folder: string;
}

export const startProber = ({ wire, prober }: Bench, order: ProberOrder) =>
  startProgram<string>(wire.near, prober, order);

export async function runOther({ wire }: Bench, order: OtherOrder): Promise<OtherResult> {
  const program = await startProgram<string>(wire.near, "others.ts", order);
  try {
    return await program.ask<OtherResult>("run");
  } finally {
    await program.stop();
  }
}

export interface ErrorRow {
  readonly prober: string;
  readonly load: "idle" | "busy";
  readonly error: ErrorSpread;
  readonly discarded: number;
  readonly cpuPerThousand: number;
}

/** Reports in which a delay was discarded are left out: which of their answers it was is not told. */
function errorsOf(stream: StreamResult, { delays }: WireCounts): readonly number[] {
  const errors: number[] = [];
  let at = 0;
  for (const group of stream.groups) {
    if (group.delays.length === group.received) {
      group.delays.forEach((delay, i) => {
        errors.push(delay * 1e9 - (delays[at + i] ?? Number.NaN));
      });
    }
    at += group.received;
  }
  return errors;
}

/** Reported minus wire round trip. `busy`: our main thread, or a process beside the others, works 50 ms at a time. */
export async function errorRun(bench: Bench, load: ErrorRow["load"], seconds: number) {
  const { wire, folder } = bench;
  const busyMs = load === "busy" ? 50 : 0;
  const rows: ErrorRow[] = [];
  const capture = await startCapture(wire.near, join(folder, "own.pcap"));
  const prober = await startProber(bench, { targets: own.map(({ target }) => target), busyMs });
  await sleep(1_000);
  await prober.ask("mark");
  await sleep(seconds * 1_000);
  const result = await prober.ask<ProberResult>("end");
  const events = await capture.end();
  own.forEach(({ name, target }, i) => {
    const stream = streamOf(result, i);
    const errors = errorsOf(stream, countsOf(probesTo(target.address, events), timeout * 1e6));
    const cpuPerThousand = load === "idle" ? (result.cpu / result.probes) * 1_000 : Number.NaN;
    rows.push({ prober: name, load, error: spreadOf(errors), discarded: stream.discarded, cpuPerThousand });
  });
  for (const { name, addresses } of others) {
    const busy = await startProber(bench, { targets: [], busyMs });
    const taken = await startCapture(wire.near, join(folder, `${name}.pcap`));
    const reported = await runOther(bench, { name, addresses, family: 4, interval: 100, seconds, countsOnly: false });
    const error = spreadOf(otherErrors(name, reported, await taken.end()));
    await busy.stop();
    rows.push({ prober: name, load, error, discarded: 0, cpuPerThousand: (reported.cpu / reported.probes) * 1_000 });
  }
  return rows;
}

function otherErrors(name: OtherName, { samples }: OtherResult, events: readonly WireEvent[]): readonly number[] {
  const byAddress = new Map<string, readonly number[]>();
  for (const { address } of samples) {
    if (byAddress.has(address)) continue;
    const probes = probesTo(address, events);
    const byProbe = probes.map(({ answers }) => answers[0]?.after ?? Number.NaN);
    byAddress.set(address, name === "smokeping_prober" ? countsOf(probes, Infinity).delays : byProbe);
  }
  return samples
    .map(({ address, nth, delay }) => delay * 1e9 - (byAddress.get(address)?.[nth] ?? Number.NaN))
    .filter(Number.isFinite);
}

function streamOf(result: ProberResult, i: number): StreamResult {
  const stream = result.streams[i];
  if (stream === undefined) throw new Error(`nothing was heard of stream ${i}`);
  return stream;
}

export interface CountRow {
  readonly prober: string;
  readonly reported: Readonly<Record<string, number>>;
  readonly wire: Readonly<Record<string, number>>;
}

export interface LossResult {
  readonly share: number;
  readonly relay: RelayCounts;
  /** Lost on the wire to all addresses, which is what the relay must have dropped. */
  readonly wireLost: number;
  readonly rows: readonly CountRow[];
}

/** All probers at once: here nobody's timing is looked at. `share`: lost of the round trips. */
export async function lossRun(bench: Bench, share: number, seconds: number): Promise<LossResult> {
  const { wire, folder } = bench;
  const capture = await startCapture(wire.near, join(folder, "loss.pcap"));
  const prober = await startProber(bench, { targets: own.map(({ target }) => target), busyMs: 0 });
  const total = seconds + 4;
  const running = others.map(({ name, addresses }) =>
    runOther(bench, { name, addresses, family: 4, interval: 100, seconds: total, countsOnly: true }),
  );
  await sleep(1_000);
  await wire.relay({ ...calm, loss: 1 - Math.sqrt(1 - share) });
  await sleep(seconds * 1_000);
  const relay = await wire.relay(calm);
  // Whatever was lost has expired when the rest of the time is over.
  const reported = await Promise.all(running);
  const result = await prober.ask<ProberResult>("end");
  const events = await capture.end();
  const lostOf = (addresses: readonly string[]) =>
    addresses.reduce((sum, address) => sum + countsOf(probesTo(address, events), Infinity).lost, 0);
  const inFlight = (address: string, stream: StreamResult) =>
    countsOf(probesTo(address, events).slice(0, stream.received + stream.lost), Infinity).lost;
  const rows: CountRow[] = own.map(({ name, target }, i) => {
    const stream = streamOf(result, i);
    return { prober: name, reported: { lost: stream.lost }, wire: { lost: inFlight(target.address, stream) } };
  });
  others.forEach(({ name, addresses }, i) => {
    rows.push({ prober: name, reported: { lost: reported[i]?.lost ?? Number.NaN }, wire: { lost: lostOf(addresses) } });
  });
  const wireLost = [...own.map(({ target }) => [target.address]), ...others.map(({ addresses }) => addresses)]
    .map(lostOf)
    .reduce((a, b) => a + b, 0);
  return { share, relay, wireLost, rows };
}

export interface DisorderResult {
  readonly relay: RelayCounts;
  readonly rows: readonly CountRow[];
}

const disorder: RelayManner = {
  ...{ ...calm, loss: 0.01, copies: 0.05 },
  ...{ late: 0.02, lateBy: timeout * 1.2, overtaken: 0.05, overtakenBy: 25 },
};

/** Loss, copies, answers after the timeout and answers that overtake each other, all at once. */
export async function disorderRun(bench: Bench, seconds: number): Promise<DisorderResult> {
  const { wire, folder } = bench;
  const capture = await startCapture(wire.near, join(folder, "disorder.pcap"));
  const prober = await startProber(bench, { targets: own.map(({ target }) => target), busyMs: 0 });
  await sleep(1_000);
  await wire.relay(disorder);
  await sleep(seconds * 1_000);
  const relay = await wire.relay(calm);
  await sleep(3 * timeout);
  const result = await prober.ask<ProberResult>("end");
  const events = await capture.end();
  const rows = own.map(({ name, target }, i) => {
    const { groups: _, discarded: __, ...reported } = streamOf(result, i);
    const probes = probesTo(target.address, events).slice(0, reported.received + reported.lost);
    const { delays: ___, sent, ...wireCounts } = countsOf(probes, timeout * 1e6);
    return { prober: name, reported: { ...reported }, wire: { ...wireCounts, sendErrors: 0 } };
  });
  return { relay, rows };
}
