// Rows of MIB tables out of answers: what a router writes into an index or a cell is its own affair.

import { parseAddress } from "../../../agent/estate/address.ts";
import { bfdLayout, readBfd } from "../../../agent/mib/bfd.ts";
import { bfdTables } from "../../../agent/mib/bfd-tables.ts";
import { layoutOf, type PeerLayout, readPeer } from "../../../agent/mib/bgp-peers.ts";
import { type PrefixTable, peerKey, prefixKey, prefixTables, readPrefixes } from "../../../agent/mib/bgp-prefixes.ts";
import { bgpTables, proposedBgpTables } from "../../../agent/mib/bgp-tables.ts";
import { aliasedIfIndex, readEntity } from "../../../agent/mib/entity-mib.ts";
import { readDuplex, readEthernet } from "../../../agent/mib/etherlike-mib.ts";
import { readInterface, readNames } from "../../../agent/mib/if-mib.ts";
import { routeTables } from "../../../agent/mib/ip-forward.ts";
import { ownIfIndex, readNeighbor } from "../../../agent/mib/ip-mib.ts";
import { nqaTable } from "../../../agent/mib/nqa.ts";
import { readDom, readLight, readModule, readSensor } from "../../../agent/mib/optics.ts";
import { pingTable, rpmTable } from "../../../agent/mib/ping-mib.ts";
import { nameOf } from "../../../agent/mib/router-probes.ts";
import { rttMonTable } from "../../../agent/mib/rttmon.ts";
import { readEngine } from "../../../agent/mib/snmp-framework-mib.ts";
import { readSystem } from "../../../agent/mib/snmpv2-mib.ts";
import { type Cells, createCells, oidAt, setCell } from "../../../agent/wire/snmp/cells.ts";
import { encodeMessage, type Pdu } from "../../../agent/wire/snmp/message.ts";
import { decodeArcs } from "../../../agent/wire/snmp/oid.ts";
import { createResponseReader, nextBinding, readResponse } from "../../../agent/wire/snmp/response.ts";
import type { Dice } from "../dice.ts";
import { type FuzzTarget, hold } from "../target.ts";
import { messageOf, oidOf, valueBy } from "../values.ts";

/** More cells than any row has. */
const width = 24;
const layouts = bgpTables.map((table) => layoutOf(table, "all"));

/** An index as peer tables have it, behind two arcs that make it a name: routing instance, type, length, address. */
function indexOf(dice: Dice): readonly number[] {
  const address = (length: number) => [...dice.octets(length)];
  const one = () => {
    const length = dice.pick([4, 16]);
    const type = length === 4 ? 1 : 2;
    return dice.next() < 0.5 ? [type, length, ...address(length)] : [type, ...address(length)];
  };
  const string = () => {
    const octets = dice.octets(dice.below(12));
    return [dice.next() < 0.9 ? octets.length : dice.below(300), ...octets];
  };
  // Probes of routers: a number, or owner and test, and the number of a collection.
  if (dice.next() < 0.2) return [1, 3, dice.below(2 ** 31)];
  if (dice.next() < 0.3) return [1, 3, ...string(), ...string(), ...(dice.next() < 0.5 ? [dice.below(5)] : [])];
  const instance = dice.next() < 0.5 ? [dice.below(10)] : [];
  const whole = dice.next() < 0.3 ? address(4) : dice.next() < 0.5 ? one() : [...one(), ...one()];
  return [1, 3, ...instance, ...whole, ...(dice.next() < 0.2 ? [1, 1] : [])];
}

function readRows(layout: PeerLayout, prefixes: PrefixTable, index: readonly number[], cells: Cells): void {
  const peer = readPeer(layout, index, cells, 0);
  if (peer !== undefined) {
    hold(parseAddress(peer.remoteAddress) !== undefined, "a peer without an address");
    for (const number of [peer.remoteAsn, peer.transitions, peer.establishedSeconds, peer.peerIndex]) {
      hold(isNumberOrMissing(number), "a number of a peer that is none");
    }
    peerKey(prefixes, layout.table.index, index, peer);
  }
  prefixKey(prefixes, index);
  const counts = readPrefixes(prefixes, index, cells, 0);
  hold(counts === undefined || Object.values(counts).every(isNumberOrMissing), "a count that is none");
  const { speed } = readInterface(cells, 0);
  hold(Number.isFinite(speed) && speed >= 0, "a speed that is none");
  readLinkRows(cells);
  readProbes(index, cells);
  for (const { nextHop } of routeTables) {
    const address = nextHop(index);
    hold(address === undefined || parseAddress(address) !== undefined, "a next hop that is no address");
  }
  readNames(1, cells, 0);
  readSystem(cells);
  const object = oidAt(cells, 2);
  if (object !== undefined) proposedBgpTables(object);
}

