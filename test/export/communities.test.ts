// What of a path's communities is shown: as series, in the status and on the page.

import { describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import type { CommunityRoutes } from "../../agent/estate/bmp-observation.ts";
import type { Community } from "../../agent/estate/communities.ts";
import type { Estate } from "../../agent/estate/estate.ts";
import type { PathVerdict } from "../../agent/estate/judgement.ts";
import type { Service } from "../../agent/estate/service.ts";
import { emitCommunities } from "../../agent/export/communities.ts";
import { type Labels, labelText } from "../../agent/export/series.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import {
  announcedStatuses,
  announcedWords,
  communityStatuses,
  communityWords,
} from "../../agent/web/community-status.ts";
import { bmpEstate } from "../collect/bmp-scene.ts";
import { httpCheck, serviceThresholds } from "../support/checks.ts";
import { at } from "../support/estate.ts";

const of = (low: number): Community => 12076 * 65_536 + low;
const [exchange, sharePoint, storage, custom] = [of(5010), of(5020), of(52_002), of(20_001)];
const low = of(7);

const counted = (routes: readonly (readonly [Community, number])[], unnumbered = 0, unread = 0): CommunityRoutes => ({
  routes: new Map(routes),
  unnumbered,
  unread,
});

function showing(received: CommunityRoutes | undefined, accepted?: CommunityRoutes, most = 100) {
  const estate = bmpEstate();
  const of: Estate = { ...estate, bmp: estate.bmp && { ...estate.bmp, communities: most } };
  const [peering] = of.circuits.get("ams-1")?.peerings ?? [];
  if (peering === undefined) throw new Error("the estate has a peering");
  const state = createState({ keep: seconds(10) });
  const path = peering.paths.primary;
  const { router, session } = path;
  const connection = { connected: true, since: at(0), detail: "", unconfigured: [] };
  state.observe({ kind: "bmpConnection", router, at: at(1), ...connection });
  const family = { family: "ipv4", received: 9, accepted: 9, advertised: undefined } as const;
  state.observe({
    kind: "bmpPrefixes",
    router,
    remoteAddress: session.remoteAddress,
    at: at(2),
    families: [{ ...family, hasDefault: false, prepends: [], communities: { received, accepted } }],
  });
  const verdict: Pick<PathVerdict, "path" | "usualCommunities"> = {
    path,
    usualCommunities: {
      [exchange]: { usual: 40, fewerSince: undefined },
      // Usual, and still behind all that have a name.
      [low]: { usual: 1, fewerSince: undefined },
    },
  };
  return { of, state, verdict: verdict as PathVerdict };
}

function emitted(...told: Parameters<typeof showing>): readonly string[] {
  const { of, state, verdict } = showing(...told);
  const lines: string[] = [];
  const labels = labelText({ circuit: "ams-1" });
  emitCommunities(
    (metric, own, value, more) => {
      expect([metric, own]).toEqual([metrics.communities.prefixes, labels]);
      expect(Object.keys(more as Labels)).toEqual(metric.labels.slice(5));
      lines.push(`${Object.values(more as Labels).join(" ")} ${value}`);
    },
    labels,
    verdict,
    of,
    state,
  );
  return lines;
}

describe("the communities of a path", () => {
  it("are series of both views, with 0 for what is usual and gone", () => {
    expect(
      emitted(
        counted([
          [sharePoint, 12],
          [custom, 2],
          [storage, 3],
        ]),
        counted([[sharePoint, 11]]),
      ),
    ).toEqual([
      "ipv4 received exchangeOnline  0",
      "ipv4 received sharePointOnline  12",
      "ipv4 received azureStorage westeurope 3",
      "ipv4 received 12076:7  0",
      "ipv4 received 12076:20001  2",
      "ipv4 accepted exchangeOnline  0",
      "ipv4 accepted sharePointOnline  11",
      "ipv4 accepted 12076:7  0",
    ]);
  });

  it("are not more than the configuration says: those without a name are the first to be others", () => {
    expect(
      emitted(
        counted(
          [
            [custom, 2],
            [storage, 3],
            [sharePoint, 12],
          ],
          5,
        ),
        undefined,
        2,
      ),
    ).toEqual(["ipv4 received exchangeOnline  0", "ipv4 received sharePointOnline  12", "ipv4 received other  10"]);
  });

  it("are none where nobody tells them", () => {
    expect(emitted(undefined)).toEqual([]);
  });

  it("are a line of the page, before policy where that is told", () => {
    const { of, state, verdict } = showing(counted([[sharePoint, 12]], 4), counted([[sharePoint, 11]]));
    const statuses = communityStatuses(verdict, of, state);
    expect(statuses[1]).toEqual({
      family: "ipv4",
      view: "received",
      service: "sharePointOnline",
      region: "",
      name: "SharePoint Online (12076:5020)",
      prefixes: 12,
    });
    expect(communityWords(statuses)).toBe(
      "ipv4 Exchange Online (12076:5010) 0, SharePoint Online (12076:5020) 12, 12076:7 0, others 4",
    );
    expect(communityWords([])).toBeUndefined();
  });
});

describe("a service", () => {
  const mail: Service = {
    is: "service",
    name: "mail",
    circuit: "ams-1",
    peering: "azurePrivate",
    communities: [exchange],
    checks: [httpCheck({})],
    thresholds: serviceThresholds,
  };

  it.each([
    ["announced", counted([[exchange, 40]]), "primary 40 prefixes"],
    ["not announced", counted([[sharePoint, 12]]), "primary not announced"],
    ["nobody knows whether", counted([[sharePoint, 12]], 0, 1), "primary not known"],
  ])("is %s over a link, and of the other link nothing is known", (_, told, words) => {
    const { of, state } = showing(told);
    const [announced] = announcedStatuses(mail, of, state);
    expect(announced && announcedWords(announced)).toBe(`Exchange Online (12076:5010): ${words}, secondary not known`);
  });

  it("without communities says nothing of them", () => {
    const { of, state } = showing(counted([]));
    expect(announcedStatuses({ ...mail, communities: [] }, of, state)).toEqual([]);
  });
});
