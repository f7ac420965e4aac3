// The kernel's routes as text: /proc/net/route (main table of IPv4) and /proc/net/ipv6_route (all tables of IPv6).
// Neither shows policy rules, VRFs, or more than the first way of several.

import { err, ok, type Result } from "../../lib/result.ts";
import { columnsOf, linesOf, type ProcFault } from "./lines.ts";

/** Addresses are numbers of 32 or 128 bits. */
export interface Route {
  readonly family: 4 | 6;
  readonly network: bigint;
  /** Length of the prefix. */
  readonly length: number;
  /** Undefined: the destination is on the link. */
  readonly gateway: bigint | undefined;
  readonly metric: number;
  /** Empty where the kernel names none (a route that refuses). */
  readonly interface: string;
  /** The route exists to refuse: `unreachable`, `prohibit`, `blackhole`. */
  readonly refuses: boolean;
}

export interface RouteTable {
  readonly routes: readonly Route[];
  /** The table was longer than is looked at. */
  readonly cut: boolean;
}

/** linux/route.h, linux/ipv6_route.h. */
const RTF_UP = 0x1;
const RTF_GATEWAY = 0x2;
const RTF_REJECT = 0x200;
const RTF_ANYCAST = 0x100000;
const RTF_CACHE = 0x1000000;
const RTF_LOCAL = 0x80000000;

/** `littleEndian`: of the host, since the kernel prints the addresses as numbers of its own order. */
export function readIpv4Routes(octets: Uint8Array, littleEndian: boolean): Result<RouteTable, ProcFault> {
  const { lines, cut } = linesOf(octets);
  // An empty table still has its heading.
  if (lines[0]?.startsWith("Iface\tDestination\tGateway") !== true) return err({ kind: "form", line: 0 });
  const routes: Route[] = [];
  for (const [line, text] of lines.entries()) {
    if (line === 0 || text.trim() === "") continue;
    const [name, destination, gateway, flagsText, , , metricText, maskText] = columnsOf(text) ?? [];
    const network = inet(destination, littleEndian);
    const via = inet(gateway, littleEndian);
    const mask = inet(maskText, littleEndian);
    const length = mask === undefined ? undefined : prefixLength(mask);
    const flags = hex(flagsText, 8);
    const metric = metricText !== undefined && /^\d{1,10}$/.test(metricText) ? Number(metricText) : undefined;
    if (
      !isInterface(name) ||
      network === undefined ||
      via === undefined ||
      length === undefined ||
      flags === undefined ||
      metric === undefined
    ) {
      return err({ kind: "field", line });
    }
    if ((flags & RTF_UP) === 0) continue;
    routes.push({
      family: 4,
      network,
      length,
      gateway: (flags & RTF_GATEWAY) === 0 ? undefined : via,
      metric,
      interface: name === "*" ? "" : name,
      refuses: (flags & RTF_REJECT) !== 0,
    });
  }
  return ok({ routes, cut });
}

export function readIpv6Routes(octets: Uint8Array): Result<RouteTable, ProcFault> {
  const { lines, cut } = linesOf(octets);
  const routes: Route[] = [];
  for (const [line, text] of lines.entries()) {
    if (text.trim() === "") continue;
    const [destination, lengthText, , , gateway, metricText, , , flagsText, name] = columnsOf(text) ?? [];
    const network = wide(destination);
    const via = wide(gateway);
    const length = hex(lengthText, 2);
    const metric = hex(metricText, 8);
    const flags = hex(flagsText, 8);
    if (
      !isInterface(name) ||
      network === undefined ||
      via === undefined ||
      length === undefined ||
      length > 128 ||
      metric === undefined ||
      flags === undefined
    ) {
      return err({ kind: line === 0 && lengthText === undefined ? "form" : "field", line });
    }
    // What the host answers to itself is no way out.
    if ((flags & RTF_UP) === 0 && (flags & RTF_REJECT) === 0) continue;
    if ((flags & (RTF_ANYCAST | RTF_CACHE | RTF_LOCAL)) !== 0) continue;
    routes.push({
      family: 6,
      network,
      length,
      gateway: (flags & RTF_GATEWAY) === 0 ? undefined : via,
      metric,
      interface: name,
      refuses: (flags & RTF_REJECT) !== 0,
    });
  }
  return ok({ routes, cut });
}

/** IFNAMSIZ is 16 with its end; `*` stands for no interface. */
function isInterface(name: string | undefined): name is string {
  return name !== undefined && /^[\x21-\x7e]{1,15}$/.test(name);
}

function hex(text: string | undefined, digits: number): number | undefined {
  if (text === undefined || text.length > digits || !/^[0-9a-fA-F]+$/.test(text)) return undefined;
  return Number.parseInt(text, 16);
}

function inet(text: string | undefined, littleEndian: boolean): bigint | undefined {
  const value = text?.length === 8 ? hex(text, 8) : undefined;
  if (value === undefined) return undefined;
  if (!littleEndian) return BigInt(value);
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return BigInt(view.getUint32(0, false));
}

function wide(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[0-9a-fA-F]{32}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}

/** Undefined for a mask with holes. */
function prefixLength(mask: bigint): number | undefined {
  const host = ~mask & 0xffff_ffffn;
  if ((host & (host + 1n)) !== 0n) return undefined;
  return 32 - host.toString(2).replace(/^0$/, "").length;
}
