import { describe, expect, it } from "vitest";
import type {
  BmpConnectionObservation,
  BmpPrefixesObservation,
  BmpSessionObservation,
} from "../../agent/estate/bmp-observation.ts";
import type { SessionObservation } from "../../agent/estate/observation.ts";
import {
  dropError,
  dropErrorText,
  seenPrefixes,
  seenSession,
  sourcesOf,
  withNotified,
} from "../../agent/estate/seen-session.ts";
import type { NotificationObservation } from "../../agent/estate/session-observation.ts";
import { at } from "../support/estate.ts";

const of = { router: "ams-ce1", remoteAddress: "172.16.0.2" } as const;
type Polled = Extract<SessionObservation, { present: true }>;
type Up = Extract<BmpSessionObservation, { established: true }>;
type Down = Extract<BmpSessionObservation, { established: false }>;

const polled = (s: number, change: Partial<Polled> = {}): Polled => ({
  kind: "session",
  ...of,
  at: at(s),
  present: true,
  state: "established",
  adminUp: true,
  remoteAsn: 12076,
  establishedTransitions: 3,
  establishedSeconds: 1_000,
  lastError: [6, 7],
  ...change,
});
const up = (s: number, change: Partial<Up> = {}): Up => ({
  kind: "bmpSession",
  ...of,
  at: at(s),
  isOld: false,
  ups: 1,
  established: true,
  remoteAsn: 12076,
  localAsn: 65010,
  holdTime: 180,
  ...change,
});
const down = (s: number, change: Partial<Down> = {}): Down => ({
  kind: "bmpSession",
  ...of,
  at: at(s),
  isOld: false,
  ups: 1,
  established: false,
  reason: "localFsmEvent",
  notification: undefined,
  message: undefined,
  fsmEvent: 0,
  ...change,
});
const connection = (s: number, change: Partial<BmpConnectionObservation> = {}): BmpConnectionObservation => ({
  kind: "bmpConnection",
  router: of.router,
  at: at(s),
  connected: true,
  since: at(0),
  detail: "",
  unconfigured: [],
  ...change,
});

describe("a session that was notified", () => {
  const notified: NotificationObservation = {
    kind: "notification",
    ...of,
    at: at(12),
    name: "bgpBackwardTransNotification",
    state: "idle",
    lastError: [4, 0],
  };

  it("has the notification among its sources, and is what the others say", () => {
    const seen = withNotified(polled(10), notified);
    expect(seen).toMatchObject({ state: "established", at: at(10), notified });
    expect(seen && sourcesOf(seen)).toEqual([
      { source: "snmp", at: at(10) },
      { source: "notification", at: at(12) },
    ]);
  });

  it("is none by the notification alone", () => {
    expect(withNotified(undefined, notified)).toBeUndefined();
  });
});

describe("the error of a drop", () => {
  it.each([
    ["is the last one", [6, 2], undefined, [6, 2], "6/2 Cease, Administrative Shutdown"],
    ["is the last one, where it was another before", [6, 2], [6, 7], [6, 2], "6/2 Cease, Administrative Shutdown"],
    ["is none where there is none", [0, 0], undefined, undefined, undefined],
    [
      "is none where it was so before",
      [4, 0],
      [4, 0],
      undefined,
      "4/0 Hold Timer Expired (from before the drop: no cause)",
    ],
    [
      "is none where it is a collision",
      [6, 7],
      [4, 0],
      undefined,
      "6/7 Cease, Connection Collision Resolution (of two attempts to connect: no cause)",
    ],
  ] as const)("%s", (_, lastError, errorBefore, cause, words) => {
    expect(dropError({ lastError, errorBefore })).toEqual(cause);
    expect(dropErrorText({ lastError, errorBefore })).toBe(words);
  });

  it("is BMP's where BMP told one with the drop, though the router's was so before", () => {
    const snmp = { ...polled(33, { state: "idle", lastError: [6, 2] }), errorBefore: [6, 2] as const };
    const seen = seenSession(snmp, down(30, { reason: "remoteNotification", notification: [6, 2] }), connection(34));
    expect(seen?.present && dropError(seen)).toEqual([6, 2]);
    const silent = seenSession(snmp, down(30), connection(34));
    expect(silent?.present && dropError(silent)).toBeUndefined();
  });
});

