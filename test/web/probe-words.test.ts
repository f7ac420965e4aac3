import { describe, expect, it } from "vitest";
import { pathsOf } from "../../agent/estate/estate.ts";
import { type ProbeObservation, subject } from "../../agent/estate/observation.ts";
import { judge } from "../../agent/evaluate/judge.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { renderPage } from "../../agent/web/page.ts";
import { cellWords, figuresTables, windowLines } from "../../agent/web/probe-words.ts";
import { statusOf } from "../../agent/web/status.ts";
import { estate as anEstate, at, circuit, path } from "../support/estate.ts";
import { fixedClock } from "./scene.ts";

const one = anEstate();
const clock = { ...fixedClock, now: () => at(20) };

/** Of the path ams-1 primary: 40 answered in 1 to 40 ms, two bursts of lost probes, one of them answered late. */
function seen(
  overrides: Partial<ProbeObservation> = {},
  estate = one,
  besides: readonly Partial<ProbeObservation>[] = [],
) {
  const state = createState({ keep: seconds(10), windows: [seconds(60)], buckets: [] });
  const [first] = pathsOf(estate);
  if (first === undefined) throw new Error("no path");
  const observation: ProbeObservation = {
    kind: "probe",
    of: subject.path(first),
    index: 0,
    technique: "icmp",
    at: at(19),
    received: 40,
    lost: 4,
    late: 1,
    duplicate: 2,
    reordered: 0,
    discarded: 0,
    sendErrors: 0,
    delays: Array.from({ length: 40 }, (_, n) => 0.001 * (n + 1)),
    variations: [0.001, -0.0005, 0.001],
    runs: [0, 10, 3, 20, 1, 10],
    lossRun: 0,
    lastReceivedAt: at(19),
    ...overrides,
  };
  for (const each of [{}, ...besides]) state.observe({ ...observation, ...each });
  const judgement = judge(estate, state, undefined, at(20));
  const status = statusOf({ estate, snapshot: state, clock, version: "1.2.3", simulation: undefined }, judgement);
  const shown = status.circuits[0]?.peerings[0]?.paths[0];
  if (shown === undefined) throw new Error("no path in the status");
  return { status, probing: shown.probing };
}

describe("the figures of a window", () => {
  it("are in the status with their sample sizes", () => {
    const { probing } = seen();
    expect(probing.windows).toHaveLength(1);
    expect(probing.windows[0]).toMatchObject({
      window: "1m",
      loss: { ratio: 4 / 44, lost: 4, probes: 44, bursts: 2, longestBurst: 3 },
      late: 1,
      duplicate: 2,
      reordered: 0,
      delay: { samples: 40, min: 0.001, max: 0.04 },
      delayVariation: { samples: 3, max: 0.001 },
    });
    expect(probing.windows[0]?.delay?.p99).toBeCloseTo(0.04, 4);
    expect(probing.jitter).toBeGreaterThan(0);
  });

  it("are said to people with the number of probes, on the page and in the ticket", () => {
    const { status, probing } = seen();
    const [window] = probing.windows;
    expect(windowLines(probing)).toEqual([
      [
        "Last 1m",
        "9.1 % of 44 probes lost, bursts 2, longest 3; 1 late; 2 duplicate; round trip of 40: min 1.00 ms, median 21.0 ms, p95 39.0 ms, p99 40.0 ms, max 40.0 ms; variation (ipdv) p95 1.00 ms",
      ],
    ]);
    expect(window && cellWords(window)).toBe("1m: 9.1 % of 44 lost, longest burst 3 · p99 40.0 ms");
    const page = renderPage(status, "1.2.3");
    expect(page).toContain(
      '<th scope="row">1m</th><td>9.1 % of 44</td><td>2, longest 3</td><td>21.0</td><td>39.0</td>',
    );
    // A path that loses packets has a ticket.
    expect(page).toContain("Last 1m:");
  });

  it("say which way was lost, where a reflector counts for itself", () => {
    const { status, probing } = seen({ directions: { forward: 3, backward: 1 } });
    expect(probing.windows[0]?.loss.directions).toEqual({ forward: 3, backward: 1 });
    const said = "lost, 3 on the way there, 1 back";
    expect(windowLines(probing)[0]?.[1]).toContain(`9.1 % of 44 probes ${said}, bursts 2`);
    expect(probing.windows.map(cellWords)).toEqual([`1m: 9.1 % of 44 ${said}, longest burst 3 · p99 40.0 ms`]);
    const path = status.circuits[0]?.peerings[0]?.paths[0];
    expect(path?.loss.directions).toEqual({ forward: 3, backward: 1 });
    expect(seen().probing.windows[0]?.loss.directions).toBeNull();
  });

  it("are those of each stream, and say whose, where there are several", () => {
    const marked = { technique: "stamp", address: "203.0.113.10", dscp: 46, size: 200, dontFragment: true } as const;
    const [icmp] = path("primary").probes;
    const [peering] = circuit().peerings;
    if (icmp === undefined || peering === undefined) throw new Error("no probe");
    const primary = path("primary", [icmp, { ...icmp, ...marked }]);
    const two = anEstate({ peerings: [{ ...peering, paths: { ...peering.paths, primary } }] });
    const { status, probing } = seen({}, two, [{ index: 1, technique: "stamp", received: 44, lost: 0, runs: [0, 44] }]);
    const ef = "stamp probes to 203.0.113.10 (DSCP 46, 200 octets, DF)";
    const ping = "icmp probes to 172.16.0.2";
    // What is behind the path has the stronger word.
    expect([probing.who, ...probing.others.map(({ who }) => who)]).toEqual([ef, ping]);
    expect(windowLines(probing).map(([label, words]) => `${label}: ${words.slice(0, 45)}`)).toEqual([
      expect.stringMatching(/^Last 1m: 0 % of 44 probes lost/),
      `Also 1m: ${ping}: 9.1 % of 44 probes`,
    ]);
    const tables = figuresTables(probing, "x").markup;
    const places = [`${ef}, by which it is judged`, "<td>0 % of 44</td>", ping, "<td>9.1 % of 44</td>"].map((part) =>
      tables.indexOf(part),
    );
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(renderPage(status, "1.2.3")).toContain(ef);
  });

  it("say of an outage how many probes it took, and no delay", () => {
    const { probing } = seen({ received: 0, lost: 40, late: 0, delays: [], variations: [], runs: [40], lossRun: 40 });
    const table = figuresTables(probing, "x").markup;
    expect(table).toContain("<td>100 % of 40</td><td>1, longest 40</td><td>–</td>");
    expect(windowLines(probing)[0]?.[1]).toBe("100 % of 40 probes lost, bursts 1, longest 40; 2 duplicate");
  });

  it("are left out where nothing is probed", () => {
    const state = createState({ keep: seconds(10), windows: [seconds(60)], buckets: [] });
    const judgement = judge(one, state, undefined, at(20));
    const status = statusOf(
      { estate: one, snapshot: state, clock, version: "1.2.3", simulation: undefined },
      judgement,
    );
    expect(status.circuits[0]?.peerings[0]?.paths[0]?.probing).toEqual({
      who: null,
      jitter: null,
      windows: [],
      others: [],
    });
    expect(renderPage(status, "1.2.3")).not.toContain('class="figures"');
  });
});
