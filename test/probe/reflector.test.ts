// What the reflector decides, without sockets and under a time that the test sets.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSubnet } from "../../agent/estate/address.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { Secret } from "../../agent/lib/secret.ts";
import type { ReflectorRequest } from "../../agent/net/reflector-socket.ts";
import type { ProbeLog } from "../../agent/probe/messages.ts";
import { createStampReflector, type ReflectorRules } from "../../agent/probe/reflector.ts";
import { createRefusals } from "../../agent/probe/refusals.ts";
import { mostSenders, mostSessions, mostSessionsOfASender, sessionAge } from "../../agent/probe/senders.ts";
import { decodeReflector, encodeSender, estimateOf, unsynchronised } from "../../agent/wire/stamp.ts";
import { authenticatedLength, stampKey, writeAuthenticatedSender } from "../../agent/wire/stamp-authenticated.ts";

const subnets = (...texts: readonly string[]) =>
  texts.flatMap((text) => {
    const parsed = parseSubnet(text);
    return parsed.ok ? [parsed.value] : [];
  });

const key = stampKey(new Secret("a key of sixteen and more"));
const packet = { timestamp: { seconds: 5, fraction: 6 }, errorEstimate: unsynchronised };

function reflector(rules: Partial<ReflectorRules> = {}) {
  const time = { now: 0 };
  const log: ProbeLog[] = [];
  const refused = createRefusals((line) => log.push(line));
  const made = createStampReflector(
    { now: () => 7e9, errorEstimate: () => estimateOf(0.01), port: 10_862, refused },
    {
      senders: subnets("192.0.2.0/25", "2001:db8:20::/64"),
      key: undefined,
      stateful: true,
      senderRate: 100_000,
      totalRate: 100_000,
      ...rules,
    },
  );
  const ask = (bytes: Uint8Array, from: Partial<ReflectorRequest> = {}) => {
    const address = Uint8Array.of(192, 0, 2, 9);
    const at = { realtime: 6e9, readAt: time.now as Instant };
    const request = { bytes, address, port: 5_000, ttl: 61, ...at, ...from };
    const length = made.answer(request);
    if (length > 0) made.sent(true);
    return length;
  };
  return {
    ...made,
    time,
    ask,
    /** Lines of the log since the last call. */
    told: () => log.splice(0).map(({ message }) => message),
    /** The outcome of one request; it must be counted once. */
    outcome(bytes: Uint8Array, from: Partial<ReflectorRequest> = {}) {
      const before = made.outcomes.read();
      ask(bytes, from);
      const after = Object.entries(made.outcomes.read());
      const grown = after.filter(([kind, n]) => n > before[kind as keyof typeof before]);
      expect(grown).toHaveLength(1);
      return grown[0]?.[0];
    },
  };
}

const request = (sequence = 0, ssid = 7) => encodeSender({ ...packet, sequence, ssid });
function authenticated(sequence = 0): Uint8Array {
  const bytes = new Uint8Array(authenticatedLength);
  writeAuthenticatedSender(bytes, { ...packet, sequence, ssid: 7 }, key);
  return bytes;
}

describe("whom it does not answer, it says", () => {
  const stranger = { address: Uint8Array.of(198, 51, 100, 7) };

  it("once, with the address and what to do", () => {
    const r = reflector({ senderRate: 1 });
    for (let i = 0; i < 3; i++) r.ask(request(), stranger);
    expect(r.told()).toEqual([
      "STAMP requests from 198.51.100.7 are not answered: its address is in none of reflector.senders, or its port is one that no Session-Sender has (below 1024, or ours)",
    ]);
    for (let i = 0; i < 3; i++) {
      r.time.now += 20;
      r.ask(request());
    }
    expect(r.told()).toEqual([
      "STAMP requests from 192.0.2.9 are not answered: it sends more than reflector.senderRate, or all together more than reflector.totalRate",
    ]);
    r.time.now += 3_600_000;
    r.ask(request(), { address: Uint8Array.from([0x20, 1, 0x0d, 0xb8, ...Array(11).fill(0), 1]) });
    expect(r.told()[0]).toContain("from 2001:db8::1 are");
  });

  it("of the wrong key only where no request has the right one: a trace goes without", () => {
    const r = reflector({ key });
    for (let i = 0; i < 49; i++) r.ask(request());
    expect(r.told()).toEqual([]);
    r.ask(request());
    expect(r.told()).toEqual([
      "STAMP requests from 192.0.2.9 are not answered: its HMAC is not one of our key: both ends need the same key, or neither has one",
    ]);
    const other = { address: Uint8Array.of(192, 0, 2, 10) };
    expect(r.ask(authenticated(), other)).toBeGreaterThan(0);
    for (let i = 0; i < 200; i++) r.ask(request(), other);
    expect(r.told()).toEqual([]);
  });

  it("no more than fits into a log, however many ask", () => {
    const r = reflector();
    for (let i = 0; i < 5_000; i++) {
      r.time.now += 5;
      r.ask(request(), { address: Uint8Array.of(203, 0, i >> 8, i & 255) });
      if (i === 19) expect(r.told()).toHaveLength(10);
    }
    expect(r.told()).toHaveLength(6);
  });
});

