import { describe, expect, it } from "vitest";
import { decodeEcho, encodeEcho, icmpEcho, icmpv6Echo } from "../../agent/wire/icmp.ts";
import { decodeReflector, encodeReflector, ntpTimestamp } from "../../agent/wire/stamp.ts";
import { at, plainProfile } from "../support/socket-profile.ts";
import { echoed, edited, endpoint, icmp, nth, of, probing, reflected, stamp } from "./engine-scene.ts";

const families = [
  { family: 4, types: icmpEcho, stamp, icmp, elsewhere: "10.20.0.12" },
  {
    family: 6,
    types: icmpv6Echo,
    stamp: { ...stamp, address: "2001:db8:20::11" },
    icmp: { ...icmp, address: "2001:db8:16::2" },
    elsewhere: "2001:db8:20:1::11",
  },
] as const;
describe.each(families)("STAMP probes, IPv$family", ({ stamp, elsewhere }) => {
  it("measures the round trip without the time that the reflector kept the probe", async () => {
    const p = await probing([stamp]);
    await p.turnAt(0);
    p.arrive(reflected(nth(p.sent, 0), 5), endpoint(stamp), nth(p.sent, 0), 25);
    await p.turnAt(30);
    const { received, delays, last } = p.total();
    expect(received).toBe(1);
    expect(delays[0]).toBeCloseTo(0.02, 9);
    expect(last).toMatchObject({ kind: "probe", of, index: 0, technique: "stamp", lastReceivedAt: 25, lossRun: 0 });
  });

  it("knows the session by source and nonce where the reflector does not copy the SSID", async () => {
    const twin = { ...stamp };
    const p = await probing([stamp, twin]);
    await p.turnAt(0);
    await p.turnAt(50);
    for (const probe of p.sent.slice(0, 2)) {
      const answer = edited(reflected(probe), (view) => view.setUint16(14, 0)).subarray(0, 41);
      p.arrive(answer, endpoint(stamp), probe, 10);
    }
    await p.turnAt(70);
    expect(p.total(0).received).toBe(1);
    expect(p.total(1).received).toBe(1);
  });

  it("refuses what is malformed, foreign, forged or from elsewhere, each by its kind, and still takes the right answer", async () => {
    const p = await probing([stamp]);
    await p.turnAt(0);
    const probe = nth(p.sent, 0);
    const answer = reflected(probe);
    const from = endpoint(stamp);
    p.arrive(answer.subarray(0, 40), from, probe, 1);
    p.arrive(
      edited(answer, (v) => v.setUint32(24, 77)),
      from,
      probe,
      1,
    );
    p.arrive(
      edited(answer, (v) => v.setUint16(14, v.getUint16(14) ^ 1)),
      from,
      probe,
      1,
    );
    p.arrive(
      edited(answer, (v) => v.setUint32(32, v.getUint32(32) ^ 1)),
      from,
      probe,
      1,
    );
    p.arrive(answer, { ...from, port: 863 }, probe, 1);
    p.arrive(answer, at(elsewhere, from.port), probe, 1);
    p.arrive(answer, from, probe, 20);
    await p.turnAt(30);
    expect(p.dropped()).toEqual({ malformed: 1, foreign: 2, forged: 1, wrongSource: 2 });
    expect(p.total()).toMatchObject({ received: 1, duplicate: 0, delays: [expect.closeTo(0.02, 9)] });
  });

  it("discards a delay when the reflector's clock cannot be right, and keeps the verdict", async () => {
    const p = await probing([stamp]);
    await p.turnAt(0);
    p.arrive(reflected(nth(p.sent, 0), 30), endpoint(stamp), nth(p.sent, 0), 25);
    await p.turnAt(100);
    const backwards = decodeReflector(reflected(nth(p.sent, 1)));
    if (!backwards.ok) throw new Error(backwards.error.kind);
    const answer = encodeReflector({ ...backwards.value, receiveTimestamp: ntpTimestamp(101, 0) });
    p.arrive(answer, endpoint(stamp), nth(p.sent, 1), 25);
    await p.turnAt(150);
    expect(p.total()).toMatchObject({ received: 2, discarded: 2, delays: [] });
  });

  it("reads the reflector's stamps in the form that it says they have", async () => {
    const p = await probing([stamp]);
    await p.turnAt(0);
    const base = decodeReflector(reflected(nth(p.sent, 0)));
    if (!base.ok) throw new Error(base.error.kind);
    const errorEstimate = { ...base.value.errorEstimate, format: "ptp" as const };
    const timestamp = { seconds: 100, fraction: 5_000_000 };
    const receiveTimestamp = { seconds: 100, fraction: 0 };
    const answer = encodeReflector({ ...base.value, errorEstimate, timestamp, receiveTimestamp });
    p.arrive(answer, endpoint(stamp), nth(p.sent, 0), 25);
    await p.turnAt(30);
    expect(p.total().delays).toEqual([expect.closeTo(0.02, 9)]);
  });

  it("sends transmit stamps whose last bits nobody can guess", async () => {
    const p = await probing([stamp]);
    for (const ms of [0, 100, 200]) await p.turnAt(ms);
    const lastBits = p.sent.map(({ bytes }) => new DataView(bytes.buffer).getUint16(10));
    expect(new Set(lastBits).size).toBe(3);
  });
});

