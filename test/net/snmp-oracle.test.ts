// npm net-snmp as a second, independent implementation: our client asks its agent, and its client reads our codec.

import { once } from "node:events";
import snmp from "net-snmp";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../agent/lib/clock.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient } from "../../agent/net/snmp-client.ts";
import { type Cells, counterAt, isAbsent, numberAt, oidAt, textAt } from "../../agent/wire/snmp/cells.ts";
import { decodeArcs, oid } from "../../agent/wire/snmp/oid.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { mibOf, startResponder } from "../support/snmp-responder.ts";

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const { ObjectType, MibProviderType, MaxAccess } = snmp;
const typeOf = (name: string) => ObjectType[name] ?? Number.NaN;
const access = { maxAccess: MaxAccess["read-only"] ?? Number.NaN };
const rows = 60;

async function netSnmpAgent(): Promise<number> {
  const agent = snmp.createAgent({ port: 0, address: "127.0.0.1" }, () => {});
  agent.getAuthorizer().addCommunity("public");
  const mib = agent.getMib();
  const scalar = (name: string, arc: number, type: string, value: unknown) => {
    mib.registerProvider({
      name,
      type: MibProviderType.Scalar,
      oid: `1.3.6.1.2.1.1.${arc}`,
      scalarType: typeOf(type),
      ...access,
    });
    mib.setScalarValue(name, value);
  };
  scalar("sysDescr", 1, "OctetString", "net-snmp for node");
  scalar("sysObjectID", 2, "OID", "1.3.6.1.4.1.8072.4294967295");
  scalar("sysUpTime", 3, "TimeTicks", 4_294_967_295);
  const column = (number: number, name: string, type: string) => ({ number, name, type: typeOf(type), ...access });
  mib.registerProvider({
    name: "ifEntry",
    type: MibProviderType.Table,
    oid: "1.3.6.1.2.1.2.2.1",
    ...access,
    tableColumns: [
      column(1, "ifIndex", "Integer"),
      column(2, "ifDescr", "OctetString"),
      column(5, "ifSpeed", "Gauge"),
      column(8, "ifOperStatus", "Integer"),
      column(10, "ifInOctets", "Counter"),
    ],
    tableIndex: [{ columnName: "ifIndex" }],
  });
  for (let i = 1; i <= rows; i++)
    mib.addTableRow("ifEntry", [i * 300, `eth${i}`, 4_294_967_295, 1 + (i % 7), i * 70_000_000]);
  stops.push(() => new Promise<void>((done) => agent.close(done)));
  const [socket] = Object.values(agent.listener.sockets);
  if (socket === undefined) throw new Error("the agent has no socket");
  await once(socket, "listening");
  return socket.address().port;
}

describe("npm net-snmp's agent", () => {
  it.each([1, "2c"] as const)("is read by our client, version %s", async (version) => {
    const port = await netSnmpAgent();
    const client = createSnmpClient({ clock: systemClock });
    const target = client.target({
      router: "r",
      address: "127.0.0.1",
      port,
      credentials: { version, community: new Secret("public") },
      anySource: false,
    });
    await client.start();
    stops.push(() => client.stop());

    const names = ["1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.9.0"].map(oid);
    const got = await target.get(names, { group: "system", table: "system" });
    if (!got.ok) throw new Error(got.error.detail);
    expect(textAt(got.value, 0)).toBe("net-snmp for node");
    expect(oidAt(got.value, 1)).toEqual(oid("1.3.6.1.4.1.8072.4294967295"));
    expect(numberAt(got.value, 2)).toBe(4_294_967_295);
    expect(isAbsent(got.value, 3)).toBe(true);

    const columns = [2, 5, 8, 10].map((arc) => oid(`1.3.6.1.2.1.2.2.1.${arc}`));
    const walked = await target.walk(columns, { group: "interfaces", table: "ifTable" });
    if (!walked.ok) throw new Error(walked.error.detail);
    const { cells } = walked.value;
    const read = walked.value.rows.map((index, row) => [
      decodeArcs(index, 0, index.length)?.[0],
      ...rowOf(cells, row * columns.length),
    ]);
    expect(read).toEqual(
      Array.from({ length: rows }, (_, k) => k + 1).map((i) => [
        i * 300,
        `eth${i}`,
        4_294_967_295,
        1 + (i % 7),
        i * 70_000_000,
      ]),
    );
  });
});

const rowOf = (cells: Cells, at: number) => [
  textAt(cells, at),
  numberAt(cells, at + 1),
  numberAt(cells, at + 2),
  counterAt(cells, at + 3),
];

describe("npm net-snmp's client", () => {
  it("reads what our generic codec writes, every type", async () => {
    const values: readonly (readonly [Value, number, unknown])[] = [
      [{ type: "integer", value: -129 }, typeOf("Integer"), -129],
      [{ type: "octets", value: Uint8Array.from([0, 255, 128]) }, typeOf("OctetString"), Buffer.from([0, 255, 128])],
      // Under iso: net-snmp reads 2.999 as 26.39.
      [{ type: "oid", value: [1, 3, 128, 4_294_967_295] }, typeOf("OID"), "1.3.128.4294967295"],
      [{ type: "ipAddress", value: "172.16.0.2" }, typeOf("IpAddress"), "172.16.0.2"],
      [{ type: "counter32", value: 4_294_967_295 }, typeOf("Counter"), 4_294_967_295],
      [{ type: "gauge32", value: 128 }, typeOf("Gauge"), 128],
      [{ type: "timeTicks", value: 2 ** 31 }, typeOf("TimeTicks"), 2 ** 31],
      [{ type: "counter64", value: 2n ** 53n + 1n }, typeOf("Counter64"), Buffer.from("20000000000001", "hex")],
    ];
    const instances = Object.fromEntries(values.map(([value], i) => [`1.3.6.1.9.1.${i + 1}`, value]));
    const responder = await startResponder({ mib: () => mibOf(instances) });
    stops.push(responder.stop);
    const session = snmp.createSession("127.0.0.1", "public", { version: snmp.Version2c, port: responder.port });
    const names = [...Object.keys(instances), "1.3.6.1.9.1.99"];
    const read = await new Promise<readonly snmp.Varbind[]>((resolve, reject) =>
      session.get(names, (error, varbinds) => (error ? reject(error) : resolve(varbinds))),
    );
    session.close();
    expect(read.map(({ oid: name }) => name)).toEqual(names);
    values.forEach(([, type, value], i) => {
      expect(read[i]).toMatchObject({ type, value });
    });
    expect(read.at(-1)?.type).toBe(typeOf("NoSuchInstance"));
  });
});
