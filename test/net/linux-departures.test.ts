import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Instant } from "../../agent/lib/clock.ts";
import { createDepartures } from "../../agent/net/linux-departures.ts";
import { SO_TIMESTAMPING, txSoftwareStamps } from "../../agent/net/linux-libc.ts";

const now = { realtime: 0, monotonic: 0 as Instant };

/** What the kernel does: it numbers what is sent, from 0 when the option is set anew, and queues stamps, or has no room. */
function kernel() {
  let number = 0;
  let on = false;
  const queue: { readonly number: number; readonly stamp: number }[] = [];
  return {
    /** The stamp of a datagram is its own identity here. */
    send(stamp: number, lost: boolean) {
      if (!lost) queue.push({ number, stamp });
      number = (number + 1) >>> 0;
    },
    /** A send that failed may have had a number. */
    fail(numbered: boolean) {
      if (numbered) number = (number + 1) >>> 0;
    },
    option(_fd: number, _level: number, name: number, value: number) {
      expect(name).toBe(SO_TIMESTAMPING);
      if (value === txSoftwareStamps && !on) number = 0;
      on = value === txSoftwareStamps;
      return 0;
    },
    reader: {
      read(_fd: number, take: (number: number, realtime: number) => void) {
        for (const { number: of, stamp } of queue.splice(0)) take(of, stamp);
      },
    },
  };
}

describe("the kernel's transmit stamps", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("send" as const), count: fc.integer({ min: 1, max: 16 }), lose: fc.nat(9) }),
      fc.record({ kind: fc.constant("fail" as const), numbered: fc.boolean() }),
      fc.record({ kind: fc.constant("read" as const) }),
    ),
    { maxLength: 60 },
  );

  it("are told to the datagrams that they are of, once, whatever fails and gets lost", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const k = kernel();
        const departures = createDepartures(k.reader, k.option, 3);
        if (departures === undefined) throw new Error("not stamped");
        const told: [sent: number, stamp: number][] = [];
        let sent = 0;
        let lost = 0;
        for (const step of all) {
          if (step.kind === "read") departures.read(now);
          else if (step.kind === "fail") {
            k.fail(step.numbered);
            departures.failed(now);
          } else {
            const batch = Array.from({ length: step.count }, () => {
              const mine = sent++;
              k.send(mine, mine % 10 < step.lose);
              if (mine % 10 < step.lose) lost++;
              return { left: (stamp: number) => told.push([mine, stamp]) };
            });
            for (const datagram of batch) departures.sent(datagram);
          }
        }
        departures.read(now);
        expect(told.every(([mine, stamp]) => mine === stamp)).toBe(true);
        expect(told).toHaveLength(sent - lost);
      }),
      { numRuns: 2_000 },
    );
  });

  it("are waited for until they came, or one that was sent later", () => {
    const k = kernel();
    const departures = createDepartures(k.reader, k.option, 3);
    const datagram = { left: () => undefined };
    expect(departures?.waiting()).toBe(false);
    departures?.sent(datagram);
    departures?.sent(datagram);
    expect(departures?.waiting()).toBe(true);
    k.send(0, true);
    k.send(1, false);
    departures?.read(now);
    expect(departures?.waiting()).toBe(false);
  });

  it("are those of the last 1,024 datagrams at most", () => {
    const k = kernel();
    const departures = createDepartures(k.reader, k.option, 3);
    const told: number[] = [];
    for (let n = 0; n < 1_500; n++) {
      k.send(n, false);
      departures?.sent({ left: (stamp) => told.push(stamp) });
    }
    departures?.read(now);
    expect(told).toEqual(Array.from({ length: 1_024 }, (_, i) => i + 476));
  });

  it("are done without where the kernel refuses them", () => {
    const refusing = () => -1;
    expect(createDepartures({ read: () => undefined }, refusing, 3)).toBeUndefined();
  });
});
