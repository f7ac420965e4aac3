import { describe, expect, it } from "vitest";
import { decodeNotification, shutdownReason } from "../../../agent/wire/bgp/notification.ts";
import { asnOf, decodeOpen, hasPathIds, type OpenMessage } from "../../../agent/wire/bgp/open.ts";
import * as w from "../../support/bmp.ts";

const decode = (message: Uint8Array) => decodeOpen(message, 0, message.length);
function opened(message: Uint8Array): OpenMessage {
  const open = decode(message);
  if (!open.ok) throw new Error(open.error.kind);
  return open.value;
}

describe("an OPEN", () => {
  it("has a large AS number in its capability", () => {
    const open = opened(w.open({ asn: 4_200_000_017, holdTime: 30, bgpId: "10.255.0.1" }));
    expect(open).toMatchObject({ version: 4, myAs: 23_456, holdTime: 30, bgpIdentifier: 0x0aff_0001 });
    expect(asnOf(open)).toBe(4_200_000_017);
  });

  it("agrees on path identifiers with another, one way or both", () => {
    const of = (sendReceive: number) =>
      opened(w.open({ asn: 1, capabilities: [w.addPath(w.ipv4Unicast, sendReceive)] }));
    const [receives, sends, both] = [of(1), of(2), of(3)];
    expect(hasPathIds(sends, receives, w.ipv4Unicast)).toBe(true);
    expect(hasPathIds(receives, sends, w.ipv4Unicast)).toBe(false);
    expect(hasPathIds(both, both, w.ipv4Unicast)).toBe(true);
    expect(hasPathIds(both, both, w.ipv6Unicast)).toBe(false);
  });

  it("may have parameters in the long form (RFC 9072)", () => {
    const capability = w.capability(65, w.u32(70_000));
    const parameter = w.joined(Uint8Array.of(2), w.u16(capability.length), capability);
    const head = w.joined(Uint8Array.of(4), w.u16(23_456), w.u16(90), w.u32(1));
    const message = w.bgp(1, w.joined(head, Uint8Array.of(255, 255), w.u16(parameter.length), parameter));
    expect(asnOf(opened(message))).toBe(70_000);
  });

  it.each([
    ["parameters beyond its end", 28, 99, { kind: "length", offset: 28 }],
    ["a capability beyond its parameter", 32, 99, { kind: "truncated", offset: 37 }],
    ["another type", 18, 2, { kind: "type", offset: 18 }],
  ] as const)("with %s is refused", (_, at, octet, error) => {
    const message = Uint8Array.from(w.open({ asn: 12076 }));
    message[at] = octet;
    expect(decode(message)).toEqual({ ok: false, error });
  });
});

describe("a NOTIFICATION", () => {
  const reasonIn = (code: number, subcode: number, data: Uint8Array) => {
    const message = w.notification(code, subcode, data);
    const read = decodeNotification(message, 0, message.length);
    return read.ok ? shutdownReason(read.value) : read.error.kind;
  };
  const text = (said: string) => {
    const octets = new TextEncoder().encode(said);
    return w.joined(Uint8Array.of(octets.length), octets);
  };

  it("gives what was written by whoever shut the session, without what could not be shown", () => {
    expect(reasonIn(6, 2, text("Wartung 4711: \u{1f6e0}"))).toBe("Wartung 4711: \u{1f6e0}");
    expect(reasonIn(6, 4, text("a\u0000b\u001b[31mc\r\nd"))).toBe("ab[31mcd");
  });

  it.each([
    ["another subcode", 6, 1, text("x")],
    ["no text", 6, 2, Uint8Array.of(0)],
    ["no data", 6, 2, new Uint8Array(0)],
    ["a length beyond its end", 6, 2, Uint8Array.of(9, 65)],
    ["no UTF-8", 6, 2, Uint8Array.of(2, 0xff, 0xfe)],
  ])("with %s says nothing", (_, code, subcode, data) => {
    expect(reasonIn(code, subcode, data)).toBeUndefined();
  });
});
