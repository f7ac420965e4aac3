// The recorded stream of FRR, cut into its messages (test/captures/bmp/README.md).

import { readFileSync } from "node:fs";
import { bmpMessageLength } from "../../agent/wire/bmp/message.ts";
import { tcpStreamsTo } from "./pcap.ts";

export const bmpPort = 11_019;

export function recordedStream(): Uint8Array {
  const file = readFileSync(new URL("../captures/bmp/frr-8.4.4.pcap", import.meta.url));
  return Buffer.concat([...tcpStreamsTo(bmpPort, file).values()].flat().map(({ payload }) => payload));
}

export function recordedMessages(): readonly Uint8Array[] {
  const stream = recordedStream();
  const messages: Uint8Array[] = [];
  for (let at = 0; at < stream.length; ) {
    const length = bmpMessageLength(stream, at, stream.length);
    if (!length.ok || length.value === 0) throw new Error(`no BMP message at octet ${at} of the recording`);
    messages.push(stream.subarray(at, at + length.value));
    at += length.value;
  }
  return messages;
}
