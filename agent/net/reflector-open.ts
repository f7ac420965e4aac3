import { createDgramReflectorSocket } from "./dgram-reflector.ts";
import { clockErrorOf } from "./linux-clock.ts";
import { loadLibc } from "./linux-libc.ts";
import { createLinuxReflectorSocket } from "./linux-reflector.ts";
import type { SocketKind } from "./probe-open.ts";
import type { ReflectorSocket } from "./reflector-socket.ts";

export interface OpenedReflector {
  readonly socket: ReflectorSocket;
  /** Greatest error of the wall clock in seconds; undefined while it is not known to be synchronised. */
  readonly clockError: () => number | undefined;
  /** Why it is the lesser kind; empty for `kernel`. */
  readonly why: string;
}

/** The best socket that this host has; `portable` asks for the lesser one. `octets` are those of the address `host`. */
export async function openReflectorSocket(
  { host, octets, port }: { readonly host: string; readonly octets: Uint8Array; readonly port: number },
  wanted: SocketKind,
): Promise<OpenedReflector> {
  const libc = wanted === "kernel" ? await loadLibc() : undefined;
  if (libc?.ok) {
    const socket = createLinuxReflectorSocket(libc.value, host, octets, port);
    return { socket, clockError: clockErrorOf(libc.value), why: "" };
  }
  const why = libc === undefined ? "portable sockets were asked for" : libc.error;
  return { socket: createDgramReflectorSocket(host, port), clockError: () => undefined, why };
}
