// What is noticed of a session that is up: another AS than configured, and failures that would be seen late.

import { describe, expect, it } from "vitest";
import type { Estate } from "../../agent/estate/estate.ts";
import type { BfdObservation } from "../../agent/estate/link-observation.ts";
import type { SessionObservation } from "../../agent/estate/observation.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { circuit, estate } from "../support/estate.ts";
import { bfdOf } from "../support/link-observations.ts";
import { scene } from "./scene.ts";

type Session = Partial<Extract<SessionObservation, { present: true }>>;

const of: Estate = {
  ...estate(),
  sessions: {
    slowestDetection: seconds(30),
    flapping: { drops: 3, within: seconds(600), quiet: seconds(900) },
  },
};

/** The primary path after 20 s with that session, and that BFD at each poll. */
function judged(session: Session, bfd?: Partial<Extract<BfdObservation, { present: true }>> | "absent", on = of) {
  const s = scene(on);
  s.primary.session = session;
  s.primary.tells = (remoteAddress, now) => {
    const at = { kind: "bfd", router: "ams-ce1", remoteAddress, at: now } as const;
    if (bfd === undefined) return [];
    return bfd === "absent"
      ? [{ ...at, present: false }]
      : [{ ...bfdOf("ams-ce1", remoteAddress, now), ...bfd, ...at } as BfdObservation];
  };
  s.play(20);
  return { s, path: s.path("primary") };
}

const kindsOf = ({ path }: ReturnType<typeof judged>) => path.findings.map(({ kind }) => kind);

describe("a session whose failure would be seen late", () => {
  it.each<[string, Session, Parameters<typeof judged>[1], string | undefined]>([
    ["with BFD up", { holdTime: 180 }, {}, undefined],
    ["with a short hold time and no BFD", { holdTime: 9 }, "absent", undefined],
    ["with a hold time that just does", { holdTime: 30 }, "absent", undefined],
    [
      "with no BFD on a router that has some",
      { holdTime: 180 },
      "absent",
      "ams-ce1 has BFD sessions, and none with 172.16.0.2: a failure here takes up to 180 s to be seen (hold time)",
    ],
    [
      "with no BFD and a hold time that nobody tells",
      {},
      "absent",
      "ams-ce1 has BFD sessions, and none with 172.16.0.2: a failure here takes up to 180 s to be seen unless the hold time is set lower",
    ],
    [
      "with BFD shut",
      { holdTime: 90 },
      { state: "adminDown" },
      "the BFD session of ams-ce1 with 172.16.0.2 is adminDown while BGP is established: a failure here takes up to 90 s to be seen (hold time)",
    ],
    [
      "with BFD down and BGP up",
      { holdTime: 180 },
      { state: "down" },
      "the BFD session of ams-ce1 with 172.16.0.2 is down while BGP is established: a failure here takes up to 180 s to be seen (hold time)",
    ],
    [
      "with a hold time of 0",
      { holdTime: 0 },
      "absent",
      "ams-ce1 has BFD sessions, and none with 172.16.0.2: with a hold time of 0 BGP never sees a failure here",
    ],
  ])("%s", (what, session, bfd, evidence) => {
    const owner = what === "with BFD down and BGP up" ? "providerOrMicrosoft" : "customer";
    const seen = judged(session, bfd);
    expect(seen.path.findings.map((finding) => [finding.kind, finding.owner, finding.evidence])).toEqual(
      evidence === undefined ? [] : [["noFastDetection", owner, evidence]],
    );
    expect(seen.path.state).toBe("up");
    expect(seen.path.notCovered.join()).not.toContain("BFD");
  });

  it("is not covered, never absent, where the router shows no BFD at all", () => {
    const s = scene(of);
    s.primary.session = { holdTime: 180 };
    s.primary.tells = (_, at) => [
      { kind: "poll", router: "ams-ce1", group: "bfd", at, result: "noSuchTable", detail: "", seconds: 0 },
    ];
    s.play(20);
    expect(s.path("primary").findings).toEqual([]);
    expect(s.path("primary").notCovered).toContain(
      "BFD: ams-ce1 shows none by SNMP, so whether it watches the link is not known; without it a failure here takes up to 180 s to be seen (hold time)",
    );
    // The other router was asked too, and its polls went well.
    expect(s.path("secondary").notCovered.join()).not.toContain("BFD");
  });

  it("is of no concern where the session is down, or the estate says nothing of it", () => {
    expect(kindsOf(judged({ state: "idle", holdTime: 180 }, "absent"))).toEqual([]);
    expect(kindsOf(judged({ holdTime: 180 }, "absent", estate()))).toEqual([]);
  });

  it("keeps its beginning while it lasts, ends with BFD, and is not ended by a router that falls silent", () => {
    const { s, path } = judged({ holdTime: 180 }, { state: "down" });
    const [first] = path.findings;
    s.primary.answers = false;
    s.play(60);
    expect(s.path("primary").findings).toEqual([first]);
    s.primary.answers = true;
    s.primary.tells = (remoteAddress, now) => [bfdOf("ams-ce1", remoteAddress, now)];
    s.play(5);
    expect(s.path("primary").findings).toEqual([]);
  });
});