const probeTables = [rttMonTable, rpmTable, pingTable, nqaTable];

/** Probes of routers: no result has more answers than packets, or a number that is none. */
function readProbes(index: readonly number[], cells: Cells): void {
  for (const table of probeTables) {
    const probe = table.find(index, cells, 0);
    if (probe === undefined) continue;
    hold(typeof nameOf(probe.identity) === "string", "a probe without a name");
    const first = probe.read(cells, 0);
    const reading = typeof first === "object" && "oids" in first ? first.read(cells, 0) : first;
    if (reading === undefined || reading === "gone" || reading.run === undefined) continue;
    const { sent, received, delay, jitter, completedAgo, directions } = reading.run;
    hold(Number.isInteger(sent) && received >= 0 && received <= sent, "more answers than packets");
    const numbers = [jitter, completedAgo, ...Object.values(delay ?? {}), ...Object.values(directions ?? {})];
    for (const number of numbers) {
      hold(number === undefined || (Number.isFinite(number) && number >= 0), "a number of a probe that is none");
    }
  }
}

const bfdLayouts = bfdTables.map((table) => bfdLayout(table, "session"));

/** What is told of a link besides: each number finite, whatever the cells are. */
function readLinkRows(cells: Cells): void {
  const told = [
    ...bfdLayouts.map((layout) => readBfd(layout, cells, 0, 4_711)),
    ...readDom(cells, 0),
    ...readModule(cells, 0),
    ...readLight(cells, 0),
    readSensor(cells, 0),
    readEngine(cells, 0),
    readEntity(cells, 0),
    { ifIndex: ownIfIndex(cells, 0, 4), aliased: aliasedIfIndex(cells, 0), duplex: readDuplex(cells, 0) },
  ];
  for (const row of told) {
    for (const value of Object.values(row ?? {})) {
      hold(typeof value !== "number" || Number.isFinite(value), "a number of a link that is none");
    }
  }
  const { mac } = readNeighbor(cells, 0, 5);
  hold(mac === undefined || /^[0-9a-f]{2}(:[0-9a-f]{2}){0,19}$/.test(mac), "a neighbour's address that is none");
  const { counters } = readInterface(cells, 0);
  readEthernet(counters, cells, 0);
  for (const errors of Object.values(counters)) {
    hold(errors === undefined || errors >= 0n, "a counter below zero");
  }
}

const isNumberOrMissing = (value: unknown) => value === undefined || Number.isFinite(value);

export const rows: FuzzTarget = {
  name: "rows of MIB tables",
  weight: 2,
  exercises: [],
  seed: (dice) => {
    const varbinds = Array.from({ length: 12 }, () => ({
      oid: dice.next() < 0.8 ? indexOf(dice) : oidOf(dice),
      value: valueBy(dice, dice.next() < 0.7 ? ["integer", "gauge32", "counter64", "octets"] : undefined),
    }));
    const pdu: Pdu = { type: "response", requestId: 1, errorStatus: 0, errorIndex: 0, varbinds };
    const layout = dice.pick(layouts);
    const prefixes = dice.pick(prefixTables);
    const r = createResponseReader();
    return {
      bytes: encodeMessage(messageOf(dice, pdu)),
      read(octets) {
        if (!readResponse(r, octets)) return r.fault ?? "";
        const cells = createCells(width);
        const indexes: (readonly number[])[] = [];
        for (let i = 0; i < width && nextBinding(r); i++) {
          setCell(cells, i, r);
          const arcs = decodeArcs(r.bytes, r.oidFrom + 1, r.oidTo);
          if (arcs !== undefined && indexes.length < 3) indexes.push(arcs);
        }
        for (const index of indexes) readRows(layout, prefixes, index, cells);
        return r.fault ?? "accepted";
      },
    };
  },
};
