// Drops of a session: as many as there were, each once, whoever told of them.

import { describe, expect, it } from "vitest";
import type { BmpSessionObservation } from "../../agent/estate/bmp-observation.ts";
import type { SessionObservation } from "../../agent/estate/observation.ts";
import type { NotificationObservation } from "../../agent/estate/session-observation.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { addDrops, type Drops, dropsBetween, dropsWithin } from "../../agent/state/flaps.ts";
import { createState } from "../../agent/state/state.ts";
import { at } from "../support/estate.ts";
import { reading } from "../support/interfaces.ts";

const of = { router: "ams-ce1", remoteAddress: "172.16.0.2" } as const;
type Polled = Extract<SessionObservation, { present: true }>;

/** At `s`, with as many starts of Established, and seconds since it was established or dropped. */
const polled = (s: number, state: Polled["state"], starts: number, since: number): Polled => ({
  kind: "session",
  ...of,
  at: at(s),
  present: true,
  state,
  adminUp: true,
  remoteAsn: 12076,
  establishedTransitions: starts,
  establishedSeconds: since,
  lastError: [0, 0],
});
const up = (s: number, starts: number, since: number) => polled(s, "established", starts, since);
const down = (s: number, starts: number, since: number) => polled(s, "idle", starts, since);
const secondsOf = (drops: Drops | undefined) => drops?.map((instant) => instant / 1_000);

describe("drops between two polls", () => {
  it.each<[string, Polled, Polled, readonly number[]]>([
    ["none, while it stays up", up(10, 3, 100), up(20, 3, 110), []],
    ["none, while it stays down", down(10, 3, 5), down(20, 3, 15), []],
    ["none, when it comes up", down(10, 3, 5), up(20, 4, 2), []],
    ["one, when it went, as long ago as the router says", up(10, 3, 100), down(20, 3, 4), [16]],
    ["one, when it went and came back, which a state does not show", up(10, 3, 100), up(20, 4, 6), [14]],
    ["one, when it came and went again", down(10, 3, 50), down(20, 4, 2), [18]],
    ["two, when it went, came and went", up(10, 3, 100), down(20, 4, 2), [14, 18]],
    ["four of a link that flaps, the last as the router says", up(10, 3, 100), up(20, 7, 2), [12, 14, 16, 18]],
    ["one, where the router counts no starts and its time fell", up(10, 0, 100), up(20, 0, 6), [14]],
    ["one, of a router that started anew", up(10, 40, 900), up(300, 1, 30), [270]],
    [
      "none, where a count comes from another table, and the session was never gone",
      up(10, 0, 100),
      up(20, 57, 110),
      [],
    ],
    ["none, where the time is not told for once", up(10, 3, 100), up(20, 3, 0), []],
    ["one, where the count is not told for once", up(10, 3, 100), down(20, 0, 4), [16]],
    ["one, that a stale time would have before the poll that saw it up", up(10, 3, 100), down(20, 3, 999), [10]],
  ])("%s", (_, before, after, expected) => {
    expect(secondsOf(dropsBetween(before, after, undefined))).toEqual(expected);
  });

  it("are dated by a notification that came between them, and by no other", () => {
    expect(secondsOf(dropsBetween(up(10, 3, 100), down(20, 3, 4), at(15.2)))).toEqual([15.2]);
    expect(secondsOf(dropsBetween(up(10, 3, 100), down(20, 3, 4), at(9)))).toEqual([16]);
    // A notification alone is no drop.
    expect(dropsBetween(up(10, 3, 100), up(20, 3, 110), at(15))).toEqual([]);
  });
});

describe("what is known of drops", () => {
  it("is of a day, and of 512 at most", () => {
    const hour = 3_600;
    let drops = addDrops(undefined, [at(0), at(hour)]);
    drops = addDrops(drops, [at(24.5 * hour)]);
    expect(secondsOf(drops)).toEqual([hour, 24.5 * hour]);
    const many = addDrops(
      drops,
      Array.from({ length: 600 }, (_, i) => at(25 * hour + i)),
    );
    expect(many).toHaveLength(512);
    expect(many?.at(-1)).toBe(at(25 * hour + 599));
    expect(dropsWithin(many, seconds(9), at(25 * hour + 599))).toBe(10);
    expect(dropsWithin(undefined, seconds(9), at(0))).toBe(0);
  });
});

describe("a session that polls and BMP tell of", () => {
  const told = (s: number, established: boolean | undefined, ups: number, isOld = false): BmpSessionObservation => {
    const base = { kind: "bmpSession", ...of, at: at(s), isOld, ups } as const;
    if (established === undefined) return { ...base, established };
    if (established) return { ...base, established, remoteAsn: 12076, localAsn: 65010, holdTime: 180 };
    return { ...base, established, reason: "unknown", notification: undefined, message: undefined, fsmEvent: 0 };
  };
  const connection = (s: number, connected = true) =>
    ({
      kind: "bmpConnection",
      router: of.router,
      at: at(s),
      connected,
      since: at(0),
      detail: "",
      unconfigured: [],
    }) as const;

  it("dropped once, when BMP told it", () => {
    const state = createState({ keep: seconds(10) });
    const drops = () => secondsOf(state.sessionDrops(of.router, of.remoteAddress));
    state.observe(up(1, 3, 100));
    state.observe(connection(2));
    // What it tells when it connects happened before.
    state.observe(told(2, undefined, 0, true));
    state.observe(told(2, true, 1, true));
    state.observe(up(3, 4, 1));
    expect(drops()).toBeUndefined();
    state.observe(told(10.25, false, 1));
    state.observe(down(11, 4, 1));
    state.observe(told(12, true, 2));
    // It went and came back within one message.
    state.observe(told(13.5, true, 3));
    state.observe(up(21, 6, 7));
    expect(drops()).toEqual([10.25, 13.5]);
    // Without BMP it is the polls that count.
    state.observe(connection(30, false));
    state.observe(up(31, 6, 17));
    state.observe(down(41, 6, 3));
    expect(drops()).toEqual([10.25, 13.5, 38]);
  });

  it("is dated by the first notification of its going, and not by those of its attempts to come back", () => {
    const state = createState({ keep: seconds(10) });
    const said = (s: number, to: NotificationObservation["state"]): NotificationObservation => ({
      kind: "notification",
      ...of,
      at: at(s),
      name: "bgpBackwardTransNotification",
      state: to,
      lastError: [4, 0],
    });
    state.observe(up(10, 3, 100));
    state.observe(said(12.1, "idle"));
    state.observe(said(15, "idle"));
    state.observe(down(20, 3, 0));
    expect(secondsOf(state.sessionDrops(of.router, of.remoteAddress))).toEqual([12.1]);
  });
});

describe("an interface", () => {
  it("drops when it goes down, not when it is shut or not known", () => {
    const state = createState({ keep: seconds(10) });
    const seen = (s: number, operStatus: "up" | "down" | "unknown", adminStatus: "up" | "down" = "up") =>
      state.observe(reading(s, { router: "ams-ce1", interface: "er0", operStatus, adminStatus }));
    seen(1, "up");
    seen(2, "unknown");
    seen(3, "up");
    seen(4, "down", "down");
    seen(5, "up");
    expect(state.interfaceDrops("ams-ce1", "er0")).toBeUndefined();
    seen(6, "down");
    seen(7, "down");
    seen(8, "up");
    seen(9, "down");
    expect(secondsOf(state.interfaceDrops("ams-ce1", "er0"))).toEqual([6, 9]);
  });
});
