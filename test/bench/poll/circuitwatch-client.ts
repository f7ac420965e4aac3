import { systemClock } from "../../../agent/lib/clock.ts";
import { Secret } from "../../../agent/lib/secret.ts";
import { createSnmpClient, type SnmpTarget } from "../../../agent/net/snmp-client.ts";
import { type Cells, numberAt } from "../../../agent/wire/snmp/cells.ts";
import { type Oid, oid } from "../../../agent/wire/snmp/oid.ts";
import { serveOrders } from "./client.ts";
import { bgpColumns, community, ifColumns, interfaces, peerIndexes } from "./load.ts";

const client = createSnmpClient({ clock: systemClock });
const targets = new Map<number, SnmpTarget>();
let started: Promise<void> | undefined;

const ifs = ifColumns.map((column) => oid(column.oid));
const bgp = bgpColumns.map((column) => oid(column.oid));
/** The same values by name, as an agent asks once it knows the rows. */
const ifInstances = Array.from({ length: interfaces }, (_, i) => ifs.map((column): Oid => [...column, i + 1])).flat();
const bgpInstances = peerIndexes.flatMap((index) => bgp.map((column): Oid => [...column, ...index]));

const walks = process.argv[2] === "walk";

async function targetAt(port: number): Promise<SnmpTarget> {
  let target = targets.get(port);
  if (target === undefined) {
    const config = { router: `router-${port}`, address: "127.0.0.1", port, anySource: false };
    target = client.target({ ...config, credentials: { version: "2c", community: new Secret(community) } });
    targets.set(port, target);
  }
  started ??= client.start();
  await started;
  return target;
}

serveOrders(async (port) => {
  const target = await targetAt(port);
  const reading = { values: 0, sum: 0 };
  const add = (cells: Cells, count: number) => {
    for (let i = 0; i < count; i++) {
      reading.sum += numberAt(cells, i) ?? Number.NaN;
      reading.values++;
    }
  };
  const ofInterfaces = { group: "interfaces", table: "ifTable" };
  const ofPeers = { group: "bgp", table: "bgpPeerTable" };
  if (walks) {
    const tables = await Promise.all([target.walk(ifs, ofInterfaces), target.walk(bgp, ofPeers)]);
    for (const [i, table] of tables.entries()) {
      if (!table.ok) throw new Error(table.error.kind);
      add(table.value.cells, table.value.rows.length * (i === 0 ? ifs.length : bgp.length));
    }
  } else {
    const answers = await Promise.all([target.get(ifInstances, ofInterfaces), target.get(bgpInstances, ofPeers)]);
    for (const [i, answer] of answers.entries()) {
      if (!answer.ok) throw new Error(answer.error.kind);
      add(answer.value, i === 0 ? ifInstances.length : bgpInstances.length);
    }
  }
  return reading;
});
