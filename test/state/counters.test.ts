import { describe, expect, it } from "vitest";
import type { CounterSource, InterfaceCounters } from "../../agent/estate/observation.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { addReading, type CounterReading, loseCounters, totalOf, trackCounters } from "../../agent/state/counters.ts";
import { createState } from "../../agent/state/state.ts";
import { at } from "../support/estate.ts";
import { noCounters, reading } from "../support/interfaces.ts";

interface Change extends Partial<Omit<CounterReading, "counters" | "source" | "at">> {
  readonly counters?: Partial<InterfaceCounters>;
  readonly source?: Partial<CounterSource>;
}

/** A reading at `s` seconds with so many octets received, and what else is told. */
function read(s: number, receiveBytes: bigint, { counters, source, ...change }: Change = {}): CounterReading {
  const { source: usual } = reading(s);
  return reading(s, {
    ...change,
    counters: { ...noCounters, receiveBytes, transmitBytes: 0n, ...counters },
    source: { ...usual, ...source },
  });
}

/** What is counted of the octets received over those readings. */
function countOf(readings: readonly CounterReading[]) {
  const [first, ...rest] = readings;
  if (first === undefined) throw new Error("no reading");
  const track = trackCounters(first);
  for (const one of rest) addReading(track, one);
  return track;
}

const octetsOf = (readings: readonly CounterReading[]) => totalOf(countOf(readings), "receiveBytes");

const in32: Change = { source: { trafficBits: 32 } };
const hundredMega: Change = { speed: 1e8 };
/** 30 s of 1 Gbit/s. */
const full = 3_750_000_000n;

