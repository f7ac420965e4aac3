import { describe, expect, it } from "vitest";
import { createReflector, type Way } from "../../agent/lab/reflector.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import {
  decodeReflector,
  encodeSender,
  ntpTimestamp,
  timestampDifference,
  unsynchronised,
} from "../../agent/wire/stamp.ts";
import { createFakeClock, seededRandom } from "../support/clock.ts";

function setUp(first: Way, seed = 7) {
  const clock = createFakeClock();
  let way = first;
  const reflector = createReflector({ clock, random: seededRandom(seed), way: () => way });
  const answers: { readonly at: number; readonly sequence: number; readonly octets: Uint8Array }[] = [];
  const sentAt: number[] = [];
  const probe = (sequence: number) => {
    const epoch = clock.toEpoch(clock.now());
    const timestamp = ntpTimestamp(Math.floor(epoch / 1_000), (epoch % 1_000) * 1e6);
    sentAt[sequence] = clock.now();
    reflector.handle(encodeSender({ sequence, timestamp, errorEstimate: unsynchronised, ssid: 0 }), (octets) => {
      const decoded = decodeReflector(octets);
      if (!decoded.ok) throw new Error(decoded.error.kind);
      answers.push({ at: clock.now(), sequence: decoded.value.sender.sequence, octets });
    });
  };
  const become = (next: Way) => {
    way = next;
  };
  return { clock, reflector, answers, sentAt, probe, become };
}

const ms = milliseconds;

describe("a simulated way", () => {
  it("takes its delay and a little jitter, all of it on the way", () => {
    const { clock, answers, sentAt, probe } = setUp({ delay: ms(165), loss: 0 });
    for (let i = 0; i < 200; i++) {
      probe(i);
      clock.pass(200);
    }
    clock.pass(1_000);
    expect(answers.length).toBe(200);
    const delays = answers.map((a) => a.at - (sentAt[a.sequence] ?? 0));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(164.5);
    expect(Math.max(...delays)).toBeLessThan(172);
    expect(new Set(delays.map((d) => d.toFixed(3))).size).toBeGreaterThan(100);
    const decoded = decodeReflector(answers[0]?.octets ?? new Uint8Array());
    if (!decoded.ok) throw new Error("no answer");
    const { sender, receiveTimestamp, timestamp } = decoded.value;
    expect(timestampDifference(receiveTimestamp, timestamp)).toBe(0);
    const there = timestampDifference(sender.timestamp, receiveTimestamp);
    expect(there).toBeGreaterThan(0.08);
    expect(there).toBeLessThan(0.09);
  });

  it("loses the share that it should, and counts what it withheld", () => {
    const { clock, answers, reflector, probe } = setUp({ delay: ms(3), loss: 0.12 });
    for (let i = 0; i < 5_000; i++) {
      probe(i);
      clock.pass(20);
    }
    const { answered, lost } = reflector.read();
    expect(answered).toBe(answers.length);
    expect(answered + lost).toBe(5_000);
    expect(lost / 5_000).toBeGreaterThan(0.1);
    expect(lost / 5_000).toBeLessThan(0.14);
  });

  it("lets nothing through a blackhole", () => {
    const { clock, answers, reflector, probe } = setUp({ delay: ms(3), loss: 1 });
    for (let i = 0; i < 100; i++) probe(i);
    clock.pass(10_000);
    expect(answers).toEqual([]);
    expect(reflector.read()).toEqual({ answered: 0, lost: 100, malformed: 0 });
  });

  it("never lets an answer overtake another: neither by jitter nor when the delay falls", () => {
    const { clock, answers, probe, become } = setUp({ delay: ms(63), loss: 0 });
    for (let i = 0; i < 400; i++) {
      if (i === 200) become({ delay: ms(3), loss: 0 });
      probe(i);
      clock.pass(0.2);
    }
    clock.pass(1_000);
    expect(answers.map((a) => a.sequence)).toEqual(Array.from({ length: 400 }, (_, i) => i));
    expect((answers.at(-1)?.at ?? 0) - (answers[0]?.at ?? 0)).toBeLessThan(100);
  });

  it("counts what is no STAMP packet, and does not answer it", () => {
    const { clock, reflector } = setUp({ delay: ms(3), loss: 0 });
    let replied = 0;
    for (let length = 0; length < 14; length++) reflector.handle(new Uint8Array(length), () => void replied++);
    clock.pass(1_000);
    expect(reflector.read()).toEqual({ answered: 0, lost: 0, malformed: 14 });
    expect(replied).toBe(0);
  });

  it("forgets what it holds when it stops", () => {
    const { clock, answers, reflector, probe } = setUp({ delay: ms(165), loss: 0 });
    probe(1);
    expect(clock.pending()).toBe(1);
    reflector.stop();
    expect(clock.pending()).toBe(0);
    clock.pass(1_000);
    expect(answers).toEqual([]);
  });
});
