import { ok, type Result } from "../lib/result.ts";
import { loadLibc } from "./linux-libc.ts";
import { createLinuxTraceSockets } from "./linux-trace.ts";
import type { TraceSockets } from "./trace-sockets.ts";

/** Fails with the reason where there is no error queue to read: without Linux, or without koffi. `random` gives 32 bits. */
export async function openTraceSockets(random: () => number): Promise<Result<TraceSockets, string>> {
  const libc = await loadLibc();
  return libc.ok ? ok(createLinuxTraceSockets(libc.value, random)) : libc;
}
