import { describe, expect, it } from "vitest";
import type { Instant } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { createWindow, type Holder } from "../../agent/net/snmp-window.ts";
import { createFakeClock } from "../support/clock.ts";

interface Request extends Holder {
  readonly name: number;
  finished: boolean;
}

function scene(window: number) {
  const clock = createFakeClock();
  const begun: number[] = [];
  const requests: Request[] = [];
  const of = createWindow<Request>(clock, { window, hold: milliseconds(100) }, ({ name }) => void begun.push(name));
  const enter = (count: number) => {
    for (let i = 0; i < count; i++) {
      const request = { name: requests.length, holdsWindow: false, startedAt: 0 as Instant, finished: false };
      requests.push(request);
      of.enter(request);
    }
  };
  const leave = (name: number) => {
    const request = requests[name];
    if (request !== undefined) of.leave(request);
  };
  return { clock, begun, requests, of, enter, leave };
}

describe("the window of a socket", () => {
  it("begins nothing before it opens, then as many as there are places, in their order", () => {
    const { of, enter, begun, leave } = scene(3);
    enter(5);
    expect(begun).toEqual([]);
    of.open();
    expect(begun).toEqual([0, 1, 2]);
    leave(1);
    expect(begun).toEqual([0, 1, 2, 3]);
    leave(1);
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it("takes a place from a request that held it too long, and gives each place once", () => {
    const { of, enter, begun, leave, clock } = scene(2);
    of.open();
    enter(1);
    clock.pass(60);
    enter(4);
    expect(begun).toEqual([0, 1]);
    clock.pass(40);
    expect(begun).toEqual([0, 1, 2]);
    // The first ended late: its place is another's already.
    leave(0);
    expect(begun).toEqual([0, 1, 2]);
    clock.pass(60);
    expect(begun).toEqual([0, 1, 2, 3]);
    clock.pass(1_000);
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  it("does not let one in before those that wait, even when places have become free unseen", () => {
    const { of, enter, begun, clock } = scene(1);
    of.open();
    enter(1);
    clock.pass(500);
    enter(2);
    expect(begun).toEqual([0, 1]);
    clock.pass(100);
    expect(begun).toEqual([0, 1, 2]);
    expect(clock.pending()).toBe(0);
  });

  it("passes over what ended while it waited", () => {
    const { of, enter, begun, requests, leave } = scene(1);
    of.open();
    enter(3);
    const [, second] = requests;
    if (second !== undefined) second.finished = true;
    leave(0);
    expect(begun).toEqual([0, 2]);
  });

  it("closes: nothing begins any more, and no timer is left", () => {
    const { of, enter, begun, leave, clock } = scene(1);
    of.open();
    enter(3);
    expect(clock.pending()).toBe(1);
    expect(of.close().map(({ name }) => name)).toEqual([1, 2]);
    leave(0);
    clock.pass(1_000);
    expect(begun).toEqual([0]);
    expect(clock.pending()).toBe(0);
  });
});
