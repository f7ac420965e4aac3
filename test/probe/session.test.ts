import { describe, expect, it } from "vitest";
import type { Instant } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { createSession, type Match, type Nonce, type Session } from "../../agent/probe/session.ts";
import { Slots, slotsOf } from "../../agent/probe/slots.ts";

const at = (ms: number) => ms as Instant;
const nonceOf = (n: number): Nonce => [n, ~n >>> 0];

/** A probe every 100 ms with a loss threshold of 1 s, and the answers to them. */
function stream() {
  const session = createSession({ interval: milliseconds(100), timeout: milliseconds(1_000) });
  let sent = 0;
  return {
    session,
    send(n = 1) {
      for (let i = 0; i < n; i++, sent++) {
        session.depart(nonceOf(sent), 0, { monotonic: at(sent * 100), realtime: sent * 100e6 });
      }
    },
    answer(sequence: number, took: number, delay: number | undefined = took / 1_000) {
      return session.answered(matchOf(session, sequence), took, delay, at(sequence * 100 + took));
    },
  };
}

function matchOf(session: Session, sequence: number): Match {
  const match = session.find(sequence, nonceOf(sequence), 0);
  if (typeof match === "string") throw new Error(`probe ${sequence} is ${match}`);
  return match;
}

describe("a stream's probes", () => {
  it("counts what is answered in time, with its delay, and drains once", () => {
    const { session, send, answer } = stream();
    send(2);
    expect(answer(0, 20)).toBe("inTime");
    expect(answer(1, 30)).toBe("inTime");
    expect(session.drain()).toEqual({
      received: 2,
      lost: 0,
      late: 0,
      duplicate: 0,
      reordered: 0,
      discarded: 0,
      sendErrors: 0,
      unheard: 0,
      delays: [0.02, 0.03],
      lossRun: 0,
      lastReceivedAt: 130,
    });
    expect(session.drain()).toBeUndefined();
  });

  it("takes a better stamp of a departure, on both clocks alike, and trusts it", () => {
    const { session, send } = stream();
    send();
    session.preempted(0);
    session.left(0, 7e6);
    expect(matchOf(session, 0)).toEqual({ sequence: 0, monotonic: 7, realtime: 7e6, trusted: true });
    session.expire(at(1_006.9));
    expect(session.drain()).toBeUndefined();
  });

  it("takes no stamp of a probe that is settled, or whose place another has", () => {
    const { session, send, answer } = stream();
    send();
    answer(0, 20);
    session.left(0, 7e6);
    expect(matchOf(session, 0).realtime).toBe(0);
    send(200);
    session.left(0, 7e6);
    expect(matchOf(session, 200).realtime).toBe(200 * 100e6);
  });

  it("loses a probe when the timeout has passed, and not at the very moment", () => {
    const { session, send } = stream();
    send();
    session.expire(at(1_000));
    expect(session.drain()).toBeUndefined();
    session.expire(at(1_000.1));
    expect(session.drain()).toMatchObject({ received: 0, lost: 1, lossRun: 1, lastReceivedAt: undefined });
  });

  it("calls an answer after the loss threshold late, once, and the probe lost, once", () => {
    const { session, send, answer } = stream();
    send(2);
    session.expire(at(1_050));
    expect(answer(0, 1_200)).toBe("late");
    expect(answer(0, 1_300)).toBe("duplicate");
    // This one arrived late, too, but is read before the expiry was looked at.
    expect(answer(1, 1_001)).toBe("late");
    session.expire(at(5_000));
    expect(session.drain()).toMatchObject({ received: 0, lost: 2, late: 2, duplicate: 1, delays: [] });
  });

  it("counts a second answer as a duplicate", () => {
    const { session, send, answer } = stream();
    send();
    answer(0, 20);
    expect(answer(0, 21)).toBe("duplicate");
    expect(session.drain()).toMatchObject({ received: 1, duplicate: 1, delays: [0.02] });
  });

  it("counts an answer below the highest so far as reordered", () => {
    const { session, send, answer } = stream();
    send(3);
    answer(2, 10);
    answer(0, 250);
    answer(1, 160);
    expect(session.drain()).toMatchObject({ received: 3, reordered: 2, lastReceivedAt: 260 });
  });

  it("keeps the verdict of a probe whose delay is not to be trusted", () => {
    const { session, send } = stream();
    send();
    session.answered(matchOf(session, 0), 20, undefined, at(20));
    expect(session.drain()).toMatchObject({ received: 1, discarded: 1, lost: 0, delays: [] });
  });

  it("counts the loss run that lasts until now, over reports, and ends it with an answer", () => {
    const { session, send, answer } = stream();
    send(10);
    answer(1, 10);
    session.expire(at(1_450));
    // 0 was lost before the answer to 1; 2, 3 and 4 since.
    expect(session.drain()).toMatchObject({ lost: 4, lossRun: 3 });
    session.expire(at(1_650));
    expect(session.drain()).toMatchObject({ lost: 2, lossRun: 5 });
    answer(9, 800);
    expect(session.drain()).toMatchObject({ lost: 0, lossRun: 0, lastReceivedAt: 1_700 });
  });

  it("makes a probe that did not leave neither received nor lost", () => {
    const { session, send } = stream();
    send();
    session.failed(0);
    session.failed(undefined);
    session.expire(at(9_000));
    expect(session.drain()).toMatchObject({ sendErrors: 2, received: 0, lost: 0, lossRun: 0 });
    expect(session.find(0, nonceOf(0), 0)).toBe("unknown");
  });

  it("knows a preempted departure from a good one", () => {
    const { session, send } = stream();
    send(2);
    session.preempted(0);
    expect(matchOf(session, 0).trusted).toBe(false);
    expect(matchOf(session, 1).trusted).toBe(true);
  });

  it("refuses answers that know no probe, or not its nonce or tag", () => {
    const { session, send } = stream();
    expect(session.find(0, nonceOf(0), 0)).toBe("unknown");
    send();
    expect(session.find(1, nonceOf(1), 0)).toBe("unknown");
    expect(session.find(0xffffffff, nonceOf(0), 0)).toBe("unknown");
    expect(session.find(0, nonceOf(1), 0)).toBe("forged");
    expect(session.find(0, nonceOf(0), 1)).toBe("forged");
  });

  it("forgets probes at last, and settles them before their slot is used again", () => {
    const { session, send } = stream();
    send(1_000);
    expect(session.find(0, nonceOf(0), 0)).toBe("unknown");
    expect(session.drain()?.lost).toBeGreaterThan(800);
    session.expire(at(1_000_000));
    expect(session.drain()).toMatchObject({ lossRun: 1_000 });
  });

  it("remembers the last answer of the session before it", () => {
    const session = createSession({ interval: milliseconds(100), timeout: milliseconds(1_000) }, at(77));
    session.failed(undefined);
    expect(session.drain()).toMatchObject({ lastReceivedAt: 77 });
  });
});

describe("streams that share their memory", () => {
  const timing = { interval: milliseconds(100), timeout: milliseconds(1_000) };

  it("know nothing of each other's probes", () => {
    const slots = new Slots(2 * slotsOf(timing));
    const [one, other] = [createSession(timing, undefined, slots), createSession(timing, undefined, slots)];
    const sequence = one.depart([1, 2], 3, { monotonic: at(0), realtime: 0 });
    expect(other.find(sequence, [1, 2], 3)).toBe("unknown");
    for (let n = 0; n < 3 * slotsOf(timing); n++) other.depart([n, 0], 0, { monotonic: at(n), realtime: 0 });
    expect(one.find(sequence, [1, 2], 3)).toMatchObject({ sequence, trusted: true });
  });

  it("are never more than there is memory for", () => {
    const slots = new Slots(slotsOf(timing));
    createSession(timing, undefined, slots);
    expect(() => createSession(timing, undefined, slots)).toThrow("too few");
  });
});