describe("a session with another AS", () => {
  it("that is up is noticed, and names both", () => {
    const { path } = judged({ remoteAsn: 8_075 });
    expect(path).toMatchObject({ state: "up", findings: [{ kind: "peerAsOther", owner: "customer" }] });
    expect(path.findings[0]?.evidence).toBe(
      "BGP session of ams-ce1 with 172.16.0.2 is established with AS 8075, and the configuration has AS 12076, which is every MSEE's: it leads elsewhere, or the configuration is wrong",
    );
  });

  it.each([0, 23_456, 12_076])("is none that reads %i, which says nothing or what is configured", (remoteAsn) => {
    expect(kindsOf(judged({ remoteAsn }))).toEqual([]);
    expect(judged({ remoteAsn, state: "active" }).path.reasons[0]?.evidence).not.toContain("the router has AS");
  });

  it("that is down is the customer's, with both in its evidence", () => {
    const { path } = judged({ state: "active", remoteAsn: 8_075, lastError: [2, 2] });
    expect(path.reasons[0]).toMatchObject({ cause: "sessionDown", owner: "customer" });
    expect(path.reasons[0]?.evidence).toContain(
      "2/2 OPEN Message Error, Bad Peer AS, the router has AS 8075 for it and not AS 12076",
    );
  });

  it("of a provider's edge is held against the provider's, not Microsoft's", () => {
    const provider = circuit({ connectivityModel: "anyToAny" });
    const peerings = provider.peerings.map((peering) => ({
      ...peering,
      paths: {
        ...peering.paths,
        primary: {
          ...peering.paths.primary,
          msee: undefined,
          session: { ...peering.paths.primary.session, remoteAsn: 64_500 },
        },
      },
    }));
    const on = { ...of, circuits: new Map([["ams-1", { ...provider, peerings }]]) };
    expect(kindsOf(judged({ remoteAsn: 64_500 }, undefined, on))).toEqual([]);
    const { path } = judged({ remoteAsn: 12_076 }, undefined, on);
    expect(path.findings[0]?.evidence).toContain("the configuration has AS 64500: it leads elsewhere");
  });
});

describe("the last error of a session that dropped", () => {
  function evidenceOf(before: readonly [number, number], after: readonly [number, number]) {
    const s = scene(of);
    s.primary.session = { lastError: before };
    s.play(20);
    s.primary.session = { state: "active", lastError: after };
    s.play(5);
    return s.path("primary").reasons[0];
  }

  it("is its cause where it is new", () => {
    expect(evidenceOf([6, 7], [6, 2])).toMatchObject({ owner: "microsoft" });
    expect(evidenceOf([6, 7], [6, 2])?.evidence).toContain("last error 6/2 Cease, Administrative Shutdown");
    expect(evidenceOf([6, 7], [6, 2])?.evidence).not.toContain("no cause");
  });

  it("is none where it is what it was before the drop, as when a carrier goes", () => {
    expect(evidenceOf([6, 2], [6, 2])).toMatchObject({ owner: "providerOrMicrosoft" });
    expect(evidenceOf([6, 2], [6, 2])?.evidence).toContain(
      "6/2 Cease, Administrative Shutdown (from before the drop: no cause)",
    );
    expect(evidenceOf([6, 1], [6, 1])).toMatchObject({ owner: "providerOrMicrosoft" });
  });

  it("is said once where BMP tells of the drop with the same words", () => {
    const s = scene(of);
    s.play(20);
    const router = "ams-ce1";
    const at = s.latest().at;
    s.observe({ kind: "bmpConnection", router, at, connected: true, since: at, detail: "", unconfigured: [] });
    s.observe({
      kind: "bmpSession",
      router,
      remoteAddress: s.path("primary").path.session.remoteAddress,
      at,
      isOld: false,
      ups: 1,
      established: false,
      reason: "remoteNotification",
      notification: [6, 2],
      message: undefined,
      fsmEvent: undefined,
    });
    s.primary.session = { state: "active", lastError: [6, 2] };
    s.play(5);
    const said = s.path("primary").reasons[0]?.evidence ?? "";
    expect(said).toContain("by BMP the far end closed it with a NOTIFICATION: 6/2 Cease, Administrative Shutdown");
    expect(said.split("Administrative Shutdown")).toHaveLength(2);
  });

  it("is none where it is a collision, whatever it was before", () => {
    expect(evidenceOf([4, 0], [6, 7])?.evidence).toContain(
      "Connection Collision Resolution (of two attempts to connect: no cause)",
    );
  });
});
