import { describe, expect, it } from "vitest";
import {
  type BmpFault,
  bmpMessageLength,
  bmpTypeOf,
  decodeInformation,
  decodePeerDown,
  decodePeerUp,
  decodePerPeerHeader,
  decodeStatistics,
  longestBmpMessage,
  peerAddressOf,
  peerTypes,
} from "../../../agent/wire/bmp/message.ts";
import * as w from "../../support/bmp.ts";

const peer = { address: "172.16.0.2", asn: 4_200_000_017, seconds: 1_795_880_734 } as const;
const opens = { sent: w.open({ asn: 65010 }), received: w.open({ asn: 12076, holdTime: 30 }) };

function headerOf(message: Uint8Array) {
  const header = decodePerPeerHeader(message, 0, message.length);
  if (!header.ok) throw new Error(header.error.kind);
  return header.value;
}

describe("the length of a BMP message", () => {
  it("is known from its first octets, and checked before anything waits for it", () => {
    const message = w.initiation("ce1", "a router");
    expect(bmpMessageLength(message, 0, 5)).toEqual({ ok: true, value: 0 });
    expect(bmpMessageLength(message, 0, 6)).toEqual({ ok: true, value: message.length });
    const of = (version: number, length: number) =>
      bmpMessageLength(w.joined(Uint8Array.of(version), w.u32(length), Uint8Array.of(0)), 0, 6);
    expect(of(2, 100)).toEqual({ ok: false, error: { kind: "version", offset: 0 } });
    expect(of(3, 5)).toEqual({ ok: false, error: { kind: "length", offset: 1 } });
    expect(of(3, longestBmpMessage)).toEqual({ ok: true, value: longestBmpMessage });
    expect(of(3, longestBmpMessage + 1)).toEqual({ ok: false, error: { kind: "oversized", offset: 1 } });
    expect(bmpTypeOf(w.bmp(99, new Uint8Array(0)), 0)).toBeUndefined();
  });
});

describe("the per-peer header", () => {
  it("is read with its flags and either address", () => {
    const header = headerOf(w.peerDown({ ...peer, flags: w.postPolicy | w.twoOctetAs }, 4));
    expect(header).toMatchObject({ isIpv6: false, isPostPolicy: true, asOctets: 2, isAdjRibOut: false });
    expect(header).toMatchObject({ peerAs: 4_200_000_017, peerBgpId: 0x0a00_0002, timestampSeconds: 1_795_880_734 });
    const six = w.peerDown({ address: "2001:db8::2", asn: 12076, flags: w.adjRibOut }, 4);
    expect(headerOf(six)).toMatchObject({ isIpv6: true, isAdjRibOut: true });
    expect(peerAddressOf(six, headerOf(six))).toEqual(w.addressOctets("2001:db8::2"));
  });

  it("of the Loc-RIB has other flags (RFC 9069 section 4.2)", () => {
    const filtered = w.peerDown({ address: "0.0.0.0", asn: 65010, peerType: peerTypes.locRib, flags: 0xf0 }, 5);
    expect(headerOf(filtered)).toMatchObject({ isIpv6: false, isPostPolicy: false, asOctets: 4, isAdjRibOut: false });
  });
});

describe("a Peer Up", () => {
  it("has both OPENs, and what stands behind them", () => {
    const message = w.peerUp(peer, opens);
    const tlv = w.tlv(0, new TextEncoder().encode("vrf red"));
    const longer = w.bmp(3, w.joined(message.subarray(6), tlv));
    const up = decodePeerUp(longer, 0, longer.length, headerOf(longer));
    expect(up).toMatchObject({
      ok: true,
      value: {
        localAddress: w.addressOctets("172.16.0.1"),
        localPort: 179,
        remotePort: 40_000,
        sentOpen: { myAs: 65010, holdTime: 180 },
        receivedOpen: { myAs: 12076, holdTime: 30 },
        information: [{ type: 0 }],
      },
    });
  });

  it("may have an OPEN that ends behind its header, as FRR writes it where it has none", () => {
    const message = w.peerUp(peer, { ...opens, received: w.bgp(1, new Uint8Array(0)) });
    const up = decodePeerUp(message, 0, message.length, headerOf(message));
    expect(up).toMatchObject({
      ok: true,
      value: { sentOpen: { myAs: 65010 }, receivedOpen: undefined, information: [] },
    });
  });
});

