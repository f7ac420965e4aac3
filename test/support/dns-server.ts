// A DNS server (RFC 1035) over UDP and TCP on loopback, as the test wants it to behave; counts what it was asked.

import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { parseAddress } from "../../agent/estate/address.ts";

export type Zone = Readonly<Record<string, Behaviour>>;

export type Behaviour =
  | {
      readonly a?: readonly string[];
      readonly aaaa?: readonly string[];
      readonly cname?: string;
      readonly ttl?: number;
    }
  | "servfail"
  | "refused"
  | "silent"
  /** An answer of another question's number. */
  | "wrongId"
  | "garbage"
  /** A record that ends before its length does. */
  | "cutRecord"
  /** A name that points to itself. */
  | "loop"
  /** Cut over UDP, whole over TCP. */
  | "truncated";

export interface DnsServer {
  /** `address:port`, as the configuration has it. */
  readonly at: string;
  /** Names are added and changed at any time; what is not in it does not exist. */
  zone: Record<string, Behaviour>;
  readonly asked: {
    readonly name: string;
    readonly type: number;
    readonly from: string;
    readonly over: "udp" | "tcp";
  }[];
  stop(): Promise<void>;
}

const types = { a: 1, cname: 5, aaaa: 28 } as const;

/** Over UDP and TCP on one port: what is free in one may be taken in the other. */
async function bindBoth(host: string) {
  for (;;) {
    const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
    udp.bind(0, host);
    await once(udp, "listening");
    const { port } = udp.address();
    const tcp = createServer().listen(port, host);
    const isFree = await once(tcp, "listening").then(
      () => true,
      () => false,
    );
    if (isFree) return { udp, tcp, port };
    udp.close();
  }
}

export async function dnsServer(zone: Zone, host = "127.0.0.1"): Promise<DnsServer> {
  const { udp, tcp, port } = await bindBoth(host);
  const self: DnsServer = {
    at: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
    zone: { ...zone },
    asked: [],
    async stop() {
      udp.close();
      tcp.close();
      await once(tcp, "close");
    },
  };
  udp.on("message", (message, from: RemoteInfo) => {
    for (const answer of answersTo(self, message, from.address, "udp")) udp.send(answer, from.port, from.address);
  });
  tcp.on("connection", (socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (message) => {
      for (const answer of answersTo(self, message.subarray(2), socket.remoteAddress ?? "", "tcp")) {
        socket.end(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 255]), answer]));
      }
    });
  });
  return self;
}

function answersTo({ zone, asked }: DnsServer, message: Buffer, from: string, over: "udp" | "tcp"): readonly Buffer[] {
  const labels: string[] = [];
  let end = 12;
  for (let length = message[end] ?? 0; length > 0; length = message[end] ?? 0) {
    labels.push(message.toString("latin1", end + 1, end + 1 + length));
    end += length + 1;
  }
  const name = labels.join(".").toLowerCase();
  const type = message.readUInt16BE(end + 1);
  const question = message.subarray(12, end + 5);
  asked.push({ name, type, from, over });
  const reply = (code: number, records: readonly Buffer[] = [], flags = 0x84, id = message.subarray(0, 2)) =>
    Buffer.concat([id, Buffer.from([flags, 0x80 | code, 0, 1, 0, records.length, 0, 0, 0, 0]), question, ...records]);
  const record = (kind: number, ttl: number, data: Uint8Array, length = data.length) => {
    const head = Buffer.alloc(12);
    head.writeUInt16BE(0xc00c, 0);
    head.writeUInt16BE(kind, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(ttl, 6);
    head.writeUInt16BE(length, 10);
    return Buffer.concat([head, data]);
  };
  const behaviour = zone[name];
  const anAddress = record(types.a, 60, Buffer.from([10, 1, 2, 3]));
  switch (behaviour) {
    case undefined:
      return [reply(3)];
    case "servfail":
      return [reply(2)];
    case "refused":
      return [reply(5)];
    case "silent":
      return [];
    case "wrongId":
      return [reply(0, [anAddress], 0x84, Buffer.from([(message[0] ?? 0) ^ 255, message[1] ?? 0]))];
    case "garbage":
      return [Buffer.concat([message.subarray(0, 2), Buffer.from("this is no answer of a DNS server")])];
    case "cutRecord":
      return [reply(0, [record(types.a, 60, Buffer.from([10, 1]), 4)])];
    case "loop":
      return [reply(0, [Buffer.concat([Buffer.from([0xc0, end + 5]), anAddress.subarray(2)])])];
    case "truncated":
      return [over === "udp" ? reply(0, [], 0x86) : reply(0, [anAddress])];
  }
  const { a = [], aaaa = [], cname, ttl = 60 } = behaviour;
  if (type === types.cname && cname !== undefined) {
    const encoded = cname.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
    return [reply(0, [record(types.cname, ttl, Buffer.concat([...encoded, Buffer.from([0])]))])];
  }
  const addresses = type === types.a ? a : type === types.aaaa ? aaaa : [];
  return [
    reply(
      0,
      addresses.map((address) => record(type, ttl, octetsOf(address))),
    ),
  ];
}

function octetsOf(text: string): Buffer {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return Buffer.from(address.value.toString(16).padStart(address.family === 4 ? 8 : 32, "0"), "hex");
}
