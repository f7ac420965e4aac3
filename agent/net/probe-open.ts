import { loadLibc } from "./linux-libc.ts";
import { createLinuxSockets } from "./linux-sockets.ts";
import { createDgramSockets } from "./probe-dgram.ts";
import type { ProbeSockets } from "./probe-sockets.ts";

/** `kernel`: libc, with stamps by the kernel and ICMP. `portable`: node:dgram, STAMP only (ICMP is fping's). */
export type SocketKind = "kernel" | "portable";

/** The best sockets that this host has; `portable` asks for the lesser ones. `random` gives 32 random bits. */
export async function openProbeSockets(
  random: () => number,
  wanted: SocketKind = "kernel",
): Promise<{ readonly sockets: ProbeSockets; readonly kind: SocketKind; readonly why: string }> {
  const libc = wanted === "kernel" ? await loadLibc() : undefined;
  if (libc?.ok) return { sockets: createLinuxSockets(libc.value, random), kind: "kernel", why: "" };
  const why = libc === undefined ? "portable sockets were asked for" : libc.error;
  return { sockets: createDgramSockets(why), kind: "portable", why };
}
