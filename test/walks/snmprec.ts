// Recorded walks: one `OID|type|value` a line, as snmpsim writes them. The type is the BER tag in decimal, with `x`
// behind it when the value is in hex.

import { formatAddress, parseAddress } from "../../agent/estate/address.ts";
import type { MibView } from "../../agent/lab/mib-view.ts";
import { compareOids, type Oid, parseOid } from "../../agent/wire/snmp/oid.ts";
import type { Value, VarBind } from "../../agent/wire/snmp/value.ts";

export interface Recording {
  /** In the order of an agent, each name once. */
  readonly bindings: readonly VarBind[];
  /** Lines that hold no value of their type: lost alone. */
  readonly unreadable: number;
}

export function parseSnmprec(text: string): Recording {
  const byName = new Map<string, VarBind>();
  let unreadable = 0;
  for (const line of text.split("\n").filter((one) => one.trim() !== "")) {
    const [name = "", type = "", ...rest] = line.replace(/\r$/, "").split("|");
    const oid = parseOid(name);
    const value = valueFrom(type, rest.join("|"));
    if (oid === undefined || value === undefined) unreadable += 1;
    else byName.set(oid.join("."), { oid, value });
  }
  return { bindings: [...byName.values()].sort((a, b) => compareOids(a.oid, b.oid)), unreadable };
}

function valueFrom(type: string, text: string): Value | undefined {
  const hex = type.endsWith("x");
  const number = /^-?\d+$/.test(text) ? Number(text) : undefined;
  switch (hex ? type.slice(0, -1) : type) {
    case "2":
      return number === undefined ? undefined : { type: "integer", value: number | 0 };
    case "4":
      return { type: "octets", value: Uint8Array.from(Buffer.from(text, hex ? "hex" : "utf8")) };
    case "5":
      return { type: "null" };
    case "6": {
      const value = parseOid(text);
      return value === undefined ? undefined : { type: "oid", value };
    }
    case "64": {
      const address = parseAddress(hex ? Buffer.from(text, "hex").join(".") : text);
      return address?.family === 4 ? { type: "ipAddress", value: formatAddress(address) } : undefined;
    }
    case "65":
      return number === undefined ? undefined : { type: "counter32", value: number >>> 0 };
    case "66":
      return number === undefined ? undefined : { type: "gauge32", value: number >>> 0 };
    case "67":
      return number === undefined ? undefined : { type: "timeTicks", value: number >>> 0 };
    case "70":
      return number === undefined ? undefined : { type: "counter64", value: BigInt.asUintN(64, BigInt(text)) };
    default:
      return undefined;
  }
}

/** What an agent would show that has just these instances. */
export function viewOf(bindings: readonly VarBind[]): MibView {
  const columns = new Set(bindings.map(({ oid }) => oid.slice(0, -1).join(".")));
  /** Place of the first instance that is not before the name. */
  const place = (name: Oid) => {
    let [low, high] = [0, bindings.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const binding = bindings[middle];
      if (binding !== undefined && compareOids(binding.oid, name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    get(name) {
      const binding = bindings[place(name)];
      if (binding !== undefined && compareOids(binding.oid, name) === 0) return binding.value;
      return { type: columns.has(name.slice(0, -1).join(".")) ? "noSuchInstance" : "noSuchObject" };
    },
    next(name) {
      const at = place(name);
      const binding = bindings[at];
      return binding !== undefined && compareOids(binding.oid, name) === 0 ? bindings[at + 1] : binding;
    },
  };
}
