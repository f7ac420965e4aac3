// The agent's SNMP client. Arguments: `walk` or `get`, and the version.

import { systemClock } from "../../../agent/lib/clock.ts";
import { createSnmpClient, type SnmpTarget } from "../../../agent/net/snmp-client.ts";
import { type Cells, numberAt } from "../../../agent/wire/snmp/cells.ts";
import { oid } from "../../../agent/wire/snmp/oid.ts";
import { servePolls } from "./client.ts";
import { bgpColumns, ifColumns, ifInstances, peerInstances } from "./load.ts";
import { credentialsOf } from "./security.ts";

const [, , way, version] = process.argv;
const credentials = credentialsOf(version === "3" ? "3" : "2c");

const client = createSnmpClient({ clock: systemClock });
const targets = new Map<number, SnmpTarget>();
const started = client.start();

const ifs = ifColumns.map((column) => oid(column.oid));
const bgp = bgpColumns.map((column) => oid(column.oid));
const ofInterfaces = { group: "interfaces", table: "ifTable" };
const ofPeers = { group: "bgp", table: "bgpPeerTable" };

function targetAt(port: number): SnmpTarget {
  let target = targets.get(port);
  if (target === undefined) {
    target = client.target({ router: `router-${port}`, address: "127.0.0.1", port, anySource: false, credentials });
    targets.set(port, target);
  }
  return target;
}

servePolls(async (port) => {
  await started;
  const target = targetAt(port);
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
    const answers = await Promise.all([target.get(ifInstances, ofInterfaces), target.get(peerInstances, ofPeers)]);
    for (const [i, answer] of answers.entries()) {
      if (!answer.ok) throw new Error(answer.error.detail);
      add(answer.value, i === 0 ? ifInstances.length : peerInstances.length);
    }
  }
  return reading;
});
