// Looks at the agent's own host once a second, and at its own thread four times: makes observations of both, and says by
// which gateways it goes out. Linux only; elsewhere, and where a file is not there, it says that it does not know.

import { readFileSync } from "node:fs";
import { endianness, uptime } from "node:os";
import type { Estate } from "../estate/estate.ts";
import type { EgressReading, Gateway, HostObservation, OwnInterface } from "../estate/host-observation.ts";
import type { Observe } from "../estate/observation.ts";
import { type Clock, elapsed, type Instant, later } from "../lib/clock.ts";
import { milliseconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import type { Result } from "../lib/result.ts";
import { readPressure, readRunDelay, readUdp6BufferErrors, readUdpBufferErrors } from "../wire/proc/counters.ts";
import { type RouteTable, readIpv4Routes, readIpv6Routes } from "../wire/proc/routes.ts";
import { createClocks } from "./clocks.ts";
import { createEgress, destinationsOf } from "./egress.ts";
import { interfacesOf } from "./interfaces.ts";

const tick = milliseconds(250);
const ticksPerLook = 4;
/** All clocks are read within this, or not at all. */
const clockSpread = milliseconds(50);

/** Reads a file of the kernel; undefined when it is not there or not to be read. */
export type ReadFile = (path: string) => Uint8Array | undefined;

export interface HostDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly observe: Observe;
  /** Told when the gateways are others than before. */
  readonly gateways: (gateways: readonly Gateway[]) => void;
  readonly readFile?: ReadFile;
  /** Milliseconds: the wall clock, and the time since boot with sleeps. */
  readonly wall?: () => number;
  readonly boot?: () => number;
}

export interface HostWatch {
  start(): void;
  stop(): void;
}

export function createHostWatch(
  { clock, log, observe, gateways: tell, readFile = kernelFile, wall = Date.now, boot = bootTime }: HostDeps,
  estate: Estate,
): HostWatch {
  const egress = createEgress(destinationsOf(estate), estate.selfCheck.gateways);
  const clocks = createClocks();
  let told = "";
  let cancel: (() => void) | undefined;
  let due: Instant | undefined;
  let ticks = 0;
  let late = milliseconds(0);
  let routeTexts: readonly (Uint8Array | undefined)[] = [];
  let reading: EgressReading | undefined;
  let waited: { readonly at: Instant; readonly seconds: number } | undefined;
  let firstErrors: number | undefined;
  const complained = new Set<string>();

  function read<T>(path: string, reader: (octets: Uint8Array) => Result<T, { readonly kind: string }>): T | undefined {
    const octets = readFile(path);
    if (octets === undefined) return undefined;
    const value = reader(octets);
    if (value.ok) return value.value;
    if (!complained.has(path)) {
      complained.add(path);
      log.warn(
        { path, reason: value.error.kind },
        "this file of the kernel is not understood; what it says is unknown",
      );
    }
    return undefined;
  }

  function lookAtRoutes(): EgressReading | undefined {
    const texts = routeFiles.map(readFile);
    if (texts.every((text) => text === undefined)) return undefined;
    const same = texts.every((text, i) => Buffer.compare(text ?? nothing, routeTexts[i] ?? nothing) === 0);
    if (same && reading !== undefined) return reading;
    routeTexts = texts;
    const four = read<RouteTable>(routeFiles[0], (octets) => readIpv4Routes(octets, endianness() === "LE"));
    const six = read<RouteTable>(routeFiles[1], readIpv6Routes);
    // What is not understood may hold any route. A host without IPv6 has no table of it.
    const unread = four === undefined || (texts[1] !== undefined && six === undefined);
    const cut = unread || four.cut || six?.cut === true;
    return egress.read([...(four?.routes ?? []), ...(six?.routes ?? [])], cut);
  }

  /** Share of the time that this thread waited for a CPU. */
  function cpuWait(now: Instant): number | undefined {
    const seconds = read("/proc/self/schedstat", readRunDelay);
    const before = waited;
    waited = seconds === undefined ? undefined : { at: now, seconds };
    if (seconds === undefined || before === undefined || now <= before.at) return undefined;
    return Math.min(1, Math.max(0, ((seconds - before.seconds) * 1_000) / elapsed(before.at, now)));
  }

  function receiveBufferErrors(): number | undefined {
    const four = read("/proc/self/net/snmp", readUdpBufferErrors);
    const six = read("/proc/self/net/snmp6", readUdp6BufferErrors);
    if (four === undefined && six === undefined) return undefined;
    const errors = (four ?? 0) + (six ?? 0);
    firstErrors ??= errors;
    return Math.max(0, errors - firstErrors);
  }

  function readClocks(): void {
    const monotonic = clock.now();
    const reading = { monotonic, wall: wall(), boot: boot() };
    // Preempted between two of them: they are not of one moment.
    if (elapsed(monotonic, clock.now()) < clockSpread) clocks.read(reading);
  }

  function look(now: Instant): void {
    readClocks();
    reading = lookAtRoutes();
    const interfaces: readonly OwnInterface[] = reading === undefined ? [] : interfacesOf(reading.interfaces, readFile);
    const observation: HostObservation = {
      kind: "host",
      at: now,
      egress: reading,
      interfaces,
      receiveBufferErrors: receiveBufferErrors(),
      cpuWait: cpuWait(now),
      cpuPressure: read("/proc/pressure/cpu", readPressure),
      clockSteps: clocks.steps(),
      sleep: clocks.lastSleep(),
      sleptSeconds: clocks.slept() / 1_000,
    };
    observe(observation);
    const gateways = reading?.gateways ?? configuredGateways(estate);
    const names = JSON.stringify(gateways);
    if (names === told) return;
    told = names;
    tell(gateways);
  }

  function turn(): void {
    const now = clock.now();
    if (due !== undefined) late = milliseconds(Math.max(late, now - due));
    if (ticks % ticksPerLook === 0) {
      observe({ kind: "loop", thread: "main", at: now, late });
      late = milliseconds(0);
      look(now);
    }
    ticks++;
    due = later(clock.now(), tick);
    cancel = clock.after(tick, turn);
  }

  return {
    start: turn,
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}

const routeFiles = ["/proc/self/net/route", "/proc/self/net/ipv6_route"] as const;
const nothing = new Uint8Array();

function configuredGateways({ selfCheck }: Estate): readonly Gateway[] {
  return (selfCheck.gateways ?? []).map((address) => ({ address, interface: undefined }));
}

function kernelFile(path: string): Uint8Array | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

const bootTime = () => uptime() * 1_000;