describe.each(families)("ICMP probes, IPv$family", ({ icmp, types, elsewhere }) => {
  it("measures the round trip, in time, late and lost", async () => {
    const p = await probing([icmp]);
    for (const ms of [0, 100, 200]) await p.turnAt(ms);
    p.arrive(echoed(nth(p.sent, 0), undefined, types), endpoint(icmp), nth(p.sent, 0), 1_000);
    p.arrive(echoed(nth(p.sent, 1), undefined, types), endpoint(icmp), nth(p.sent, 1), 1_000.5);
    await p.turnAt(2_000);
    expect(p.total()).toMatchObject({ received: 1, lost: 2, late: 1, delays: [1] });
  });

  it("refuses an answer that does not know the cookie, or comes from elsewhere, or asks instead", async () => {
    const p = await probing([icmp]);
    await p.turnAt(0);
    const probe = nth(p.sent, 0);
    const asked = decodeEcho(types, probe.bytes);
    if (!asked.ok) throw new Error(asked.error.kind);
    const guessed = edited(asked.value.payload, (view) => view.setUint32(8, 0));
    p.arrive(encodeEcho(types, { ...asked.value, type: "reply", payload: guessed }), endpoint(icmp), probe, 1);
    p.arrive(encodeEcho(types, { ...asked.value, type: "reply", sequence: 999 }), endpoint(icmp), probe, 1);
    p.arrive(echoed(probe, undefined, types), at(elsewhere), probe, 1);
    p.arrive(echoed(probe, 1, types), endpoint(icmp), probe, 1);
    p.arrive(probe.bytes, endpoint(icmp), probe, 1);
    p.arrive(Uint8Array.of(0, 0, 0), endpoint(icmp), probe, 1);
    await p.turnAt(2_000);
    expect(p.dropped()).toEqual({ forged: 2, wrongSource: 1, foreign: 2, malformed: 1 });
    expect(p.total()).toMatchObject({ received: 0, lost: 1 });
  });

  it("leaves the answers to others alone on a raw socket, which is handed them all", async () => {
    const p = await probing([icmp], { raw: true });
    await p.turnAt(0);
    p.arrive(echoed(nth(p.sent, 0), 1, types), endpoint(icmp), nth(p.sent, 0), 1);
    await p.turnAt(10);
    expect(p.dropped()).toEqual({});
  });

  it("refuses an echo that is not as long as what was sent, and takes the whole one", async () => {
    const p = await probing([{ ...icmp, size: 200 }]);
    await p.turnAt(0);
    const probe = nth(p.sent, 0);
    expect(probe.bytes).toHaveLength(208);
    const asked = decodeEcho(types, probe.bytes);
    if (!asked.ok) throw new Error(asked.error.kind);
    for (const length of [16, 199, 201]) {
      const payload = new Uint8Array(length);
      payload.set(asked.value.payload.subarray(0, length));
      p.arrive(encodeEcho(types, { ...asked.value, type: "reply", payload }), endpoint(icmp), probe, 1);
    }
    p.arrive(echoed(probe, undefined, types), endpoint(icmp), probe, 2);
    await p.turnAt(10);
    expect(p.dropped()).toEqual({ malformed: 3 });
    expect(p.total()).toMatchObject({ received: 1, duplicate: 0 });
  });

  it("takes one answer as one, however often it is replayed", async () => {
    const p = await probing([icmp]);
    await p.turnAt(0);
    for (let n = 0; n < 5; n++) p.arrive(echoed(nth(p.sent, 0), undefined, types), endpoint(icmp), nth(p.sent, 0), n);
    await p.turnAt(10);
    expect(p.total()).toMatchObject({ received: 1, duplicate: 4, lost: 0 });
  });
});

