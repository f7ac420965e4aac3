import { describe, expect, it } from "vitest";
import type { BmpConnectionObservation } from "../../agent/estate/bmp-observation.ts";
import type { PeersObservation } from "../../agent/estate/session-observation.ts";
import { unconfiguredSessions } from "../../agent/estate/unconfigured.ts";
import { at } from "../support/estate.ts";

const peers = (unconfigured: PeersObservation["unconfigured"]): PeersObservation => ({
  kind: "peers",
  router: "ams-ce1",
  at: at(5),
  unconfigured,
});
const bmp = (unconfigured: readonly string[], connected = true): BmpConnectionObservation => ({
  kind: "bmpConnection",
  router: "ams-ce1",
  at: at(9),
  connected,
  since: at(1),
  detail: "",
  unconfigured,
});

describe("sessions with Microsoft that nobody configured", () => {
  it("are one each, whoever told of them, with who did and when", () => {
    const walked = peers([
      { remoteAddress: "192.0.2.2", state: "active" },
      { remoteAddress: "192.0.2.6", state: undefined },
    ]);
    expect(unconfiguredSessions(walked, bmp(["192.0.2.2", "192.0.2.10"]))).toEqual([
      {
        remoteAddress: "192.0.2.2",
        state: "established",
        sources: [
          { source: "snmp", at: at(5) },
          { source: "bmp", at: at(9) },
        ],
      },
      { remoteAddress: "192.0.2.6", state: undefined, sources: [{ source: "snmp", at: at(5) }] },
      { remoteAddress: "192.0.2.10", state: "established", sources: [{ source: "bmp", at: at(9) }] },
    ]);
  });

  it("are not those of a BMP connection that ended, nor any where nobody told", () => {
    expect(unconfiguredSessions(peers([]), bmp(["192.0.2.2"], false))).toEqual([]);
    expect(unconfiguredSessions(undefined, undefined)).toEqual([]);
  });
});