describe("whom it answers", () => {
  it.each([
    [[192, 0, 2, 0], "answered"],
    [[192, 0, 2, 127], "answered"],
    [[192, 0, 2, 128], "notASender"],
    [[192, 0, 3, 9], "notASender"],
    [[0x20, 1, 0xd, 0xb8, 0, 0x20, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8], "answered"],
    [[0x20, 1, 0xd, 0xb8, 0, 0x20, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8], "notASender"],
  ])("%j: %s", (address, expected) => {
    expect(reflector().outcome(request(), { address: Uint8Array.from(address) })).toBe(expected);
  });

  it("never another reflector, or they would answer each other for ever", () => {
    for (const port of [862, 10_862, 7, 1_023]) expect(reflector().outcome(request(), { port })).toBe("notASender");
    expect(reflector().outcome(request(), { port: 1_024 })).toBe("answered");
  });
});

describe("what it answers", () => {
  it("is as long as the request, and nothing below what holds the sender's TTL", () => {
    const made = reflector();
    const padded = Uint8Array.from({ length: 200 }, (_, i) => (i < 44 ? 0 : i));
    for (const length of [41, 42, 43, 44, 45, 200]) {
      const bytes = padded.slice(0, length);
      expect(made.ask(bytes)).toBe(length);
      expect(decodeReflector(bytes)).toMatchObject({ ok: true, value: { sender: { ttl: 61 } } });
      expect([...bytes.subarray(44)]).toEqual([...padded.subarray(44, length)]);
    }
    for (const length of [0, 14, 40]) expect(made.outcome(padded.slice(0, length))).toBe("malformed");
    expect(made.outcome(new Uint8Array(9_217))).toBe("malformed");
  });

  it("says when the request arrived and when the answer leaves, and what its clock is good for", () => {
    const bytes = request(3);
    reflector().ask(bytes);
    const answer = decodeReflector(bytes);
    if (!answer.ok) throw new Error(answer.error.kind);
    const { receiveTimestamp, timestamp, errorEstimate } = answer.value;
    expect(timestamp.seconds - receiveTimestamp.seconds).toBe(1);
    expect(errorEstimate).toEqual(estimateOf(0.01));
  });

  it("is, with a key, authenticated requests only", () => {
    const made = reflector({ key });
    expect(made.outcome(authenticated())).toBe("answered");
    const forged = authenticated();
    forged[3] = 9;
    expect(made.outcome(forged)).toBe("unauthenticated");
    expect(made.outcome(request())).toBe("unauthenticated");
    expect(made.outcome(request().subarray(0, 40))).toBe("malformed");
    // Without one it cannot tell, and answers in the other layout: its sender takes that for malformed.
    expect(reflector().outcome(authenticated())).toBe("answered");
  });
});

describe("how often", () => {
  it("limits each sender, and all of them", () => {
    const made = reflector({ senderRate: 3, totalRate: 5 });
    const from = (host: number) => ({ address: Uint8Array.of(192, 0, 2, host) });
    const of = (host: number) => Array.from({ length: 4 }, () => made.outcome(request(), from(host)));
    expect(of(1)).toEqual(["answered", "answered", "answered", "rateLimited"]);
    // What a sender has too much takes nothing from the others.
    expect(of(2)).toEqual(["answered", "answered", "rateLimited", "rateLimited"]);
    made.time.now = 1_000;
    expect(of(1).filter((outcome) => outcome === "answered")).toHaveLength(3);
    expect(made.outcomes.read()).toMatchObject({ answered: 8, rateLimited: 4 });
  });
});