describe("sockets", () => {
  const v6 = { ...icmp, address: "2001:db8:16::2" };

  it("are one for all streams of a technique, family, source and options", async () => {
    const marked = { ...icmp, dscp: 46 };
    const whole = { ...icmp, dontFragment: true };
    const behind = { ...icmp, interface: "eth1" };
    const p = await probing([icmp, icmp, v6, v6, marked, marked, whole, behind, { ...icmp, size: 100 }, stamp]);
    expect(p.profiles).toEqual([
      plainProfile(4),
      plainProfile(6),
      { ...plainProfile(4), dscp: 46 },
      { ...plainProfile(4), dontFragment: true },
      { ...plainProfile(4), interface: "eth1" },
      plainProfile(4),
    ]);
  });

  it("of both families serve one path at once", async () => {
    const p = await probing([icmp, v6]);
    await p.turnAt(0);
    await p.turnAt(50);
    const [four, six] = [nth(p.sent, 0), nth(p.sent, 1)];
    p.arrive(echoed(four), endpoint(icmp), four, 5);
    await p.turnAt(60);
    expect([p.total(0).received, p.total(1).received]).toEqual([1, 0]);
    expect(six.to).toEqual(endpoint(v6));
    expect(decodeEcho(icmpv6Echo, six.bytes)).toMatchObject({ ok: true, value: { type: "request" } });
  });

  it("send STAMP packets of the wanted size, with a TLV of RFC 8972 as padding", async () => {
    const p = await probing([{ ...stamp, size: 300 }]);
    await p.turnAt(0);
    const probe = nth(p.sent, 0);
    expect(probe.bytes).toHaveLength(300);
    expect([...probe.bytes.subarray(44, 48)]).toEqual([0x80, 1, 0, 252]);
    p.arrive(reflected(probe), endpoint(stamp), probe, 5);
    await p.turnAt(10);
    expect(p.total()).toMatchObject({ received: 1, delays: [expect.closeTo(0.005, 9)] });
  });
});

describe("guards", () => {
  it("discards the delay of a preempted send, not its verdict", async () => {
    const p = await probing([icmp]);
    p.faults.preempt = true;
    await p.turnAt(0);
    p.arrive(echoed(nth(p.sent, 0)), endpoint(icmp), nth(p.sent, 0), 20);
    await p.turnAt(30);
    expect(p.total()).toMatchObject({ received: 1, discarded: 1, lost: 0, delays: [] });
  });

  it("takes the kernel's transmit stamp rather than discard the delay of a preempted send", async () => {
    const p = await probing([icmp]);
    Object.assign(p.faults, { preempt: true, leftAfter: 7 });
    await p.turnAt(0);
    p.arrive(echoed(nth(p.sent, 0)), endpoint(icmp), nth(p.sent, 0), 20);
    await p.turnAt(30);
    expect(p.total()).toMatchObject({ received: 1, discarded: 0, delays: [expect.closeTo(0.013, 9)] });
  });

  it("counts the timeout from the kernel's stamp", async () => {
    const p = await probing([icmp]);
    p.faults.leftAfter = 7;
    await p.turnAt(0);
    p.faults.leftAfter = undefined;
    await p.turnAt(100);
    for (const n of [0, 1]) p.arrive(echoed(nth(p.sent, n)), endpoint(icmp), nth(p.sent, n), 1_005);
    await p.turnAt(1_200);
    expect(p.total()).toMatchObject({ received: 1, late: 1 });
  });

  it.each([3_600_000, -3_600_000, 1])(
    "discards a delay when the clock is set by %i ms within the send",
    async (step) => {
      const p = await probing([icmp]);
      Object.assign(p.faults, { leftAfter: 0.01, stepInSend: step });
      await p.turnAt(0);
      p.arrive(echoed(nth(p.sent, 0)), endpoint(icmp), nth(p.sent, 0), 20 + step);
      await p.turnAt(30);
      expect(p.total()).toMatchObject({ received: 1, late: 0, lost: 0, discarded: 1, delays: [] });
    },
  );

  it.each([3_600_000, -3_600_000, 1])(
    "discards a delay across a delay across a step of the wall clock by %i ms",
    async (step) => {
      const p = await probing([icmp]);
      await p.turnAt(0);
      p.time.ahead += step;
      p.arrive(echoed(nth(p.sent, 0)), endpoint(icmp), nth(p.sent, 0), 20 + step);
      await p.turnAt(30);
      expect(p.total()).toMatchObject({ received: 1, late: 0, lost: 0, discarded: 1, delays: [] });
      expect(p.total().last.lastReceivedAt).toBe(30);
    },
  );

  it("does not call lost what still waits in the receive buffer", async () => {
    const p = await probing([icmp]);
    for (const ms of [0, 100]) await p.turnAt(ms);
    p.arrive(echoed(nth(p.sent, 0)), endpoint(icmp), nth(p.sent, 0), 20);
    p.arrive(echoed(nth(p.sent, 1)), endpoint(icmp), nth(p.sent, 1), 20);
    p.faults.leave = 1;
    await p.turnAt(5_000);
    expect(p.total()).toMatchObject({ received: 1, lost: 0 });
    p.faults.leave = 0;
    await p.turnAt(5_010);
    expect(p.total()).toMatchObject({ received: 2, lost: 0 });
  });

  it("does not call it lost either when the wall clock was set back meanwhile", async () => {
    const p = await probing([icmp]);
    for (const ms of [0, 100]) await p.turnAt(ms);
    for (const n of [0, 1]) p.arrive(echoed(nth(p.sent, n)), endpoint(icmp), nth(p.sent, n), 20);
    p.time.ahead -= 3_600_000;
    p.faults.leave = 1;
    await p.turnAt(300);
    expect(p.total()).toMatchObject({ received: 1, lost: 0 });
    p.faults.leave = 0;
    await p.turnAt(310);
    expect(p.total()).toMatchObject({ received: 2, lost: 0 });
  });

  it("counts what the receive buffer lost", async () => {
    const p = await probing([icmp]);
    p.faults.overflow = 12;
    await p.turnAt(0);
    expect(p.dropped()).toEqual({ overflow: 12 });
  });
});

