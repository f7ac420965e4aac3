// One UDP socket that answers for every address of 127.0.0.0/8: IP_PKTINFO (ip(7)) says which address a datagram
// was sent to, and from which its answer leaves. Batches of datagrams, by recvmmsg and sendmmsg.

import {
  AF_INET,
  type Libc,
  MSG_DONTWAIT,
  POLLIN,
  SO_RCVBUF,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../../agent/net/linux-libc.ts";

const IPPROTO_IP = 0;
const IP_PKTINFO = 8;
const batch = 64;
const headerSize = 64;
const vectorSize = 16;
const addressSize = 16;
const controlSize = 32;
const dataSize = 2_048;
const receiveBuffer = 4 << 20;
const SO_BINDTODEVICE = 25;

/** A datagram's far end, as the kernel wrote it, and the local address that was asked. */
export interface Origin {
  readonly port: number;
  readonly address: number;
  readonly asked: number;
}

export interface ManyAddresses {
  readonly port: number;
  /** Waits for datagrams, at most so many milliseconds, and hands them over. `bytes` is good until it returns. */
  receive(wait: number, take: (bytes: Uint8Array, origin: Origin) => void): number;
  /** Sends soon; at the latest with `flush`. */
  send(bytes: Uint8Array, to: Origin): void;
  flush(): void;
}

function messages(libc: Libc) {
  const headers = libc.arena(batch * headerSize);
  const vectors = libc.arena(batch * vectorSize);
  const addresses = libc.arena(batch * addressSize);
  const controls = libc.arena(batch * controlSize);
  const data = libc.arena(batch * dataSize);
  for (let i = 0; i < batch; i++) {
    const h = i * headerSize;
    headers.view.setBigUint64(h, BigInt(addresses.address + i * addressSize), true);
    headers.view.setBigUint64(h + 16, BigInt(vectors.address + i * vectorSize), true);
    headers.view.setBigUint64(h + 24, 1n, true);
    headers.view.setBigUint64(h + 32, BigInt(controls.address + i * controlSize), true);
    vectors.view.setBigUint64(i * vectorSize, BigInt(data.address + i * dataSize), true);
    vectors.view.setBigUint64(i * vectorSize + 8, BigInt(dataSize), true);
  }
  const reset = (i: number) => {
    headers.view.setUint32(i * headerSize + 8, addressSize, true);
    headers.view.setUint32(i * headerSize + 40, controlSize, true);
  };
  return { headers, vectors, addresses, controls, data, reset };
}

export function openManyAddresses(libc: Libc): ManyAddresses {
  const fd = libc.socket(AF_INET, SOCK_DGRAM, 0);
  const scratch = libc.arena(64);
  const must = (result: number, what: string) => {
    if (result < 0) throw new Error(`${what}: ${libc.lastError()}`);
  };
  const option = (level: number, name: number, value: number) => {
    scratch.view.setInt32(0, value, true);
    must(libc.setsockopt(fd, level, name, scratch.address, 4), `option ${name}`);
  };
  must(fd, "socket");
  option(IPPROTO_IP, IP_PKTINFO, 1);
  option(SOL_SOCKET, SO_RCVBUF, receiveBuffer);
  scratch.bytes.set(Buffer.from("lo\0"));
  must(libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, scratch.address, 3), "SO_BINDTODEVICE");
  scratch.view.setUint16(0, AF_INET, true);
  scratch.view.setUint16(2, 0);
  // Every address, for 127.0.0.0/8 is more than one; but of loopback only.
  scratch.view.setUint32(4, 0);
  must(libc.bind(fd, scratch.address, addressSize), "bind");
  scratch.view.setUint32(32, addressSize, true);
  must(libc.getsockname(fd, scratch.address, scratch.address + 32), "getsockname");
  const port = scratch.view.getUint16(2);
  scratch.view.setInt32(40, fd, true);
  scratch.view.setInt16(44, POLLIN, true);

  const incoming = messages(libc);
  const outgoing = messages(libc);
  let queued = 0;

  function flush(): void {
    for (let from = 0; from < queued; ) {
      const sent = libc.sendmmsg(fd, outgoing.headers.address + from * headerSize, queued - from, 0);
      // A datagram that the kernel refuses is lost, as on any network.
      from += Math.max(1, sent);
    }
    queued = 0;
  }

  return {
    port,
    receive(wait, take) {
      scratch.view.setBigInt64(0, BigInt(Math.floor(wait / 1_000)), true);
      scratch.view.setBigInt64(8, BigInt(Math.floor((wait % 1_000) * 1e6)), true);
      if (libc.ppoll(scratch.address + 40, 1, scratch.address, 0) <= 0) return 0;
      for (let i = 0; i < batch; i++) incoming.reset(i);
      const count = libc.recvmmsg(fd, incoming.headers.address, batch, MSG_DONTWAIT, 0);
      for (let i = 0; i < count; i++) {
        const length = incoming.headers.view.getUint32(i * headerSize + 56, true);
        take(incoming.data.bytes.subarray(i * dataSize, i * dataSize + length), {
          port: incoming.addresses.view.getUint16(i * addressSize + 2),
          address: incoming.addresses.view.getUint32(i * addressSize + 4),
          // Behind the header of 16 octets: the interface, the local address, the address of the datagram.
          asked: incoming.controls.view.getUint32(i * controlSize + 24),
        });
      }
      return Math.max(0, count);
    },
    send(bytes, { port: toPort, address, asked }) {
      if (queued === batch) flush();
      const i = queued++;
      outgoing.reset(i);
      outgoing.data.bytes.set(bytes, i * dataSize);
      outgoing.vectors.view.setBigUint64(i * vectorSize + 8, BigInt(bytes.length), true);
      outgoing.addresses.view.setUint16(i * addressSize, AF_INET, true);
      outgoing.addresses.view.setUint16(i * addressSize + 2, toPort);
      outgoing.addresses.view.setUint32(i * addressSize + 4, address);
      const c = i * controlSize;
      outgoing.controls.view.setBigUint64(c, 28n, true);
      outgoing.controls.view.setInt32(c + 8, IPPROTO_IP, true);
      outgoing.controls.view.setInt32(c + 12, IP_PKTINFO, true);
      outgoing.controls.view.setInt32(c + 16, 0, true);
      outgoing.controls.view.setUint32(c + 20, asked);
    },
    flush,
  };
}
