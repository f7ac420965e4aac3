// The agent's SNMP client. Arguments: `walk` or `get`, and the version.

import { systemClock } from "../../../agent/lib/clock.ts";
import { createSnmpClient, type SnmpTarget } from "../../../agent/net/snmp-client.ts";
import type { PreparedGet } from "../../../agent/net/snmp-get.ts";
import { type Cells, numberAt } from "../../../agent/wire/snmp/cells.ts";
import { oid } from "../../../agent/wire/snmp/oid.ts";
import { servePolls } from "./client.ts";
import { bgpColumns, ifColumns, ifInstances, peerInstances } from "./load.ts";
import { credentialsOf } from "./security.ts";

const [, , way, version] = process.argv;
const credentials = credentialsOf(version === "3" ? "3" : "2c");

const client = createSnmpClient({ clock: systemClock });
const polls = new Map<number, Poll>();
const started = client.start();

const ifs = ifColumns.map((column) => oid(column.oid));
const bgp = bgpColumns.map((column) => oid(column.oid));
const ofInterfaces = { group: "interfaces", table: "ifTable" };
const ofPeers = { group: "bgp", table: "bgpPeerTable" };

interface Poll {
  readonly target: SnmpTarget;
  readonly getInterfaces: PreparedGet;
  readonly getPeers: PreparedGet;
}

function pollAt(port: number): Poll {
  let poll = polls.get(port);
  if (poll === undefined) {
    const router = `router-${port}`;
    const target = client.target({ router, address: "127.0.0.1", port, anySource: false, credentials });
    poll = { target, getInterfaces: target.prepare(ifInstances), getPeers: target.prepare(peerInstances) };
    polls.set(port, poll);
  }
  return poll;
}

servePolls(async (port) => {
  await started;
  const { target, getInterfaces, getPeers } = pollAt(port);
  const reading = { values: 0, sum: 0 };
  const add = (cells: Cells, count: number) => {
    for (let i = 0; i < count; i++) reading.sum += numberAt(cells, i) ?? Number.NaN;
    reading.values += count;
  };
  if (way === "walk") {
    const tables = await Promise.all([target.walk(ifs, ofInterfaces), target.walk(bgp, ofPeers)]);
    for (const [i, table] of tables.entries()) {
      if (!table.ok) throw new Error(table.error.detail);
      add(table.value.cells, table.value.rows.length * (i === 0 ? ifs.length : bgp.length));
    }
  } else {
    const answers = await Promise.all([getInterfaces(ofInterfaces), getPeers(ofPeers)]);
    for (const [i, answer] of answers.entries()) {
      if (!answer.ok) throw new Error(answer.error.detail);
      add(answer.value, i === 0 ? ifInstances.length : peerInstances.length);
    }
  }
  return reading;
});
