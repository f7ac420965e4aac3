// The tables of /proc that the agent reads of its own host.

import {
  readDevices,
  readPressure,
  readRunDelay,
  readUdp6BufferErrors,
  readUdpBufferErrors,
} from "../../../agent/wire/proc/counters.ts";
import { columnsOf, countOf, linesOf } from "../../../agent/wire/proc/lines.ts";
import { type Route, readIpv4Routes, readIpv6Routes } from "../../../agent/wire/proc/routes.ts";
import { deviceTable, ipv4Table, ipv6Table } from "../../support/proc.ts";
import type { Dice } from "../dice.ts";
import { type FuzzTarget, hold } from "../target.ts";

const nameOf = (dice: Dice) => dice.pick(["eth0", "ens160", "bond0.100", "wg-amsterdam", "*"]);

const routeOf =
  (family: 4 | 6) =>
  (dice: Dice): Route => {
    const bits = family === 4 ? 32 : 128;
    const length = dice.below(bits + 1);
    const octets = dice.octets(bits / 8);
    const value = BigInt(`0x${Buffer.from(octets).toString("hex")}`);
    const host = BigInt(bits - length);
    return {
      family,
      network: (value >> host) << host,
      length,
      gateway: dice.next() < 0.5 ? undefined : value,
      metric: dice.below(2_000),
      interface: nameOf(dice).replace("*", family === 4 ? "" : "lo"),
      refuses: dice.next() < 0.1,
    };
  };

const several = <T>(dice: Dice, one: (dice: Dice) => T): T[] =>
  Array.from({ length: 1 + dice.below(5) }, () => one(dice));

function checkRoutes(family: 4 | 6, routes: readonly Route[]): void {
  const bits = family === 4 ? 32 : 128;
  for (const { family: of, network, length, gateway, metric, interface: name } of routes) {
    hold(of === family && length >= 0 && length <= bits, "a prefix of another length");
    hold(network >= 0n && network < 1n << BigInt(bits), "a network that is no address");
    hold(gateway === undefined || (gateway >= 0n && gateway < 1n << BigInt(bits)), "a gateway that is no address");
    hold(Number.isSafeInteger(metric) && metric >= 0 && name.length <= 15, "a metric or a name out of bounds");
  }
}

export const ipv4Routes: FuzzTarget = {
  name: "/proc/net/route",
  weight: 1,
  exercises: [readIpv4Routes, linesOf, columnsOf],
  seed: (dice) => {
    const littleEndian = dice.next() < 0.5;
    return {
      bytes: ipv4Table(several(dice, routeOf(4)), littleEndian),
      read(octets) {
        const table = readIpv4Routes(octets, littleEndian);
        if (!table.ok) return table.error.kind;
        checkRoutes(4, table.value.routes);
        return "accepted";
      },
    };
  },
};

export const ipv6Routes: FuzzTarget = {
  name: "/proc/net/ipv6_route",
  weight: 1,
  exercises: [readIpv6Routes],
  seed: (dice) => ({
    bytes: ipv6Table(several(dice, routeOf(6))),
    read(octets) {
      const table = readIpv6Routes(octets);
      if (!table.ok) return table.error.kind;
      checkRoutes(6, table.value.routes);
      return "accepted";
    },
  }),
};

export const devices: FuzzTarget = {
  name: "/proc/net/dev",
  weight: 1,
  exercises: [readDevices, countOf],
  seed: (dice) => ({
    bytes: deviceTable(several(dice, (d) => [nameOf(d), d.below(2 ** 40), d.below(100)] as const)),
    read(octets) {
      const table = readDevices(octets);
      if (!table.ok) return table.error.kind;
      for (const [name, counters] of table.value) {
        hold(name.length > 0 && name.length <= 15, "a name that no interface has");
        for (const count of Object.values(counters)) hold(Number.isFinite(count) && count >= 0, "a count below zero");
      }
      return "accepted";
    },
  }),
};

/** Short texts that hold one number. */
export const figures: FuzzTarget = {
  name: "/proc figures",
  weight: 1,
  exercises: [readUdpBufferErrors, readUdp6BufferErrors, readRunDelay, readPressure],
  seed: (dice) => {
    const n = dice.below(2 ** 31);
    const udp = "InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors";
    const [text, reader] = dice.pick([
      [`Ip: Forwarding\nIp: 1\nUdp: ${udp}\nUdp: 1 2 3 4 ${n} 6\n`, readUdpBufferErrors],
      [`Udp6InErrors    \t0\nUdp6RcvbufErrors                \t${n}\n`, readUdp6BufferErrors],
      [`${n} ${n} 4\n`, readRunDelay],
      [`some avg10=${dice.below(100)}.16 avg60=27.04 avg300=19.87 total=123026864\nfull avg10=0.00\n`, readPressure],
    ] as const);
    return {
      bytes: Buffer.from(text),
      read(octets) {
        const figure = reader(octets);
        if (!figure.ok) return figure.error.kind;
        hold(Number.isFinite(figure.value) && figure.value >= 0, "a figure below zero");
        hold(reader !== readPressure || figure.value <= 1, "a share above the whole");
        return "accepted";
      },
    };
  },
};
