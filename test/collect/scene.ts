// One router with its MIB, polled on a clock that the test moves.

import { createPolling } from "../../agent/collect/polling.ts";
import type { Circuit, Estate, Path } from "../../agent/estate/estate.ts";
import type { Observation } from "../../agent/estate/observation.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { createFakeClock } from "../support/clock.ts";
import { circuit, estate, path, router } from "../support/estate.ts";
import type { ScriptedRouter } from "../support/scripted-router.ts";
import { mibOf } from "../support/snmp-responder.ts";

const text = (s: string): Value => ({ type: "octets", value: Uint8Array.from(Buffer.from(s)) });
const integer = (value: number): Value => ({ type: "integer", value });

export interface Interface {
  readonly ifIndex: number;
  readonly names: readonly [ifName: string, ifDescr: string, ifAlias: string];
  readonly oper?: number;
  readonly octets?: bigint;
  readonly narrow?: boolean;
  /** Bits of its dot3 counters; none without. */
  readonly ethernet?: 32 | 64;
}

export const er0: Interface = { ifIndex: 2, names: ["er0", "ethernet 0", "to Equinix"], octets: 2n ** 60n };
export const er1: Interface = { ifIndex: 4, names: ["er1", "ethernet 1", "spare"], octets: 7n };

export interface Peer {
  readonly address: string;
  readonly state?: number;
  readonly as?: number;
}

export const peer: Peer = { address: "172.16.0.2" };
export const otherPeer: Peer = { address: "10.0.0.1" };

/** The router's MIB at `uptime` seconds. */
export function mib(
  uptime: number,
  interfaces: readonly Interface[],
  peers: readonly Peer[],
  more: Readonly<Record<string, Value>> = {},
) {
  const instances: Record<string, Value> = {
    "1.3.6.1.2.1.1.1.0": text("FRR on Linux"),
    "1.3.6.1.2.1.1.2.0": { type: "oid", value: [1, 3, 6, 1, 4, 1, 8072] },
    "1.3.6.1.2.1.1.3.0": { type: "timeTicks", value: uptime * 100 },
    "1.3.6.1.2.1.1.5.0": text("ce1"),
  };
  const put = (column: string, index: string | number, value: Value) => {
    instances[`1.3.6.1.2.1.${column}.${index}`] = value;
  };
  for (const { ifIndex, names, oper = 1, octets = 0n, narrow = false } of interfaces) {
    put("31.1.1.1.1", ifIndex, text(names[0]));
    put("2.2.1.2", ifIndex, text(names[1]));
    put("31.1.1.1.18", ifIndex, text(names[2]));
    put("2.2.1.7", ifIndex, integer(1));
    put("2.2.1.8", ifIndex, integer(oper));
    put("31.1.1.1.15", ifIndex, { type: "gauge32", value: 1_000 });
    for (const [i, column] of ["2.2.1.13", "2.2.1.14", "2.2.1.19", "2.2.1.20"].entries()) {
      put(column, ifIndex, { type: "counter32", value: i + 1 });
    }
    const wide = ["31.1.1.1.6", "31.1.1.1.10", "31.1.1.1.7", "31.1.1.1.11"];
    const small = ["2.2.1.10", "2.2.1.16", "2.2.1.11", "2.2.1.17"];
    for (const [i, column] of (narrow ? small : wide).entries()) {
      const value = octets + BigInt(i);
      put(column, ifIndex, narrow ? { type: "counter32", value: Number(value) } : { type: "counter64", value });
    }
  }
  for (const { ifIndex, ethernet } of interfaces) {
    if (ethernet === undefined) continue;
    for (const [i, arc] of [2, 3, 10, 13, 16, 18, 8].entries()) {
      put(`10.7.2.1.${arc}`, ifIndex, { type: "counter32", value: 10 + i });
    }
    put("10.7.2.1.19", ifIndex, integer(3));
    if (ethernet === 32) continue;
    for (let arc = 1; arc <= 6; arc++)
      put(`10.7.11.1.${arc}`, ifIndex, { type: "counter64", value: 2n ** 33n + BigInt(arc) });
  }
  for (const { address, state = 6, as = 12076 } of peers) {
    put("15.3.1.2", address, integer(state));
    put("15.3.1.3", address, integer(2));
    put("15.3.1.9", address, integer(as));
    put("15.3.1.14", address, { type: "octets", value: Uint8Array.from([6, 7]) });
    put("15.3.1.15", address, { type: "counter32", value: 3 });
    put("15.3.1.16", address, { type: "gauge32", value: 86_400 });
  }
  return mibOf({ ...instances, ...more });
}

export function startPolling(scripted: ScriptedRouter, of: Estate = oneRouter()) {
  const clock = createFakeClock();
  const seen: Observation[] = [];
  const lines: string[] = [];
  const line = (level: string) => (fields: unknown, message: string) =>
    void lines.push(`${level} ${JSON.stringify(fields)} ${message}`);
  const polling = createPolling(
    {
      clock,
      log: { info: line("info"), warn: line("warn"), error: line("error") },
      snmp: { target: () => scripted.target },
      observe: (observation) => void seen.push(observation),
    },
    of,
  );
  /** Lets `ms` pass, and everything that then resolves; gives what was observed meanwhile. */
  const pass = async (ms: number): Promise<readonly Observation[]> => {
    const before = seen.length;
    for (let left = ms; left > 0; left -= 100) {
      clock.pass(Math.min(100, left));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return seen.slice(before);
  };
  polling.start();
  return { polling, pass, clock, lines };
}

/** Only `ams-ce1`, whose interval is 1 s. */
export function oneRouter(change: Partial<Path> = {}): Estate {
  const primary = { ...path("primary"), ...change };
  const full: Circuit = circuit();
  const peerings = full.peerings.map((peering) => ({ ...peering, paths: { ...peering.paths, primary } }));
  const routers = new Map([["ams-ce1", router("ams-ce1", "10.255.0.11")]]);
  return { ...estate(), routers, circuits: new Map([["ams-1", { ...full, peerings }]]) };
}

export const session = (remoteAddress: string) => ({
  router: "ams-ce1",
  localAddress: undefined,
  remoteAddress,
  remoteAsn: 12076,
});

export const of = <K extends Observation["kind"]>(seen: readonly Observation[], kind: K) =>
  seen.filter((o): o is Extract<Observation, { kind: K }> => o.kind === kind);

export const polls = (seen: readonly Observation[], group: string) => of(seen, "poll").filter((o) => o.group === group);
