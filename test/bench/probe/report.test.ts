import { describe, expect, it } from "vitest";
import { countsHold, type ProbeResults, promisesOf, tablesOf } from "./report.ts";

const spread = { n: 1_000, median: -1.3, p50: 1.4, p99: 18, worst: 30 };
const slow = { n: 1_000, median: 15, p50: 20, p99: 60, worst: 90 };
const row = { discarded: 0, cpuPerThousand: 0.1 };
const relay = { carried: 100, dropped: 5, copied: 0, late: 0, overtaken: 0, refused: 0 };
const cost = { family: 4, perSecond: 2_000, lost: 0, skipped: 0, rounds: [] } as const;
const agent = {
  ...({ technique: "icmp", family: 4, targets: 2_000, interval: 1_000, seconds: 4, form: "built" as const } as const),
  ...{ settled: 8_000, lost: 0, discarded: 0, sendErrors: 0, skipped: 0, dropped: 0 },
  ...{
    wire: { sent: 8_000, answered: 8_000 },
    cpuPerThousand: 0.1,
    probesPerSecond: 2_000,
    megabytes: 140,
    megabytesAtEnd: 135,
  },
};
const good: ProbeResults = {
  error: [
    { prober: "ICMP v4", load: "busy", error: spread, ...row },
    { prober: "fping", load: "busy", error: slow, ...row },
  ],
  loss: [{ share: 0.05, relay, wireLost: 5, rows: [{ prober: "ICMP v4", reported: { lost: 5 }, wire: { lost: 5 } }] }],
  disorder: { relay, rows: [{ prober: "ICMP v4", reported: { late: 2 }, wire: { late: 2 } }] },
  cost: [
    { ...cost, prober: "ICMP v4", cpuPerThousand: 0.02 },
    { ...cost, prober: "fping v4", cpuPerThousand: 0.03 },
    { ...cost, prober: "fping v4, all at once", cpuPerThousand: 0.01 },
    { ...cost, prober: "smokeping_prober", cpuPerThousand: 0.9 },
  ],
  agent: [agent],
};
const broken = (results: ProbeResults) =>
  promisesOf(results)
    .filter(({ holds }) => !holds)
    .map(({ promise }) => promise);

describe("the promises of the prober", () => {
  it("hold for what keeps them, each of them named", () => {
    expect(broken(good)).toEqual([]);
    expect(promisesOf(good)).toHaveLength(3 + 2 + 1 + 2 + 3);
    expect(countsHold(good)).toBe(true);
  });

  it.each<[string, ProbeResults, readonly string[]]>([
    [
      "a median beyond 30 µs, on either side",
      { error: [{ prober: "STAMP v6", load: "idle", error: { ...spread, median: -31 }, ...row }] },
      ["STAMP v6, idle: median error"],
    ],
    [
      "an error that another does not have",
      {
        error: [
          { prober: "ICMP v4", load: "busy", error: { ...spread, p99: 61 }, ...row },
          ...(good.error ?? []).slice(1),
        ],
      },
      ["error under load ahead of fping"],
    ],
    [
      "a loss that was not reported",
      {
        loss: [
          { share: 0.05, relay, wireLost: 5, rows: [{ prober: "ICMP v4", reported: { lost: 4 }, wire: { lost: 5 } }] },
        ],
      },
      ["loss at 5 %, ICMP v4"],
    ],
    [
      "a loss that the relay did not make, or none at all",
      { loss: [{ share: 0.05, relay: { ...relay, dropped: 0 }, wireLost: 0, rows: [] }] },
      ["loss at 5 %: the relay dropped it"],
    ],
    [
      "a late answer too many",
      { disorder: { relay, rows: [{ prober: "ICMP v6", reported: { late: 3 }, wire: { late: 2 } }] } },
      ["each count under disorder, ICMP v6"],
    ],
    [
      "a prober that costs what fping does, or that nothing stands beside",
      {
        cost: [
          { ...cost, prober: "ICMP v4", cpuPerThousand: 0.03 },
          { ...cost, prober: "STAMP v6", cpuPerThousand: 0.01, family: 6 },
          ...(good.cost ?? []).slice(1),
        ],
      },
      ["ICMP v4: CPU per 1,000", "STAMP v6: CPU per 1,000"],
    ],
    [
      "a prober dearer than an exporter",
      {
        cost: [...(good.cost ?? []).slice(0, 3), { ...cost, prober: "blackbox_exporter", cpuPerThousand: 0.02 }],
      },
      ["CPU s per 1,000 probes ahead of blackbox_exporter"],
    ],
    [
      "an agent that is large, dear, and loses by itself",
      { agent: [{ ...agent, megabytes: 151, cpuPerThousand: 0.16, skipped: 1 }] },
      [
        "icmp v4, 2000 x 1/s: no self-inflicted loss",
        "icmp v4, 2000 x 1/s: CPU of the whole agent per 1,000",
        "icmp v4, 2000 x 1/s: RSS of the whole agent",
      ],
    ],
    [
      "answers that came and were not taken",
      { agent: [{ ...agent, wire: { sent: 8_000, answered: 7_999 } }] },
      ["icmp v4, 2000 x 1/s: no self-inflicted loss"],
    ],
  ])("do not hold with %s", (_, results, which) => {
    expect(broken(results)).toEqual(which);
  });

  it("are promises about counts that fail a run, and about times that do not", () => {
    expect(countsHold({ error: [{ prober: "ICMP v4", load: "idle", error: { ...spread, p99: 1_000 }, ...row }] })).toBe(
      true,
    );
    expect(countsHold({ loss: [{ share: 0.2, relay, wireLost: 4, rows: [] }] })).toBe(false);
  });
});

describe("the tables", () => {
  it("set what was reported beside what was on the wire", () => {
    expect(tablesOf(good)["lost: reported / on the wire"]).toEqual([
      { share: "5 %", prober: "ICMP v4", lost: "5 / 5", exact: true },
    ]);
  });
});