describe("octets received, read every 30 s on a link of 1 Gbit/s", () => {
  it.each<readonly [string, bigint, readonly CounterReading[]]>([
    ["nothing at the first reading, whatever it says", 0n, [read(0, 2n ** 60n)]],
    ["the difference", 250n, [read(0, 2n ** 60n), read(30, 2n ** 60n + 250n)]],
    ["a whole interval at the link's speed", full, [read(0, 5n), read(30, 5n + full)]],
    ["a 64-bit wrap", 30n, [read(0, 2n ** 64n - 10n), read(30, 20n)]],
    ["a 32-bit wrap", 1_000_030n, [read(0, 2n ** 32n - 10n, in32), read(30, 1_000_020n, in32)]],
    ["over a missed poll", 900n, [read(0, 100n), read(60, 1_000n)]],
    ["once, when a value repeats", 500n, [read(0, 0n), read(5, 0n), read(10, 500n), read(15, 500n)]],
    [
      "nothing for a router that reboots: what it counted since is not known to be all",
      100n,
      [read(0, 10n ** 12n), read(30, 10n ** 12n + 100n), read(60, 70n, { source: { restarts: 1 } })],
    ],
    [
      "on, over a restart of the SNMP agent alone",
      300n,
      [read(0, 10n ** 12n), read(30, 10n ** 12n + 300n, { source: { restarts: 1 } })],
    ],
    [
      "nothing when a 32-bit counter fell at a restart: a wrap is not to be told from a reset",
      0n,
      [read(0, 4n * 10n ** 9n, in32), read(30, 10n, { source: { trafficBits: 32, restarts: 1 } })],
    ],
    ["nothing when 64-bit counters were cleared and nobody said so", 0n, [read(0, 10n ** 15n), read(30, 9n)]],
    ["from the cleared value on", 40n, [read(0, 10n ** 15n), read(30, 9n), read(60, 49n)]],
    [
      "nothing when a discontinuity is announced, though the value rose",
      0n,
      [read(0, 100n), read(30, 5_000n, { source: { discontinuityTime: 77 } })],
    ],
    [
      "on, when the discontinuity is old",
      4_900n,
      [read(0, 100n, { source: { discontinuityTime: 77 } }), read(30, 5_000n, { source: { discontinuityTime: 77 } })],
    ],
    [
      "on, when ifCounterDiscontinuityTime goes to zero with the SNMP agent's restart",
      4_900n,
      [
        read(0, 100n, { source: { discontinuityTime: 77 } }),
        read(30, 5_000n, { source: { discontinuityTime: 0, restarts: 1 } }),
      ],
    ],
    [
      "on after two intervals, when ifCounterDiscontinuityTime changes at every poll",
      200n,
      [0, 30, 60, 90, 120].map((s) => read(s, BigInt(s / 30) * 100n, { source: { discontinuityTime: s } })),
    ],
    [
      "nothing when ifIndex has come to be another",
      7n,
      [read(0, 100n), read(30, 5_000n, { ifIndex: 9 }), read(60, 5_007n, { ifIndex: 9 })],
    ],
    [
      "nothing when the columns changed from 64 bits to 32, then on",
      50n,
      [read(0, 2n ** 40n), read(30, 123n, in32), read(60, 173n, in32)],
    ],
    [
      "nothing for a step back by a little, and only what is new after it",
      60n,
      [read(0, 10_000n), read(30, 9_950n), read(60, 10_060n)],
    ],
    [
      "nothing for a 32-bit step back by a little",
      60n,
      [read(0, 10_000n, in32), read(30, 9_950n, in32), read(60, 10_060n, in32)],
    ],
    [
      "nothing for an older copy from before a wrap",
      1_500n,
      [2n ** 32n - 500n, 0n, 2n ** 32n - 100n, 1_000n].map((octets, i) =>
        read(i * 30, octets, { ...in32, ...hundredMega }),
      ),
    ],
    [
      "all of a router that counts every 20 s, read every second on a full link",
      2n * 20n * 125_000_000n,
      Array.from({ length: 41 }, (_, s) => read(s, BigInt(Math.floor(s / 20) * 20) * 125_000_000n)),
    ],
    [
      "nothing when all counters fell, though a wrap of the octets alone could be",
      0n,
      [
        read(0, 4n * 10n ** 9n, { ...in32, counters: { receivePackets: 10n ** 7n } }),
        read(30, 10n, { ...in32, counters: { receivePackets: 1n } }),
      ],
    ],
    ["nothing of an answer that is no newer", 900n, [read(0, 100n), read(60, 1_000n), read(60, 5_000n), read(30, 50n)]],
    [
      "nothing of a value that no link of that speed reaches, and on from the next",
      20n,
      [read(0, 10n), read(30, 10n + 10n * full), read(60, 30n), read(90, 50n)],
    ],
    [
      "all the same after two intervals, where the speed that is told is not that of the link",
      full,
      [0n, 1n, 2n, 3n].map((n) => read(Number(n) * 30, n * full, hundredMega)),
    ],
  ])("counts %s", (_, expected, readings) => {
    expect(octetsOf(readings)).toBe(Number(expected));
  });

  it("is counted anew where the interface was absent in between", () => {
    const track = countOf([read(0, 100n), read(30, 150n)]);
    loseCounters(track);
    addReading(track, read(90, 1_000n));
    expect(totalOf(track, "receiveBytes")).toBe(50);
  });

  it("tells how often it left an interval out", () => {
    expect(countOf([read(0, 100n), read(30, 200n)]).discontinuities).toBe(0);
    expect(countOf([read(0, 10n ** 15n), read(30, 9n), read(60, 10n)]).discontinuities).toBe(1);
  });

  it("leaves what was never seen undefined, and keeps what is missing for a while", () => {
    const gone = { counters: { receiveErrors: undefined } };
    const seen = (n: bigint) => ({ counters: { receiveErrors: n } });
    const track = countOf([read(0, 0n, seen(5n)), read(30, 0n, seen(8n)), read(60, 0n, gone), read(90, 0n, seen(99n))]);
    expect(totalOf(track, "receiveErrors")).toBe(3);
    expect(totalOf(track, "transmitErrors")).toBeUndefined();
  });

  it("leaves out the packets of an agent that said 0 before it had read them, as net-snmp does, and nothing else", () => {
    const fast = (s: number, octets: bigint, receivePackets: bigint) =>
      read(s, octets, { speed: 1e11, counters: { receivePackets } });
    const from = 40_107_821_375n;
    const started = [fast(0, from, 0n), fast(3, from + 438n, 62_118_662n), fast(6, from + 879n, 62_118_664n)];
    const track = countOf(started);
    expect([totalOf(track, "receiveBytes"), totalOf(track, "receivePackets"), track.discontinuities]).toEqual([
      879, 2, 0,
    ]);
    expect(totalOf(countOf([fast(0, 0n, 0n), fast(30, 10_000n, 20n)]), "receivePackets")).toBe(20);
  });

  it("counts Ethernet's errors by their own width", () => {
    const errors = (fcsErrors: bigint, ethernetBits: 32 | 64) => ({
      counters: { fcsErrors },
      source: { ethernetBits },
    });
    const over = (from: bigint, bits: 32 | 64) =>
      countOf([read(0, 0n, errors(from, bits)), read(30, 0n, errors(4n, bits))]);
    expect(totalOf(over(2n ** 32n - 1n, 32), "fcsErrors")).toBe(5);
    expect(totalOf(over(2n ** 32n - 1n, 64), "fcsErrors")).toBe(0);
    expect(over(2n ** 32n - 1n, 64).discontinuities).toBe(1);
    expect(totalOf(over(2n ** 64n - 1n, 64), "fcsErrors")).toBe(5);
  });
});

