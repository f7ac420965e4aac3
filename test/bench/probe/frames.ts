// Ethernet frames of probes: which they are, and what stands in them.

import { internetChecksum } from "../../../agent/wire/icmp.ts";
import { stampPort } from "../../../agent/wire/stamp.ts";

const ethernetHeader = 14;
const protocols = { icmp: 1, udp: 17, icmp6: 58 } as const;

export interface Packet {
  readonly family: 4 | 6;
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  /** After the IP header. */
  readonly payload: Uint8Array;
}

export interface Probe {
  readonly direction: "there" | "back";
  /** The far end. */
  readonly address: string;
  /** What an answer has in common with its probe, and no other has within a run. */
  readonly key: string;
  /** Of STAMP, the whole packet. */
  readonly stamp: Uint8Array | undefined;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Where the IP payload of a frame begins, its protocol and family; undefined for anything else. */
function layout(
  frame: Uint8Array,
): { readonly family: 4 | 6; readonly protocol: number; readonly at: number } | undefined {
  if (frame.length < ethernetHeader + 20) return undefined;
  const type = viewOf(frame).getUint16(12);
  if (type === 0x0800) {
    const at = ethernetHeader + ((frame[ethernetHeader] ?? 0) & 0x0f) * 4;
    return { family: 4, protocol: frame[ethernetHeader + 9] ?? 0, at };
  }
  if (type === 0x86dd) return { family: 6, protocol: frame[ethernetHeader + 6] ?? 0, at: ethernetHeader + 40 };
  return undefined;
}

/** An echo or its reply, or UDP to or from the reflector's port: nothing else is lost or held up. */
export function probeIn(frame: Uint8Array): boolean {
  const found = layout(frame);
  if (found === undefined || frame.length < found.at + 8) return false;
  const { protocol, at } = found;
  const type = frame[at];
  if (protocol === protocols.icmp) return type === 8 || type === 0;
  if (protocol === protocols.icmp6) return type === 128 || type === 129;
  return protocol === protocols.udp;
}

/** Puts the right checksum into a UDP datagram; gives the frame. */
export function sealUdp(frame: Uint8Array): Uint8Array {
  const found = layout(frame);
  if (found === undefined || found.protocol !== protocols.udp || frame.length < found.at + 8) return frame;
  const view = viewOf(frame);
  const length = view.getUint16(found.at + 4);
  const addresses = found.family === 4 ? frame.subarray(26, 34) : frame.subarray(22, 54);
  view.setUint16(found.at + 6, 0);
  const covered = new Uint8Array(addresses.length + 4 + length);
  covered.set(addresses);
  viewOf(covered).setUint16(addresses.length, protocols.udp);
  viewOf(covered).setUint16(addresses.length + 2, length);
  covered.set(frame.subarray(found.at, found.at + length), addresses.length + 4);
  const sum = internetChecksum(covered);
  view.setUint16(found.at + 6, sum === 0 ? 0xffff : sum);
  return frame;
}

function packetIn(frame: Uint8Array): Packet | undefined {
  const found = layout(frame);
  if (found === undefined) return undefined;
  const { family, protocol, at } = found;
  const address = (start: number) => {
    if (family === 4) return frame.subarray(start, start + 4).join(".");
    const words = Array.from({ length: 8 }, (_, i) => viewOf(frame).getUint16(start + i * 2));
    // Those of the benchmark have one gap, of zeros, between the second word and the last two.
    const [a = 0, b = 0] = words;
    const end = words.slice(6).map((word) => word.toString(16));
    return `${a.toString(16)}:${b.toString(16)}::${end.join(":")}`;
  };
  const [source, destination] = family === 4 ? [26, 30] : [22, 38];
  return { family, protocol, source: address(source), destination: address(destination), payload: frame.subarray(at) };
}

/** The probe or answer that a frame carries; undefined for anything else. */
export function readProbe(frame: Uint8Array): Probe | undefined {
  const packet = probeIn(frame) ? packetIn(frame) : undefined;
  if (packet === undefined) return undefined;
  const { protocol, payload, source, destination } = packet;
  const view = viewOf(payload);
  if (protocol === protocols.udp) {
    const there = view.getUint16(2) === stampPort;
    if (!there && view.getUint16(0) !== stampPort) return undefined;
    const stamp = payload.subarray(8);
    if (stamp.length < (there ? 14 : 36)) return undefined;
    // Sequence number and timestamp of the Session-Sender, which the answer holds from octet 24 on.
    const own = viewOf(stamp.subarray(there ? 0 : 24));
    const port = view.getUint16(there ? 0 : 2);
    return {
      direction: there ? "there" : "back",
      address: there ? destination : source,
      key: `${port} ${own.getUint32(0)} ${own.getUint32(4)} ${own.getUint32(8)}`,
      stamp,
    };
  }
  const request = payload[0] === 8 || payload[0] === 128;
  // Identifier and sequence come round within a run of many probes; what follows does not, whoever sent it.
  return {
    direction: request ? "there" : "back",
    address: request ? destination : source,
    key: Buffer.from(payload.subarray(4, 40)).toString("latin1"),
    stamp: undefined,
  };
}