describe("a session that SNMP and BMP tell of", () => {
  it("is what SNMP says where there is no BMP", () => {
    const seen = seenSession(polled(10), undefined, undefined);
    expect(seen).toEqual(polled(10));
    expect(seen && sourcesOf(seen)).toEqual([{ source: "snmp", at: at(10) }]);
  });

  it("is what BMP says where there is no SNMP", () => {
    expect(seenSession(undefined, up(5), connection(60))).toMatchObject({
      state: "established",
      at: at(60),
      remoteAsn: 12076,
      establishedSeconds: 55,
      holdTime: 180,
      sources: [{ source: "bmp", at: at(60) }],
    });
  });

  it("is what BMP told last when its connection is lost, as old as that, until a poll is newer", () => {
    const lost = connection(60, { connected: false, since: at(50) });
    expect(seenSession(undefined, up(5), lost)).toMatchObject({ state: "established", at: at(50) });
    // A poll of before the word does not bring a session up again that went down.
    expect(seenSession(polled(20), down(30), lost)).toMatchObject({ state: "idle", at: at(50) });
    expect(seenSession(polled(51), down(30), lost)).toEqual(polled(51));
    expect(seenSession(polled(51), up(5), lost)).toEqual(polled(51));
  });

  it("goes down at BMP's word, though a poll that was answered a moment later has it up", () => {
    const word = down(30, { reason: "remoteNotification", notification: [6, 2] });
    for (const poll of [10, 30.5, 39]) {
      const seen = seenSession(polled(poll), word, connection(40));
      expect(seen, `polled at ${poll}`).toMatchObject({ state: "idle", lastError: [6, 2], closedBy: "remote" });
      expect(seen && sourcesOf(seen)).toEqual([{ source: "bmp", at: at(40) }]);
    }
  });

  it("does not take the sticky error of the time before for the cause", () => {
    expect(seenSession(polled(10), down(30), connection(31))).toMatchObject({ lastError: [0, 0] });
  });

  it("is what a poll says that was asked long after BMP's word", () => {
    const seen = seenSession(polled(45), down(30), connection(46));
    expect(seen).toEqual(polled(45));
  });

  it("has SNMP's details and both sources where both say the same", () => {
    const seen = seenSession(
      polled(33, { state: "active", adminUp: false, lastError: [6, 2], establishedSeconds: 3 }),
      down(30),
      connection(34),
    );
    expect(seen).toMatchObject({
      state: "active",
      adminUp: false,
      lastError: [6, 2],
      at: at(34),
      establishedSeconds: 4,
    });
    expect(seen?.toldDown).toBe("the router left Established");
    expect(seen && sourcesOf(seen)).toEqual([
      { source: "snmp", at: at(33) },
      { source: "bmp", at: at(34) },
    ]);
  });

  it("is as old as SNMP says where BMP told it when it connected", () => {
    expect(seenSession(polled(20), up(1, { isOld: true }), connection(25))).toMatchObject({
      establishedSeconds: 1_005,
    });
  });

  it("counts a transition that SNMP has not seen yet", () => {
    const was = polled(20, { state: "idle" });
    expect(seenSession(was, up(22), connection(23))).toMatchObject({ establishedTransitions: 4, state: "established" });
  });

  it("falls back to SNMP when the router tells no more of the peer", () => {
    const silent: BmpSessionObservation = {
      kind: "bmpSession",
      ...of,
      at: at(30),
      isOld: false,
      ups: 1,
      established: undefined,
    };
    expect(seenSession(polled(10), silent, connection(31))).toEqual(polled(10));
  });

  it.each<[Partial<Down>, string]>([
    [
      { reason: "localNotification", notification: [4, 0] },
      "the router closed it with a NOTIFICATION: 4/0 Hold Timer Expired",
    ],
    [{ reason: "remoteNoNotification" }, "the far end closed it without a NOTIFICATION"],
    [{ reason: "localFsmEvent", fsmEvent: 18 }, "the router left Established (TCP connection failed, FSM event 18)"],
    [{ reason: "unknown" }, "the router does not say why"],
  ])("%o is said in words", (change, words) => {
    expect(seenSession(undefined, down(1, change), connection(2))?.toldDown).toBe(words);
  });
});

describe("prefixes that SNMP and BMP count", () => {
  const bmp: BmpPrefixesObservation = {
    kind: "bmpPrefixes",
    ...of,
    at: at(10),
    families: [
      { family: "ipv4", received: 7, accepted: undefined, advertised: undefined, hasDefault: false, prepends: [] },
    ],
  };
  const snmp = {
    kind: "prefixes" as const,
    ...of,
    at: at(5),
    families: [
      { family: "ipv4" as const, received: 6, accepted: 5, active: 4, advertised: 2 },
      { family: "ipv6" as const, received: 1, accepted: 1, active: 1, advertised: 1 },
    ],
  };

  it("are BMP's where it counts, and SNMP's for the rest", () => {
    expect(seenPrefixes(snmp, bmp, connection(20))).toMatchObject({
      at: at(20),
      families: [
        { family: "ipv4", received: 7, accepted: 5, active: 4, advertised: 2 },
        { family: "ipv6", received: 1, accepted: 1, active: 1, advertised: 1 },
      ],
    });
  });

  it("are SNMP's when the connection is lost", () => {
    expect(seenPrefixes(snmp, bmp, connection(20, { connected: false }))).toEqual(snmp);
  });
});
