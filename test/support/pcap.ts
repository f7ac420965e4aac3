// Streams of a capture file, as a test needs them: classic pcap of Ethernet frames, IPv4, TCP whose segments are in order.

export interface Segment {
  /** Of the frame in the file, from 1, as Wireshark counts. */
  readonly frame: number;
  readonly payload: Uint8Array;
}

/** What was sent to a TCP port, by source port in order of appearance. Throws when octets are missing. */
export function tcpStreamsTo(port: number, file: Uint8Array): ReadonlyMap<number, readonly Segment[]> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0, true) !== 0xa1b2c3d4 || view.getUint32(20, true) !== 1) throw new Error("no pcap of Ethernet");
  const streams = new Map<number, Segment[]>();
  const next = new Map<number, number>();
  for (let at = 24, frame = 1; at < file.length; frame++) {
    const length = view.getUint32(at + 8, true);
    const ip = at + 16 + 14;
    const tcp = ip + (view.getUint8(ip) & 0x0f) * 4;
    const from = view.getUint16(tcp);
    if (view.getUint16(tcp + 2) === port) {
      const data = tcp + (view.getUint8(tcp + 12) >> 4) * 4;
      const payload = file.subarray(data, ip + view.getUint16(ip + 2));
      const sequence = view.getUint32(tcp + 4);
      const isSyn = (view.getUint8(tcp + 13) & 0x02) !== 0;
      const expected = next.get(from) ?? sequence;
      if (sequence !== expected && payload.length > 0) throw new Error(`frame ${frame} is out of order`);
      next.set(from, (sequence + payload.length + (isSyn ? 1 : 0)) >>> 0);
      const segments = streams.get(from) ?? [];
      streams.set(from, segments);
      if (payload.length > 0) segments.push({ frame, payload });
    }
    at += 16 + length;
  }
  return streams;
}
