import { describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import { pathsOf } from "../../agent/estate/estate.ts";
import { judge } from "../../agent/evaluate/judge.ts";
import { emitLocRibs, emitRoutes } from "../../agent/export/routes.ts";
import type { Emit, LabelText } from "../../agent/export/series.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { declaring } from "../support/declared.ts";
import { estate as anEstate, at } from "../support/estate.ts";

/** Each series with the labels that are not of the path. */
function collecting() {
  const lines: string[] = [];
  const emit: Emit = (metric, labels, value, more = {}) => {
    const of = typeof labels === "string" ? {} : labels;
    const own = Object.entries(typeof more === "string" ? {} : more).map(([name, text]) => `${name}=${text}`);
    expect(metric.labels).toEqual(expect.arrayContaining([...Object.keys(of), ...own.map((one) => one.split("=")[0])]));
    lines.push([metric.name, ...own, value].join(" "));
  };
  return { lines, emit };
}

describe("the metrics of declared prefixes", () => {
  const estate = declaring(anEstate(), ["10.60.0.0/16", "10.61.0.0/16", "10.62.0.0/16"], { advertised: ["0.0.0.0/0"] });
  const [path = expect.fail()] = pathsOf(estate);
  const { router, session } = path;
  const of = { router, remoteAddress: session.remoteAddress };

  function emitted(now = at(11)) {
    const state = createState({ keep: seconds(10) });
    const connection = {
      kind: "bmpConnection",
      router,
      connected: true,
      since: at(0),
      detail: "",
      unconfigured: [],
    } as const;
    state.observe({ ...connection, at: at(10) });
    const missing = { received: [], accepted: ["10.61.0.0/16"], advertised: ["0.0.0.0/0"] };
    const counts = { received: 3, accepted: 2, advertised: 0, hasDefault: false, prepends: [] };
    const families = [{ family: "ipv4" as const, ...counts, missing }];
    state.observe({ kind: "bmpPrefixes", ...of, at: at(10), families });
    const routes = [
      { prefix: "10.60.0.0/16", matched: "10.60.0.0/16", nextHops: [session.remoteAddress] },
      { prefix: "10.61.0.0/16", matched: undefined, nextHops: [] },
      { prefix: "10.62.0.0/16", matched: "0.0.0.0/0", nextHops: ["192.0.2.99"] },
    ];
    state.observe({ kind: "bestPaths", ...of, at: at(10), source: "snmp", routes });
    const [verdict = expect.fail()] = judge(estate, state, undefined, now).paths;
    const { lines, emit } = collecting();
    emitRoutes(emit, "" as LabelText, verdict, estate, state, now);
    return lines;
  }

  it("say what is declared, what of it is missing, and which way it goes", () => {
    const to = metrics.routes;
    expect(emitted()).toEqual([
      `${to.declared.name} direction=received 3`,
      `${to.declared.name} direction=advertised 1`,
      `${to.declaredMissing.name} direction=received family=ipv4 1`,
      `${to.declaredMissing.name} direction=advertised family=ipv4 1`,
      `${to.bestPath.name} way=own source=snmp 1`,
      `${to.bestPath.name} way=otherLink source=snmp 0`,
      `${to.bestPath.name} way=otherCircuit source=snmp 0`,
      `${to.bestPath.name} way=elsewhere source=snmp 1`,
      `${to.bestPath.name} way=none source=snmp 1`,
    ]);
  });

  it("say nothing of a way that is known no more", () => {
    expect(emitted(at(100)).filter((line) => line.startsWith(metrics.routes.bestPath.name))).toEqual([]);
  });
});

describe("the metric of Loc-RIBs", () => {
  it("adds up the tables of a router, apart by who counted", () => {
    const { lines, emit } = collecting();
    const families = (ipv4: number, gaugedAt?: ReturnType<typeof at>) => [
      { family: "ipv4" as const, count: ipv4, gaugedAt },
    ];
    emitLocRibs(
      emit,
      {},
      {
        kind: "bmpConnection",
        router: "ams-ce1",
        at: at(1),
        connected: true,
        since: at(0),
        detail: "",
        unconfigured: [],
        locRibs: [
          { table: "global", isFiltered: false, families: families(7) },
          { table: "azure", isFiltered: true, families: families(5) },
          { table: "internet", isFiltered: false, families: families(950_000, at(1)) },
        ],
      },
    );
    const { name } = metrics.routes.locRib;
    expect(lines).toEqual([`${name} family=ipv4 source=bmp 12`, `${name} family=ipv4 source=bmpGauge 950000`]);
  });
});
