// Whatever arrives at the prober's sockets: it never throws, and it is never taken for an answer that it is not.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ProbeObservation, subject } from "../../agent/estate/observation.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { readEchoReply, readStampReply } from "../../agent/probe/answer.ts";
import { createEngine } from "../../agent/probe/engine.ts";
import { createSession, type Nonce } from "../../agent/probe/session.ts";
import {
  decodeEcho,
  encodeEcho,
  icmpEcho,
  icmpv6Echo,
  internetChecksum,
  ipv4Payload,
  writeProbeRequest,
} from "../../agent/wire/icmp.ts";
import { decodeSender, encodeSender, reflect, unsynchronised } from "../../agent/wire/stamp.ts";
import { fakeSockets } from "../probe/fake-sockets.ts";

const bytes = fc.uint8Array({ maxLength: 200 });
const u32 = fc.nat(0xffff_ffff);
/** As many nonces as asked for: all different, and none that a shrinking generator would come upon. */
const nonces = fc
  .integer({ min: 1, max: 40 })
  .map((count) => Array.from({ length: count }, (_, n): Nonce => [scatter(n + 1), scatter(n + 101)]));
const scatter = (n: number) => Math.imul(n, 0x9e37_79b1) >>> 0;
const socket = { identifier: 4_711, raw: false };
const stampTime = fc.record({ seconds: u32, fraction: u32 });

/** A session that has sent a probe for each nonce. */
function sessionWith(sent: readonly Nonce[], tag: (n: number) => number) {
  const session = createSession({ interval: milliseconds(100), timeout: milliseconds(1_000) });
  sent.forEach((nonce, n) => {
    session.depart(nonce, tag(n), { monotonic: (n * 100) as Instant, realtime: n * 1e8 });
  });
  return session;
}