describe("sends that fail", () => {
  it("are send errors, not loss, told once when they begin and once when they end", async () => {
    const p = await probing([icmp, icmp]);
    p.faults.send = "ENETUNREACH";
    for (let ms = 0; ms < 1_000; ms += 50) await p.turnAt(ms);
    expect(p.total()).toMatchObject({ sendErrors: 10, received: 0, lost: 0 });
    const says = "this host has no route to them: ip route get ADDRESS";
    expect(p.total().last.unsent).toEqual({ reason: "noRoute", says });
    p.faults.send = undefined;
    // Until one of them is settled: nothing is answered here.
    for (let ms = 1_000; ms < 2_500; ms += 50) await p.turnAt(ms);
    expect(p.total().last.unsent).toBeUndefined();
    const told = p.logs().filter(({ message }) => message.startsWith("probes can"));
    expect(told.map(({ level, message, fields }) => [level, message, fields.reason, fields.streams])).toEqual([
      ["warn", "probes cannot be sent: this host has no route to them: ip route get ADDRESS", "ENETUNREACH", 2],
      ["info", "probes can be sent again", "ENETUNREACH", 2],
    ]);
  });

  it("say that DF met a smaller MTU, and what to do", async () => {
    const p = await probing([{ ...icmp, size: 2_000, dontFragment: true }]);
    p.faults.send = "EMSGSIZE";
    for (let ms = 0; ms < 500; ms += 50) await p.turnAt(ms);
    expect(p.total()).toMatchObject({ sendErrors: 5, lost: 0 });
    const [told] = p.logs().filter(({ level }) => level === "warn");
    expect(told?.message).toMatch(/^probes cannot be sent: larger than the MTU of the way, .* smaller size$/);
    expect(told?.fields).toMatchObject({ reason: "EMSGSIZE", streams: 1 });
  });

  it("have a socket opened anew, now and then, when its interface may have been made anew", async () => {
    const p = await probing([{ ...icmp, interface: "eth1" }, icmp]);
    p.faults.send = "ENODEV";
    for (let ms = 0; ms < 12_000; ms += 50) await p.turnAt(ms);
    // The one without an interface stays as it is; the other is tried at 5 and 10 s, and that is no news.
    expect(p.profiles.map((profile) => profile.interface)).toEqual(["eth1", undefined, "eth1", "eth1"]);
    expect(p.closed()).toBe(1);
    expect(p.logs().filter(({ message }) => message === "probe socket open")).toHaveLength(2);
    p.engine.close();
    // Of both, and the one that is still read besides.
    expect(p.closed()).toBe(4);
  });

  it("concern only the stream whose source does not exist, and end when it comes up", async () => {
    const p = await probing([{ ...icmp, source: "203.0.113.9" }, icmp], { noSource: true });
    for (let ms = 0; ms < 12_000; ms += 50) await p.turnAt(ms);
    expect(p.total(0)).toMatchObject({ sendErrors: 120, lost: 0 });
    expect(p.total(1)).toMatchObject({ sendErrors: 0 });
    expect(p.sent).toHaveLength(120);
    // The good one once; the other at 0, 5 and 10 s, and told once.
    expect(p.profiles).toHaveLength(4);
    expect(p.logs().filter(({ level }) => level === "warn")).toHaveLength(1);

    p.faults.noSource = false;
    for (let ms = 15_000; ms < 15_500; ms += 50) await p.turnAt(ms);
    expect(p.total(0).sendErrors).toBe(120);
  });

  it.each([{ address: "msee" }, { source: "here" }])("say when %o is not one that can be used", async (wrong) => {
    const p = await probing([{ ...icmp, ...wrong }, icmp]);
    await p.turnAt(0);
    await p.turnAt(50);
    expect(p.total(0)).toMatchObject({ sendErrors: 1 });
    expect(p.total(1)).toMatchObject({ sendErrors: 0 });
    expect(p.sent).toHaveLength(1);
    expect(p.logs().map(({ fields }) => fields.reason)).toContain("not an IP address");
  });
});
