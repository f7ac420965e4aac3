// The interfaces by which the agent goes out, as the kernel sees them.

import type { OwnInterface, OwnInterfaceState } from "../estate/host-observation.ts";
import { type DeviceCounters, readDevices } from "../wire/proc/counters.ts";

/** Empty where the kernel does not list its interfaces. */
export function interfacesOf(
  names: readonly string[],
  readFile: (path: string) => Uint8Array | undefined,
): readonly OwnInterface[] {
  const octets = readFile("/proc/self/net/dev");
  const devices = octets === undefined ? undefined : readDevices(octets);
  if (devices?.ok !== true) return [];
  return names.map((name) => {
    const counters = devices.value.get(name);
    if (counters === undefined) return { name, state: "absent", detail: "gone", counters: undefined };
    // A name comes from the kernel's own table, and has no slash.
    const text = (file: string) => firstWord(readFile(`/sys/class/net/${name}/${file}`));
    const [operstate, carrier] = [text("operstate"), text("carrier")];
    const detail = `operstate ${operstate ?? "not told"}, carrier ${carrier ?? "not told"}`;
    return { name, state: stateOf(operstate, carrier), detail, counters: troubles(counters) };
  });
}

/** `unknown` is what tunnels and the like always say. Carrier cannot be read while the interface is shut. */
function stateOf(operstate: string | undefined, carrier: string | undefined): OwnInterfaceState {
  if (operstate === "up") return "up";
  if (operstate === "down" || operstate === "lowerlayerdown" || operstate === "notpresent") return "down";
  if (carrier === "0") return "down";
  return carrier === "1" ? "up" : "unknown";
}

function firstWord(octets: Uint8Array | undefined): string | undefined {
  const word = octets === undefined ? "" : Buffer.from(octets).toString("latin1").trim();
  return /^[a-z0-9]{1,20}$/.test(word) ? word : undefined;
}

function troubles(counters: DeviceCounters): NonNullable<OwnInterface["counters"]> {
  const { receiveErrors, receiveDrops, transmitErrors, transmitDrops } = counters;
  return { receiveErrors, receiveDrops, transmitErrors, transmitDrops };
}