describe("the rate", () => {
  const rateOf = (readings: readonly CounterReading[]) => countOf(readings).rate;

  it.each<readonly [string, ReturnType<typeof rateOf>, readonly CounterReading[]]>([
    ["is unknown at first", undefined, [read(0, 0n)]],
    ["is octets over time, in bits", { receive: 800, transmit: 0 }, [read(0, 0n), read(30, 3_000n)]],
    ["is unknown at a discontinuity", undefined, [read(0, 10n ** 15n), read(30, 10n ** 15n + 1n), read(60, 3n)]],
    [
      "is over several polls of a router that counts every 10 s, read every 2 s",
      { receive: 80_000, transmit: 0 },
      Array.from({ length: 31 }, (_, i) => read(i * 2, BigInt(Math.floor((i * 2) / 10)) * 100_000n)),
    ],
    [
      "is over the whole time of a router that counts once a minute, read twice as often",
      { receive: 8_000, transmit: 0 },
      Array.from({ length: 7 }, (_, i) => read(i * 30, BigInt(Math.floor(i / 2)) * 60_000n)),
    ],
    ["is zero when nothing moves", { receive: 0, transmit: 0 }, [read(0, 0n), read(30, 3_000n), read(60, 3_000n)]],
    ["is never more than the link's speed", { receive: 1e9, transmit: 0 }, [read(0, 0n), read(30, (full * 5n) / 4n)]],
    [
      "counts the time that the answer took",
      { receive: 80, transmit: 0 },
      [
        read(0, 0n),
        read(30, 400n, { source: { askedAt: at(30) } }),
        { ...read(70, 800n), source: { ...read(60, 0n).source } },
      ],
    ],
  ])("%s", (_, expected, readings) => {
    expect(rateOf(readings)).toEqual(expected);
  });
});

it("is kept for each interface of each router, over absence", () => {
  const state = createState({ keep: seconds(10) });
  expect(state.counters("ams-ce1", "er0")).toBeUndefined();
  state.observe({ kind: "interface", router: "ams-ce1", interface: "er0", at: at(0), present: false });
  expect(state.counters("ams-ce1", "er0")).toBeUndefined();
  for (const one of [read(30, 100n), read(60, 170n), read(60, 1n, { interface: "er1" })]) state.observe(one);
  state.observe({ kind: "interface", router: "ams-ce1", interface: "er0", at: at(90), present: false });
  state.observe(read(120, 5_000n));
  const octets = (name: string) => {
    const record = state.counters("ams-ce1", name);
    return record && totalOf(record, "receiveBytes");
  };
  expect(octets("er0")).toBe(70);
  expect(state.counters("ams-ce1", "er0")?.discontinuities).toBe(1);
  expect(octets("er1")).toBe(0);
});
