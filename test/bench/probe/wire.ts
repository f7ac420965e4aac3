// The link that is measured over: near and far, each in a namespace, and between them one whose relay makes delay, loss,
// copies and disorder (the kernel here has no netem). The far end answers at every address of two networks.

import { rm } from "node:fs/promises";
import { attempt, inNamespace, run } from "../../routers/lab/processes.ts";
import { until } from "../../routers/lab/until.ts";
import { startProgram } from "./program.ts";
import type { RelayCounts, RelayManner } from "./relay.ts";

export type Family = 4 | 6;

/** Address `n` of the far end in network `of`, one network for each prober. */
export function farAddress(family: Family, of: number, n = 1): string {
  return family === 4 ? `10.98.${of}.${n}` : `fd00:98::${of.toString(16)}:${n.toString(16)}`;
}

/** As many addresses as asked for, over the networks from 16 on. */
export function farAddresses(family: Family, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => farAddress(family, 16 + Math.floor(i / 250), 1 + (i % 250)));
}

export const nearAddress = { 4: "10.99.0.1", 6: "fd00:99::1" } as const;
const farEnd = { 4: "10.99.0.2", 6: "fd00:99::2" } as const;
/** Milliseconds each way; as far as an MSEE of another city. */
export const oneWay = 10;
export const calm: RelayManner = {
  delay: oneWay,
  loss: 0,
  copies: 0,
  late: 0,
  lateBy: 0,
  overtaken: 0,
  overtakenBy: 0,
};

export type Wire = Awaited<ReturnType<typeof createWire>>;

/** `relayed`: through the relay; else the two ends are joined by one cable. */
export async function createWire(name: string, relayed: boolean) {
  const [near, middle, far] = [`${name}-near`, `${name}-mid`, `${name}-far`];
  const remove = async () => {
    for (const ns of [near, middle, far]) await attempt("ip", ["netns", "del", ns]);
  };
  try {
    for (const ns of [near, middle, far]) await run("ip", ["netns", "add", ns]);
    const cable = (a: string, nameA: string, b: string, nameB: string) =>
      run("ip", ["link", "add", nameA, "netns", a, "type", "veth", "peer", "name", nameB, "netns", b]);
    if (relayed) {
      await cable(near, "p0", middle, "r0");
      await cable(middle, "r1", far, "p0");
      for (const leg of ["r0", "r1"]) await run("ip", ["-n", middle, "link", "set", leg, "up"]);
    } else await cable(near, "p0", far, "p0");

    for (const [ns, end] of [
      [near, nearAddress],
      [far, farEnd],
    ] as const) {
      const sysctls = [
        "net.ipv4.icmp_ratelimit=0",
        "net.ipv6.icmp.ratelimit=0",
        "net.ipv4.ping_group_range=0 2147483647",
        // The reflector answers from addresses that only a route makes its own.
        "net.ipv6.ip_nonlocal_bind=1",
      ];
      await run(...inNamespace(ns, "sysctl", ["-q", "-w", ...sysctls]));
      await run("ip", ["-n", ns, "address", "add", `${end[4]}/30`, "dev", "p0"]);
      await run("ip", ["-n", ns, "address", "add", `${end[6]}/126`, "dev", "p0", "nodad"]);
      for (const device of ["lo", "p0"]) await run("ip", ["-n", ns, "link", "set", device, "up"]);
    }
    for (const [net4, net6] of [["10.98.0.0/16", "fd00:98::/64"]] as const) {
      await run("ip", ["-n", far, "route", "add", "local", net4, "dev", "lo"]);
      await run("ip", ["-n", far, "route", "add", "local", net6, "dev", "lo"]);
      await run("ip", ["-n", near, "route", "add", net4, "via", farEnd[4]]);
      await run("ip", ["-n", near, "route", "add", net6, "via", farEnd[6]]);
    }
    const relay = relayed ? await startProgram<undefined>(middle, "relay.ts", calm) : undefined;
    for (const address of [farAddress(4, 1), farAddress(6, 1)]) {
      const answers = async () => (await attempt(...inNamespace(near, "ping", ["-c1", "-W1", address]))).code === 0;
      await until(`the link carries to ${address}`, answers, { within: 15_000 });
    }

    return {
      near,
      far,
      /** Has the relay behave so from now on; gives what it did in the manner before. */
      relay: (manner: RelayManner): Promise<RelayCounts> => {
        if (relay === undefined) throw new Error("this link has no relay");
        return relay.ask<RelayCounts>(manner);
      },
      async remove(...files: readonly string[]) {
        await relay?.stop();
        for (const file of files) await rm(file, { force: true, recursive: true });
        await remove();
      },
    };
  } catch (cause) {
    await remove();
    throw cause;
  }
}
