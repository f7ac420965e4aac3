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

/** A capture in which each message is a TCP segment of its own, from port 40000 to `port`: raw IPv4 (LINKTYPE_RAW). */
export function pcapOfMessages(messages: readonly Uint8Array[], port: number): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262_144, 16);
  head.writeUInt32LE(101, 20);
  let sequence = 1;
  return Buffer.concat([
    head,
    ...messages.flatMap((message) => {
      const frame = Buffer.alloc(16 + 40);
      frame.writeUInt32LE(40 + message.length, 8);
      frame.writeUInt32LE(40 + message.length, 12);
      frame[16] = 0x45;
      frame.writeUInt16BE(40 + message.length, 18);
      frame[24] = 64;
      frame[25] = 6;
      frame.set([127, 0, 0, 2, 127, 0, 0, 1], 28);
      frame.writeUInt16BE(40_000, 36);
      frame.writeUInt16BE(port, 38);
      frame.writeUInt32BE(sequence, 40);
      frame.writeUInt32BE(1, 44);
      frame[48] = 0x50;
      frame[49] = 0x18;
      frame.writeUInt16BE(65_535, 50);
      sequence += message.length;
      return [frame, message];
    }),
  ]);
}