describe("any octets", () => {
  it("are decoded to a value, whatever they are", () => {
    fc.assert(
      fc.property(bytes, (octets) => {
        for (const result of [
          decodeEcho(icmpEcho, octets),
          decodeEcho(icmpv6Echo, octets),
          ipv4Payload(octets),
          decodeSender(octets),
        ]) {
          if (!result.ok) expect(result.error.offset).toBeLessThanOrEqual(octets.byteLength);
        }
        const claim = readStampReply(octets);
        expect(claim === "malformed").toBe(octets.byteLength < 41);
        readEchoReply(icmpEcho, octets, socket);
        readEchoReply(icmpv6Echo, octets, socket);
        reflect(octets, { receiveTimestamp: { seconds: 0, fraction: 0 }, timestamp: { seconds: 0, fraction: 0 } });
      }),
      { numRuns: 20_000 },
    );
  });

  it("are no answer to any probe", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 41, maxLength: 64 }), nonces, (octets, sent) => {
        const claim = readStampReply(octets);
        if (typeof claim === "string") throw new Error(claim);
        // Guessing 64 bits that were never shown does not happen.
        expect(typeof sessionWith(sent, () => 0).find(claim.sequence, claim.nonce, claim.tag)).toBe("string");
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("an answer with a flipped octet", () => {
  it("is never one to another probe (STAMP)", () => {
    fc.assert(
      fc.property(
        nonces,
        fc.nat(39),
        stampTime,
        fc.nat(43),
        fc.integer({ min: 1, max: 255 }),
        (sent, pick, t, at, flip) => {
          const n = pick % sent.length;
          const [seconds, fraction] = sent[n] as Nonce;
          const request = encodeSender({
            sequence: n,
            timestamp: { seconds, fraction },
            errorEstimate: unsynchronised,
            ssid: 7,
          });
          const answer = reflect(request, { receiveTimestamp: t, timestamp: t });
          if (!answer.ok) throw new Error(answer.error.kind);
          const session = sessionWith(sent, () => 0);
          const right = readStampReply(answer.value);
          if (typeof right === "string") throw new Error(right);
          expect(session.find(right.sequence, right.nonce, right.tag)).toMatchObject({ sequence: n });

          answer.value[at] = (answer.value[at] ?? 0) ^ flip;
          const wrong = readStampReply(answer.value);
          if (typeof wrong === "string") throw new Error(wrong);
          const found = session.find(wrong.sequence, wrong.nonce, wrong.tag);
          if (typeof found === "object") expect(found.sequence).toBe(n);
          // What the reflector copied is what names the probe: a flip there is found out.
          if (at >= 24 && at < 36) expect(typeof found).toBe("string");
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it("is never an answer at all (ICMP: the checksum sees every single octet)", () => {
    fc.assert(
      fc.property(u32, u32, fc.nat(63), fc.integer({ min: 1, max: 255 }), (high, low, at, flip) => {
        const into = new Uint8Array(64);
        const head = { identifier: socket.identifier, sequence: 3 };
        writeProbeRequest(into, icmpEcho, head, { stream: 1, sequence: 0, cookie: [high, low] });
        const asked = decodeEcho(icmpEcho, into);
        if (!asked.ok) throw new Error(asked.error.kind);
        const answer = encodeEcho(icmpEcho, { ...asked.value, type: "reply" });
        expect(readEchoReply(icmpEcho, answer, socket)).toMatchObject({
          stream: 1,
          sequence: 0,
          nonce: [high, low],
          tag: 3,
        });
        answer[at] = (answer[at] ?? 0) ^ flip;
        expect(readEchoReply(icmpEcho, answer, socket)).toBe("malformed");
      }),
      { numRuns: 5_000 },
    );
  });
});

const target = { source: undefined, interval: milliseconds(1_000), timeout: milliseconds(1_000) };
/** The right answer to a probe, and the octets of it that only the right one has. */
const probed = [
  {
    name: "ICMP",
    target: { ...target, technique: "icmp", address: "192.0.2.2", port: 0 },
    answer: (probe: Uint8Array) => resealed(probe.with(0, icmpEcho.reply)),
    // Identifier, tag, stream, sequence and cookie.
    copied: [4, 23],
    least: 64,
  },
  {
    name: "ICMPv6",
    target: { ...target, technique: "icmp", address: "2001:db8::2", port: 0 },
    answer: (probe: Uint8Array) => probe.with(0, icmpv6Echo.reply),
    copied: [6, 23],
    least: 64,
  },
  {
    name: "STAMP",
    target: { ...target, technique: "stamp", address: "2001:db8::2", port: 862 },
    answer(probe: Uint8Array) {
      const zero = { seconds: 0, fraction: 0 };
      const answer = reflect(probe, { receiveTimestamp: zero, timestamp: zero });
      if (!answer.ok) throw new Error(answer.error.kind);
      return answer.value;
    },
    // The Session-Sender's sequence number and timestamp.
    copied: [24, 35],
    // TWAMP-Light's answers end here.
    least: 41,
  },
] as const;

/** The right checksum, as whoever forges would write it. */
function resealed(bytes: Uint8Array): Uint8Array {
  bytes.fill(0, 2, 4);
  const sum = internetChecksum(bytes);
  bytes[2] = sum >> 8;
  bytes[3] = sum & 0xff;
  return bytes;
}

describe.each(probed)("an answer to a probe by $name", ({ target, answer: answerTo, copied, least }) => {
  const v4 = target.address === "192.0.2.2";
  // What is wrong with it, as the far end or anybody between can make it. The checksum of IPv6 the kernel has verified.
  const wrongs = fc.oneof(
    fc.record({ kind: fc.constant("truncated" as const), length: fc.nat(least - 1) }),
    fc.record({
      kind: fc.constant("flipped" as const),
      at: fc.integer({ min: copied[0], max: copied[1] }),
      flip: fc.integer({ min: 1, max: 255 }),
      sealed: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant("forgedSource" as const),
      word: v4 ? fc.constant(3) : fc.nat(3),
      flip: fc.integer({ min: 1, max: 0xffff_ffff }),
    }),
    fc.record({ kind: fc.constant("request" as const) }),
    fc.record({ kind: fc.constant("octets" as const), octets: fc.uint8Array({ maxLength: 100 }) }),
  );

  it("is never counted when it is cut, not copied right, its own question, junk, or from elsewhere; and the right one once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(wrongs, { maxLength: 12 }),
        fc.integer({ min: 1, max: 4 }),
        async (hostile, replays) => {
          const fake = fakeSockets();
          const observed: ProbeObservation[] = [];
          let dropped = 0;
          let drawn = 1;
          const of = subject.path({ circuit: "c", peering: "microsoft", link: "primary" });
          const engine = createEngine(
            {
              sockets: fake.sockets,
              random: () => scatter(drawn++),
              emit(message) {
                if (message.kind !== "batch") return;
                observed.push(...message.observations);
                dropped += Object.values(message.dropped).reduce((sum, n) => sum + n, 0);
              },
            },
            [{ of, index: 0, target }],
          );
          await engine.open();
          await engine.turn();
          const [probe] = fake.sent;
          if (probe === undefined) throw new Error("nothing was sent");
          const right = answerTo(probe.bytes.slice());
          const from = probe.to;
          for (const wrong of hostile) {
            const answer = right.slice();
            if (wrong.kind === "truncated") fake.arrive(answer.subarray(0, wrong.length), from, probe, 1);
            else if (wrong.kind === "octets") fake.arrive(wrong.octets, from, probe, 1);
            else if (wrong.kind === "request") fake.arrive(probe.bytes, from, probe, 1);
            else if (wrong.kind === "forgedSource") {
              const words = from.words.with(wrong.word, ((from.words[wrong.word] ?? 0) ^ wrong.flip) >>> 0);
              fake.arrive(answer, { ...from, words: words as [number, number, number, number] }, probe, 1);
            } else {
              answer[wrong.at] = (answer[wrong.at] ?? 0) ^ wrong.flip;
              fake.arrive(v4 && wrong.sealed ? resealed(answer) : answer, from, probe, 1);
            }
          }
          fake.time.now = 10;
          await engine.turn();
          engine.report();
          expect(observed).toEqual([]);
          expect(dropped).toBe(hostile.length);

          for (let n = 0; n < replays; n++) fake.arrive(right, from, probe, 5);
          fake.time.now = 20;
          await engine.turn();
          engine.report();
          expect(observed).toMatchObject([{ received: 1, duplicate: replays - 1, lost: 0, delays: [0.005] }]);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe("whatever happens to the probes of a stream", () => {
  const events = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("send" as const) }),
      fc.record({ kind: fc.constant("fail" as const) }),
      fc.record({ kind: fc.constant("answer" as const), pick: fc.nat(1_000), took: fc.nat(1_500) }),
      fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(700) }),
      fc.record({ kind: fc.constant("drain" as const) }),
    ),
    { maxLength: 400 },
  );

  it("each is in the end received, lost or not sent, and exactly one of them", () => {
    fc.assert(
      fc.property(events, (steps) => {
        const session = createSession({ interval: milliseconds(50), timeout: milliseconds(400) });
        let now = 0;
        let sent = 0;
        let failed = 0;
        const total = { received: 0, lost: 0, sendErrors: 0, late: 0, delays: 0, answers: 0 };
        let accepted = 0;
        const drain = () => {
          const counts = session.drain();
          if (counts === undefined) return;
          total.received += counts.received;
          total.lost += counts.lost;
          total.sendErrors += counts.sendErrors;
          total.late += counts.late;
          total.delays += counts.delays.length;
          total.answers += counts.received + counts.late + counts.duplicate;
        };
        for (const step of steps) {
          if (step.kind === "send" || step.kind === "fail") {
            const sequence = session.depart([sent, 0], 0, { monotonic: now as Instant, realtime: now * 1e6 });
            sent++;
            if (step.kind === "fail") {
              session.failed(sequence);
              failed++;
            }
          } else if (step.kind === "answer" && sent > 0) {
            const sequence = step.pick % sent;
            const match = session.find(sequence, [sequence, 0], 0);
            if (typeof match === "string") continue;
            session.answered(match, step.took, step.took / 1_000, now as Instant);
            accepted++;
          } else if (step.kind === "pass") {
            now += step.ms;
            session.expire(now as Instant);
          } else drain();
        }
        session.expire((now + 10_000) as Instant);
        drain();
        expect(total.received + total.lost + total.sendErrors).toBe(sent);
        expect(total.sendErrors).toBe(failed);
        expect(total.answers).toBe(accepted);
        expect(total.delays).toBe(total.received);
        expect(total.late).toBeLessThanOrEqual(total.lost);
      }),
      { numRuns: 2_000 },
    );
  });
});