describe("a Peer Down", () => {
  const down = (message: Uint8Array) => decodePeerDown(message, 0, message.length);
  it.each([
    [w.peerDown(peer, 1, w.notification(4, 0)), { reason: "localNotification", notification: { code: 4, subcode: 0 } }],
    [w.peerDown(peer, 2, w.u16(18)), { reason: "localFsmEvent", fsmEvent: 18 }],
    [
      w.peerDown(peer, 3, w.notification(6, 2)),
      { reason: "remoteNotification", notification: { code: 6, subcode: 2 } },
    ],
    [w.peerDown(peer, 4), { reason: "remoteNoNotification" }],
    [w.peerDown(peer, 5), { reason: "deconfigured" }],
    [w.peerDown(peer, 6, w.tlv(3, w.u16(1))), { reason: "localTlv" }],
    [w.peerDown(peer, 77), { reason: undefined, reasonCode: 77 }],
  ])("gives its reason (%#)", (message, expected) => {
    expect(down(message)).toMatchObject({ ok: true, value: expected });
  });

  it("without its reason, its event or its NOTIFICATION is refused", () => {
    const cut = (message: Uint8Array, by: number) => w.bmp(2, message.subarray(6, message.length - by));
    expect(down(cut(w.peerDown(peer, 4), 1))).toEqual({ ok: false, error: { kind: "truncated", offset: 48 } });
    expect(down(cut(w.peerDown(peer, 2, w.u16(18)), 1))).toEqual({
      ok: false,
      error: { kind: "truncated", offset: 50 },
    });
    expect(down(w.peerDown(peer, 3))).toEqual({ ok: false, error: { kind: "truncated", offset: 49 } });
  });
});

describe("statistics", () => {
  it("are read by type, and by family where they are of one", () => {
    const message = w.statistics(peer, [
      w.tlv(0, w.u32(3)),
      w.tlv(7, w.u64(2 ** 40 + 1)),
      w.tlv(9, w.joined(Uint8Array.of(0, 2, 1), w.u64(77))),
      w.tlv(65_531, w.u32(1)),
      w.tlv(8, w.u32(5)),
    ]);
    expect(decodeStatistics(message, 0, message.length)).toEqual({
      ok: true,
      value: [
        { type: 0, afi: 0, safi: 0, value: 3 },
        { type: 7, afi: 0, safi: 0, value: 2 ** 40 + 1 },
        { type: 9, afi: 2, safi: 1, value: 77 },
        { type: 65_531, afi: 0, safi: 0, value: undefined },
        // A gauge of four octets is not what RFC 7854 has: nothing is made of it.
        { type: 8, afi: 0, safi: 0, value: undefined },
      ],
    });
  });

  it.each<[string, Uint8Array, BmpFault]>([
    [
      "another number of them",
      w.bmp(1, w.joined(w.perPeer(peer), w.u32(2), w.tlv(0, w.u32(3)))),
      { kind: "length", offset: 48 },
    ],
    [
      "one beyond the end",
      w.bmp(1, w.joined(w.perPeer(peer), w.u32(1), w.u16(0), w.u16(9))),
      { kind: "length", offset: 54 },
    ],
    ["no count", w.bmp(1, w.perPeer(peer)), { kind: "truncated", offset: 48 }],
  ])("with %s are refused", (_, message, error) => {
    expect(decodeStatistics(message, 0, message.length)).toEqual({ ok: false, error });
  });
});

describe("Initiation and Termination", () => {
  it("are their TLVs", () => {
    const message = w.termination(3, "bye");
    expect(decodeInformation(message, 0, message.length)).toEqual({
      ok: true,
      value: [
        { type: 1, value: w.u16(3) },
        { type: 0, value: new TextEncoder().encode("bye") },
      ],
    });
    const cut = w.bmp(4, Uint8Array.of(0, 1, 0));
    expect(decodeInformation(cut, 0, cut.length)).toEqual({ ok: false, error: { kind: "truncated", offset: 9 } });
  });
});