describe("what it remembers", () => {
  const sequenceOf = (made: ReturnType<typeof reflector>, ssid: number, from = {}) => {
    const bytes = request(500, ssid);
    made.ask(bytes, from);
    const answer = decodeReflector(bytes);
    return answer.ok ? answer.value.sequence : undefined;
  };

  it("is the count of each session, for as long as it lives", () => {
    const made = reflector();
    expect([1, 1, 2, 1].map((ssid) => sequenceOf(made, ssid))).toEqual([0, 1, 0, 2]);
    expect(sequenceOf(made, 1, { port: 5_001 })).toBe(0);
    expect(sequenceOf(made, 1, { address: Uint8Array.of(192, 0, 2, 10) })).toBe(0);
    made.time.now += sessionAge;
    expect(sequenceOf(made, 1)).toBe(3);
    made.time.now += sessionAge + 1;
    expect(sequenceOf(made, 1)).toBe(0);
  });

  it("is bounded for each sender, and makes room for new ones in time", () => {
    const made = reflector();
    for (let ssid = 0; ssid < mostSessionsOfASender; ssid++) expect(made.outcome(request(0, ssid))).toBe("answered");
    expect(made.outcome(request(0, 5_000))).toBe("tableFull");
    // A session that is known goes on, and so does another sender.
    expect(made.outcome(request(0, 0))).toBe("answered");
    expect(made.outcome(request(0, 1), { address: Uint8Array.of(192, 0, 2, 10) })).toBe("answered");
    made.time.now += sessionAge + 1;
    expect(made.outcome(request(0, 5_000))).toBe("answered");
  });

  it("is bounded for all", () => {
    const made = reflector({ senders: subnets("10.0.0.0/8") });
    const from = (n: number) => ({ address: Uint8Array.of(10, 0, n >> 8, n & 0xff) });
    for (let n = 0; n < mostSenders; n++) made.ask(request(0, 0), from(n));
    expect(made.outcomes.read()).toMatchObject({ answered: mostSenders, tableFull: 0 });
    expect(made.outcome(request(), from(mostSenders))).toBe("tableFull");
    for (let n = 0; n < mostSessions; n++) made.ask(request(0, n >> 12), from(n & 0xfff));
    expect(made.outcome(request(0, 99), from(1))).toBe("tableFull");
    made.time.now += sessionAge + 1;
    expect(made.outcome(request(), from(mostSenders))).toBe("answered");
  });
});

describe("100,000 datagrams of any kind", () => {
  it("are counted once each; no stranger is answered, and nothing leaves that is longer than what came", () => {
    const octet = fc.nat(255);
    const datagram = fc.record({
      bytes: fc.oneof(
        fc.uint8Array({ maxLength: 130 }),
        fc.nat().map((n) => request(n, n & 0xffff)),
        fc.nat().map((n) => authenticated(n)),
      ),
      address: fc.oneof(
        fc.tuple(fc.constantFrom(192, 191), fc.constant(0), fc.constant(2), octet),
        fc.tuple(octet, octet, octet, octet),
      ),
      port: fc.nat(65_535),
      wait: fc.nat(2),
    });
    const seen = { answered: 0, notASender: 0, rateLimited: 0, malformed: 0, unauthenticated: 0 };
    let total = 0;
    let octetsIn = 0;
    let octetsOut = 0;
    fc.assert(
      fc.property(fc.array(datagram, { minLength: 500, maxLength: 500 }), fc.boolean(), (datagrams, withKey) => {
        const made = reflector({ senderRate: 5, totalRate: 30, key: withKey ? key : undefined });
        for (const { bytes, address, port, wait } of datagrams) {
          made.time.now += wait;
          const before = Uint8Array.from(bytes);
          const mine = Uint8Array.from(bytes);
          const answered = made.ask(mine, { address: Uint8Array.from(address), port });
          octetsIn += before.length;
          octetsOut += answered;
          expect(answered === 0 || answered === before.length).toBe(true);
          const [a, b, c, d] = address;
          const stranger = a !== 192 || b !== 0 || c !== 2 || d >= 128 || port < 1_024;
          if (stranger) expect(answered).toBe(0);
          // What is not answered is not touched either.
          if (answered === 0) expect(mine).toEqual(before);
        }
        const counts = made.outcomes.read();
        expect(Object.values(counts).reduce((sum, n) => sum + n, 0)).toBe(datagrams.length);
        total += datagrams.length;
        for (const kind of Object.keys(seen) as (keyof typeof seen)[]) seen[kind] += counts[kind];
      }),
      { numRuns: 200 },
    );
    expect(total).toBeGreaterThanOrEqual(100_000);
    expect(octetsOut).toBeLessThanOrEqual(octetsIn);
    // Every kind was met: the test saw what it speaks of.
    for (const n of Object.values(seen)) expect(n).toBeGreaterThan(100);
  });
});
