import { describe, expect, it } from "vitest";
import { decodeSender, encodeSender, reflect, unsynchronised } from "../../agent/wire/stamp.ts";
import { writePadding } from "../../agent/wire/stamp-padding.ts";

const packet = { sequence: 7, timestamp: { seconds: 1, fraction: 2 }, errorEstimate: unsynchronised, ssid: 9 };

function padded(size: number): Uint8Array {
  // Not zero before, as memory that is used again is not.
  const into = new Uint8Array(9_216).fill(0xee);
  into.set(encodeSender(packet));
  return into.slice(0, writePadding(into, size));
}

describe("RFC 8972 section 4.1: Extra Padding", () => {
  it("is none for a packet of 44 octets", () => {
    expect(padded(44)).toEqual(encodeSender(packet));
  });

  it.each([
    [48, [0x80, 1, 0, 0]],
    [49, [0x80, 1, 0, 1, 0]],
    [304, [0x80, 1, 1, 0, ...new Array<number>(256).fill(0)]],
  ])("of a packet of %d octets is one TLV: flags (U), type 1, length, zeros", (size, tlv) => {
    expect(padded(size)).toHaveLength(size);
    expect([...padded(size).subarray(44)]).toEqual(tlv);
  });

  it("leaves the packet what it was, and comes back with the answer", () => {
    const request = padded(500);
    expect(decodeSender(request)).toEqual({ ok: true, value: packet });
    const answer = reflect(request, { receiveTimestamp: packet.timestamp, timestamp: packet.timestamp });
    expect(answer.ok && answer.value.subarray(44)).toEqual(request.subarray(44));
  });
});
