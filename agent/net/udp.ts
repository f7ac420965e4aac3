// UDP sockets as everything in `net/` uses them: bound once, shared, many peers. This one is Node's own and runs
// everywhere; `linux-udp.ts` holds the one that costs less.

import { createSocket, type SocketType } from "node:dgram";
import { isIPv6 } from "node:net";
import { parseIpv4 } from "./endpoint.ts";

export type AddressFamily = 4 | 6;

export interface UdpOptions {
  readonly family: AddressFamily;
  /** Local address; every address of the host when left out. */
  readonly address?: string;
  /** Local port; the kernel chooses when left out. */
  readonly port?: number;
}

/** An address and port, made once for each peer. */
export interface Destination {
  /** As the kernel writes it (`canonicalAddress`). */
  readonly address: string;
  /** The address as a 32-bit number; undefined for IPv6. */
  readonly ipv4: number | undefined;
  readonly port: number;
}

/** Who sent a datagram. Valid only while that datagram is handled. */
export interface Sender {
  is(destination: Destination): boolean;
  address(): string;
  port(): number;
}

export interface UdpHandlers {
  /** One datagram. `bytes` is valid only during the call: what is kept must be copied. */
  message(bytes: Uint8Array, from: Sender): void;
  /** The socket failed outside a send; it stays usable. */
  error(code: string): void;
}

export interface UdpSocket {
  /** Binds; rejects with the system's error when it cannot. */
  start(): Promise<void>;
  /** Takes a copy of `bytes`. `failed` is called with the system's error code when the kernel refuses the datagram. */
  send(bytes: Uint8Array, to: Destination, failed: (code: string) => void): void;
  /** The bound port; 0 before `start`. */
  port(): number;
  stop(): Promise<void>;
}

/** Room for a burst of answers; the kernel grants at most net.core.rmem_max. */
export const receiveBuffer = 1 << 20;

export function createUdpSocket(options: UdpOptions, handlers: UdpHandlers): UdpSocket {
  const { family } = options;
  const type: SocketType = family === 6 ? "udp6" : "udp4";
  let socket: ReturnType<typeof createSocket> | undefined;
  return {
    start() {
      const opened = createSocket({
        type,
        ipv6Only: family === 6,
        recvBufferSize: receiveBuffer,
        // dgram resolves even literal addresses, on a later tick: a datagram would leave after
        // its successor. Only literal addresses come here, so they are answered at once.
        lookup: (hostname, _options, done) => done(null, hostname, family),
      });
      socket = opened;
      opened.on("message", (bytes, from) => handlers.message(bytes, senderOf(from)));
      return new Promise((resolve, reject) => {
        opened.once("error", reject);
        opened.bind(
          { port: options.port ?? 0, ...(options.address === undefined ? {} : { address: options.address }) },
          () => {
            opened.off("error", reject);
            opened.on("error", (error) => handlers.error(codeOf(error)));
            resolve();
          },
        );
      });
    },
    send(bytes, { address, port }, failed) {
      if (socket === undefined) return failed("EBADF");
      // dgram keeps what the kernel does not take at once.
      socket.send(Buffer.from(bytes), port, address, (error) => {
        if (error) failed(codeOf(error));
      });
    },
    port: () => socket?.address().port ?? 0,
    stop() {
      const closing = socket;
      socket = undefined;
      return new Promise((resolve) => (closing === undefined ? resolve() : closing.close(() => resolve())));
    },
  };
}

/** A sender by the names that dgram gives. */
export function senderOf(from: { readonly address: string; readonly port: number }): Sender {
  return {
    is: ({ address, port }) => port === from.port && address === from.address,
    address: () => from.address,
    port: () => from.port,
  };
}

/** Of a literal address. */
export function destinationOf(literal: string, port: number): Destination {
  const address = canonicalAddress(literal);
  return { address, ipv4: parseIpv4(address), port };
}

export function familyOf(address: string): AddressFamily {
  return isIPv6(address) ? 6 : 4;
}

/** The form in which the kernel names the address of a datagram's source: IPv6 shortened, in lower case, with its zone. */
export function canonicalAddress(address: string): string {
  if (!isIPv6(address)) return address;
  const [host, zone] = address.split("%");
  const short = new URL(`http://[${host}]`).hostname.slice(1, -1);
  return zone === undefined ? short : `${short}%${zone}`;
}

export function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
