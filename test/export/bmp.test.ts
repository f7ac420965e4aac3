import { describe, expect, it } from "vitest";
import { bmpMetrics } from "../../agent/catalog/bmp-metrics.ts";
import { emitBmp } from "../../agent/export/bmp.ts";
import type { Labels, LabelText } from "../../agent/export/series.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { bmpEstate } from "../collect/bmp-scene.ts";
import { at, estate } from "../support/estate.ts";

const told = {
  routers: new Map([
    [
      "ams-ce1",
      { connected: true, messages: { peerUp: 2, routeMonitoring: 40 }, peers: 2, routes: 38, inDoubt: 1, leftOut: 11 },
    ],
    [
      "ams-ce2",
      { connected: false, messages: { peerUp: 0, routeMonitoring: 0 }, peers: 0, routes: 0, inDoubt: 0, leftOut: 0 },
    ],
  ]),
  closes: { ended: 1, malformed: 3 },
  refused: 4,
  doubts: 5,
  attributeSets: 6,
  memory: 7,
  memoryLimit: 8,
};

const told4 = [
  { family: "ipv4", received: 9, accepted: 9, advertised: undefined, hasDefault: true, prepends: [] },
] as const;

function emitted(of = bmpEstate()): readonly string[] {
  const state = createState({ keep: seconds(10) });
  const connection = {
    kind: "bmpConnection",
    router: "ams-ce1",
    at: at(1),
    connected: true,
    since: at(0),
    detail: "",
  } as const;
  for (const [router, remoteAddress] of [
    ["ams-ce1", "172.16.0.2"],
    ["ams-ce2", "172.16.0.6"],
  ] as const) {
    state.observe({ ...connection, router, unconfigured: router === "ams-ce1" ? ["192.0.2.77"] : [] });
    state.observe({ kind: "bmpPrefixes", router, remoteAddress, at: at(2), families: told4 });
  }
  const counts = (primary: number, secondary: number) => ({ primary, secondary });
  const examples = { primary: [], secondary: [] };
  const families = [{ family: "ipv4", received: counts(9, 7), missing: counts(0, 2), examples }] as const;
  state.observe({
    kind: "bmpSets",
    circuit: "ams-1",
    peering: "azurePrivate",
    at: at(2),
    isPostPolicy: false,
    families,
  });
  const lines: string[] = [];
  emitBmp(
    (metric, labels, value, more) => {
      const all = { ...partsOf(labels), ...partsOf(more ?? {}) };
      expect(Object.keys(all)).toEqual([...metric.labels]);
      lines.push(`${metric.name} ${Object.values(all).join(" ")} ${value}`.replace(/ +/g, " "));
    },
    of,
    state,
    told,
  );
  return lines;
}

/** Labels that are text already, taken apart again. */
function partsOf(labels: Labels | LabelText): Labels {
  if (typeof labels !== "string") return labels;
  return Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]));
}

describe("the metrics of the BMP station", () => {
  it("say what it counts, with the labels of the catalog", () => {
    const lines = emitted();
    expect(lines).toContain(`${bmpMetrics.connected.name} ams-ce1 ams 1`);
    expect(lines).toContain(`${bmpMetrics.connected.name} ams-ce2 ams 0`);
    expect(lines).toContain(`${bmpMetrics.messages.name} ams-ce1 ams routeMonitoring 40`);
    expect(lines).toContain(`${bmpMetrics.routes.name} ams-ce1 ams 38`);
    expect(lines).toContain(`${bmpMetrics.inDoubt.name} ams-ce1 ams 1`);
    expect(lines).toContain(`${bmpMetrics.leftOut.name} ams-ce1 ams 11`);
    expect(lines).toContain(`${bmpMetrics.routeLimit.name} 10000`);
    expect(lines).toContain(`${bmpMetrics.closes.name} malformed 3`);
    expect(lines).toContain(`${bmpMetrics.refused.name} 4`);
    expect(lines).toContain(`${bmpMetrics.doubts.name} 5`);
    expect(lines).toContain(`${bmpMetrics.attributeSets.name} 6`);
    expect(lines).toContain(`${bmpMetrics.memory.name} 7`);
    expect(lines).toContain(`${bmpMetrics.memoryLimit.name} 8`);
    expect(lines).toContain(`${bmpMetrics.defaultRoute.name} ams-1 azurePrivate primary ams-ce1 ams ipv4 1`);
    expect(lines).toContain(`${bmpMetrics.missingPrefixes.name} ams-1 azurePrivate secondary ams-ce2 ams ipv4 2`);
  });

  it("say of a router that never connected that it does not, only where the configuration names it", () => {
    const connected = (isNamed: boolean) => {
      const { bmp, ...rest } = bmpEstate();
      const lines: string[] = [];
      emitBmp(
        (metric, labels, value) => lines.push(`${metric.name} ${partsOf(labels).router} ${value}`),
        { ...rest, bmp: bmp && { ...bmp, isNamed } },
        createState({ keep: seconds(10) }),
        told,
      );
      return lines.filter((line) => line.startsWith(`${bmpMetrics.connected.name} ams-ce2`));
    };
    expect(connected(true)).toEqual([`${bmpMetrics.connected.name} ams-ce2 0`]);
    expect(connected(false)).toEqual([]);
  });

  it("are absent without a station", () => {
    expect(emitted(estate())).toEqual([]);
  });
});
