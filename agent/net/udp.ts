// UDP sockets as everything in `net/` uses them: bound once, shared, many peers.

import { createSocket, type SocketType } from "node:dgram";
import { isIPv6 } from "node:net";

export type AddressFamily = 4 | 6;

export interface UdpOptions {
  readonly family: AddressFamily;
  /** Local address; every address of the host when left out. */
  readonly address?: string;
  /** Local port; the kernel chooses when left out. */
  readonly port?: number;
}

export interface UdpHandlers {
  /** One datagram. `bytes` belongs to the handler. */
  message(bytes: Uint8Array, address: string, port: number): void;
  /** The socket failed outside a send; it stays usable. */
  error(code: string): void;
}

export interface UdpSocket {
  /** Binds; rejects with the system's error when it cannot. */
  start(): Promise<void>;
  /** `failed` is called with the system's error code when the kernel refuses the datagram. */
  send(bytes: Uint8Array, port: number, address: string, failed: (code: string) => void): void;
  /** The bound port; 0 before `start`. */
  port(): number;
  stop(): Promise<void>;
}

/** Room for a burst of answers; the kernel grants at most net.core.rmem_max. */
const receiveBuffer = 1 << 20;

export function createUdpSocket(options: UdpOptions, handlers: UdpHandlers): UdpSocket {
  const type: SocketType = options.family === 6 ? "udp6" : "udp4";
  let socket: ReturnType<typeof createSocket> | undefined;
  return {
    start() {
      const opened = createSocket({
        type,
        ipv6Only: options.family === 6,
        recvBufferSize: receiveBuffer,
        // dgram resolves even literal addresses, on a later tick: a datagram would leave after
        // its successor. Only literal addresses come here, so they are answered at once.
        lookup: (hostname, _options, done) => done(null, hostname, options.family),
      });
      socket = opened;
      opened.on("message", (bytes, from) => handlers.message(bytes, from.address, from.port));
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
    send(bytes, port, address, failed) {
      if (socket === undefined) return failed("EBADF");
      socket.send(bytes, 0, bytes.length, port, address, (error) => {
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

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
