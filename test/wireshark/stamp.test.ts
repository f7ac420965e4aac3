// Our prober and our reflector over real sockets, read by somebody else: each datagram goes through a relay that keeps it, and
// Wireshark's dissector of TWAMP-Test (whose layout STAMP's unauthenticated mode has) says what stands in it.

import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeReflector, decodeSender, type ErrorEstimate, type StampTimestamp } from "../../agent/wire/stamp.ts";
import { eventually } from "../support/eventually.ts";
import { run } from "../support/installed.ts";
import { startProber, startReflector } from "./stamp-ends.ts";

const directory = mkdtempSync(join(tmpdir(), "dissected-"));
const requests: Uint8Array[] = [];
const answers: Uint8Array[] = [];
let dissected: readonly Readonly<Record<string, string>>[] = [];

const fields = [
  "udp.srcport",
  "twamp.test.seq_number",
  "twamp.test.timestamp",
  "twamp.test.error_estimate",
  "twamp.test.mbz1",
  "twamp.test.receive_timestamp",
  "twamp.test.sender_seq_number",
  "twamp.test.sender_timestamp",
  "twamp.test.sender_error_estimate",
  "twamp.test.sender_ttl",
] as const;

async function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return socket;
}

/** A capture of raw IPv4 datagrams (LINKTYPE_RAW) between port 5000 and port 862. */
function pcapOf(
  packets: readonly { readonly bytes: Uint8Array; readonly from: number; readonly to: number }[],
): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(65_535, 16);
  head.writeUInt32LE(101, 20);
  return Buffer.concat([
    head,
    ...packets.flatMap(({ bytes, from, to }) => {
      const frame = Buffer.alloc(16 + 28);
      frame.writeUInt32LE(28 + bytes.length, 8);
      frame.writeUInt32LE(28 + bytes.length, 12);
      frame[16] = 0x45;
      frame.writeUInt16BE(28 + bytes.length, 18);
      frame[24] = 64;
      frame[25] = 17;
      frame.set([127, 0, 0, 1, 127, 0, 0, 1], 28);
      frame.writeUInt16BE(from, 36);
      frame.writeUInt16BE(to, 38);
      frame.writeUInt16BE(8 + bytes.length, 40);
      return [frame, bytes];
    }),
  ]);
}

beforeAll(async () => {
  const reflector = await startReflector();
  const [near, far] = [await bound(), await bound()];
  let prober = 0;
  near.on("message", (bytes, from) => {
    prober = from.port;
    requests.push(Uint8Array.from(bytes));
    // The second is lost on its way there: the two sequence numbers differ from then on.
    if (requests.length !== 2) far.send(bytes, reflector.port(), "127.0.0.1");
  });
  far.on("message", (bytes) => {
    answers.push(Uint8Array.from(bytes));
    near.send(bytes, prober, "127.0.0.1");
  });
  const { observed, stop } = startProber(near.address().port, 20, 2_000);
  await eventually("a loss is told", () => observed.some(({ directions }) => directions?.forward === 1));
  await stop();
  await reflector.stop();
  near.close();
  far.close();

  const file = join(directory, "session.pcap");
  const packets = [
    ...requests.map((bytes) => ({ bytes, from: 5_000, to: 862 })),
    ...answers.map((bytes) => ({ bytes, from: 862, to: 5_000 })),
  ];
  writeFileSync(file, pcapOf(packets));
  const shown = fields.flatMap((field) => ["-e", field]);
  const args = ["-r", file, "-d", "udp.port==862,twamp.test", "-T", "fields", "-E", "separator=;", ...shown];
  const { status, output } = run("tshark", args, directory);
  expect(status, output).toBe(0);
  dissected = output
    .split("\n")
    .map((line) => line.split(";"))
    .filter((cells) => cells.length === fields.length)
    .map((cells) => Object.fromEntries(fields.map((field, i) => [field, cells[i] ?? ""])));
});

afterAll(() => rmSync(directory, { recursive: true }));

/** Nanoseconds since 1970, exact. */
const nanoseconds = ({ seconds, fraction }: StampTimestamp) =>
  BigInt(seconds - 2_208_988_800) * 1_000_000_000n + ((BigInt(fraction) * 1_000_000_000n) >> 32n);

/** Of what Wireshark shows: `Nov 22, 2026 23:00:00.123456789 UTC`, in whatever zone. */
function shownNanoseconds(text: string | undefined): bigint {
  const [, before = "", fraction = "", zone = ""] = /^(.*)\.(\d{9}) (\w+)$/.exec(text ?? "") ?? [];
  return BigInt(Date.parse(`${before} ${zone}`)) * 1_000_000n + BigInt(fraction || "0");
}

const close = (a: bigint, b: bigint) => (a > b ? a - b : b - a) <= 1n;

const bits = ({ synchronised, format, scale, multiplier }: ErrorEstimate) =>
  ((synchronised ? 0x8000 : 0) + (format === "ptp" ? 0x4000 : 0) + scale * 256 + multiplier).toString();

describe("Wireshark reads in our packets what we wrote", () => {
  it("in all of them", () => {
    expect(requests.length).toBeGreaterThan(10);
    expect(dissected).toHaveLength(requests.length + answers.length);
  });

  it("of the Session-Sender", () => {
    requests.forEach((bytes, i) => {
      const packet = decodeSender(bytes);
      const shown = dissected[i];
      if (!packet.ok || shown === undefined) throw new Error(`request ${i}`);
      const { sequence, timestamp, errorEstimate } = packet.value;
      expect(shown["twamp.test.seq_number"]).toBe(`${i}`);
      expect(sequence).toBe(i);
      expect(shown["twamp.test.error_estimate"]).toBe(bits(errorEstimate));
      expect(close(shownNanoseconds(shown["twamp.test.timestamp"]), nanoseconds(timestamp))).toBe(true);
    });
  });

  it("of the Session-Reflector", () => {
    answers.forEach((bytes, i) => {
      const packet = decodeReflector(bytes);
      const shown = dissected[requests.length + i];
      if (!packet.ok || shown === undefined) throw new Error(`answer ${i}`);
      const { sequence, timestamp, errorEstimate, ssid, receiveTimestamp, sender } = packet.value;
      expect(shown).toMatchObject({
        "twamp.test.seq_number": `${i}`,
        "twamp.test.error_estimate": bits(errorEstimate),
        "twamp.test.mbz1": `${ssid}`,
        "twamp.test.sender_seq_number": `${i === 0 ? 0 : i + 1}`,
        "twamp.test.sender_error_estimate": bits(sender.errorEstimate),
        "twamp.test.sender_ttl": "64",
      });
      expect(sequence).toBe(i);
      for (const [field, stamp] of [
        ["timestamp", timestamp],
        ["receive_timestamp", receiveTimestamp],
        ["sender_timestamp", sender.timestamp],
      ] as const) {
        expect(close(shownNanoseconds(shown[`twamp.test.${field}`]), nanoseconds(stamp)), field).toBe(true);
      }
    });
  });
});
