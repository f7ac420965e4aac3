import { loadLibc } from "./linux-libc.ts";
import { linuxUdp } from "./linux-udp.ts";
import type { SocketKind } from "./probe-open.ts";
import { createUdpSocket, type UdpHandlers, type UdpOptions, type UdpSocket } from "./udp.ts";

export type UdpFactory = (options: UdpOptions, handlers: UdpHandlers) => UdpSocket;

/** The cheapest sockets that this host has; `portable` asks for those that every host has. */
export async function openUdp(wanted: SocketKind): Promise<UdpFactory> {
  const libc = wanted === "kernel" ? await loadLibc() : undefined;
  if (libc?.ok !== true) return createUdpSocket;
  const kernel = linuxUdp(libc.value);
  return (options, handlers) => (options.family === 4 ? kernel : createUdpSocket)(options, handlers);
}
