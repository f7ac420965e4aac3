// Tables as Linux prints them in /proc, from values: the forms are those of net/ipv4/fib_trie.c, net/ipv6/route.c and
// net/core/net-procfs.c of Linux 6.x, compared with a running kernel's in test/wire/proc.test.ts.

import type { Route } from "../../agent/wire/proc/routes.ts";

const hex = (value: bigint | number, digits: number) => value.toString(16).padStart(digits, "0");

export function ipv4Table(routes: readonly Route[], littleEndian = true): Buffer {
  const inet = (value: bigint) => {
    const octets = Buffer.alloc(4);
    octets.writeUInt32BE(Number(value));
    return hex(littleEndian ? octets.readUInt32LE() : octets.readUInt32BE(), 8).toUpperCase();
  };
  const heading = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";
  const rows = routes.map(({ network, length, gateway, metric, interface: name, refuses }) => {
    const mask = length === 0 ? 0n : (0xffff_ffffn << BigInt(32 - length)) & 0xffff_ffffn;
    const flags = 1 | (gateway === undefined ? 0 : 2) | (refuses ? 0x200 : 0);
    const device = name === "" ? "*" : name;
    const via = inet(gateway ?? 0n);
    return `${device}\t${inet(network)}\t${via}\t${hex(flags, 4)}\t0\t0\t${metric}\t${inet(mask)}\t0\t0\t0`;
  });
  return Buffer.from([heading, ...rows].map((line) => `${line.padEnd(127)}\n`).join(""));
}

export function ipv6Table(routes: readonly Route[]): Buffer {
  const none = hex(0, 32);
  const rows = routes.map(({ network, length, gateway, metric, interface: name, refuses }) => {
    const flags = 1 | (gateway === undefined ? 0 : 2) | (refuses ? 0x200 : 0);
    const via = gateway === undefined ? none : hex(gateway, 32);
    const figures = `${hex(metric, 8)} ${hex(1, 8)} ${hex(0, 8)} ${hex(flags, 8)}`;
    return `${hex(network, 32)} ${hex(length, 2)} ${none} 00 ${via} ${figures} ${name.padStart(8)}\n`;
  });
  return Buffer.from(rows.join(""));
}

/** `trouble` errors and drops each way. */
export function deviceTable(rows: readonly (readonly [name: string, bytes: number, trouble: number])[]): Buffer {
  const heading = [
    "Inter-|   Receive                                                |  Transmit",
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
  ];
  const lines = rows.map(
    ([name, bytes, trouble]) =>
      `${name.padStart(6)}: ${bytes} 1 ${trouble} ${trouble} 0 0 0 0 ${bytes} 1 ${trouble} ${trouble} 0 0 0 0`,
  );
  return Buffer.from(`${[...heading, ...lines].join("\n")}\n`);
}
