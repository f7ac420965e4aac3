// SNMPv1 against Debian's snmpd: the same values and tables as by v2c, missing instances, its restart.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { interfacesCollector } from "../../agent/collect/interfaces.ts";
import { createUptimeWatch } from "../../agent/collect/uptime.ts";
import { systemClock } from "../../agent/lib/clock.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient, type SnmpTarget } from "../../agent/net/snmp-client.ts";
import { isAbsent, numberAt, octetsAt, textAt } from "../../agent/wire/snmp/cells.ts";
import { decodeArcs, type Oid, oid } from "../../agent/wire/snmp/oid.ts";
import { patient, type Snmpd, startSnmpd } from "./snmpd.ts";

/** A table behind everything else that snmpd has, of three columns with 5, 3 and 4 rows. */
const last = oid("1.3.6.1.6.4.1");
const lastRows = [5, 3, 4].flatMap((rows, i) =>
  Array.from({ length: rows }, (_, row) => [i + 1, 100 * (row + 1)] as const),
);
const late = oid("1.3.6.1.6.3.9.0");
const configuration = [
  "rocommunity public",
  "sysName a router",
  ...lastRows.map(([column, index]) => `override ${last.join(".")}.${column}.${index} integer ${index + column}`),
];

const client = createSnmpClient({ clock: systemClock }, { timeouts: patient(20_000) });
/** Where silence is waited for. */
const hasty = createSnmpClient({ clock: systemClock }, { timeouts: patient(300) });
let snmpd: Snmpd;

beforeAll(async () => {
  snmpd = await startSnmpd(configuration);
  await client.start();
  await hasty.start();
});
afterAll(async () => {
  await client.stop();
  await hasty.stop();
  await snmpd.stop();
});

function targetOf(version: 1 | "2c", community = "public", of = client): SnmpTarget {
  const credentials = { version, community: new Secret(community) };
  return of.target({ router: "ce1", address: "127.0.0.1", port: snmpd.port, credentials, anySource: false });
}

const ask = { group: "system", table: "system" };
const sysName = oid("1.3.6.1.2.1.1.5.0");

async function sentBy(work: () => Promise<unknown>): Promise<number> {
  const { sent } = client.requests.read();
  await work();
  return client.requests.read().sent - sent;
}

async function table(target: SnmpTarget, columns: readonly Oid[]) {
  const walked = await target.walk(columns, { group: "tables", table: "a table" });
  if (!walked.ok) throw new Error(walked.error.detail);
  const { rows, cells } = walked.value;
  return rows.map((index, row) => [
    decodeArcs(index, 0, index.length)?.join("."),
    ...columns.map((_, i) => {
      const at = row * columns.length + i;
      return isAbsent(cells, at) ? "-" : (numberAt(cells, at) ?? octetsAt(cells, at) ?? cells.octets[at]);
    }),
  ]);
}

describe("snmpd asked by SNMPv1", () => {
  it("answers what is there in one request", async () => {
    const target = targetOf(1);
    let name: string | undefined;
    const sent = await sentBy(async () => {
      const got = await target.get([sysName], ask);
      name = got.ok ? textAt(got.value, 0) : got.error.detail;
    });
    expect([name, sent]).toEqual(["a router", 1]);
  });

  it("loses nothing for a missing instance, and is asked once from then on", async () => {
    const target = targetOf(1);
    const names = [oid("1.3.6.1.2.1.1.99.0"), sysName, oid("1.3.6.1.2.1.1.98.0"), oid("1.3.6.1.2.1.11.1.0")];
    const poll = async () => {
      const got = await target.get(names, ask);
      if (!got.ok) throw new Error(got.error.detail);
      expect(names.map((_, i) => isAbsent(got.value, i))).toEqual([true, false, true, false]);
      expect(textAt(got.value, 1)).toBe("a router");
      expect(numberAt(got.value, 3)).toBeGreaterThan(0);
    };
    expect(await sentBy(poll)).toBeGreaterThan(1);
    await poll();
    expect(await sentBy(poll)).toBe(1);
  });

  it.each([
    ["within its MIB", [2, 3, 4].map((column) => oid(`1.3.6.1.2.1.1.9.1.${column}`)), 5],
    ["of interfaces", ["2.2.1.2", "2.2.1.8", "31.1.1.1.1", "31.1.1.1.15"].map((end) => oid(`1.3.6.1.2.1.${end}`)), 1],
    ["at the end of its MIB", [1, 2, 3].map((column) => [...last, column]), 5],
    ["behind the end of its MIB", [7, 8].map((column) => [...last, column]), 0],
    ["that is not there", [oid("1.3.6.1.2.1.15.3.1.2"), oid("1.3.6.1.2.1.15.3.1.3")], 0],
  ])("shows the same table as by v2c: one %s", async (_, columns, least) => {
    const seen = await table(targetOf(1), columns);
    expect(seen).toEqual(await table(targetOf("2c"), columns));
    expect(seen.length).toBeGreaterThanOrEqual(least);
  });

  it("shows an interface by its 32-bit counters", async () => {
    const collect = interfacesCollector(
      { clock: systemClock, target: targetOf(1), uptime: createUptimeWatch() },
      "ce1",
      ["lo"],
    );
    const { result, detail, observations } = await collect();
    expect([result, detail]).toEqual(["ok", ""]);
    expect(observations).toMatchObject([
      {
        kind: "interface",
        interface: "lo",
        present: true,
        adminStatus: "up",
        counters: { receiveBytes: expect.any(Number) },
      },
    ]);
  });

  it("is found again after its restart, and what it has then is found too", async () => {
    const target = targetOf(1);
    const names = [sysName, late];
    const poll = async () => {
      const got = await target.get(names, ask);
      return got.ok ? [textAt(got.value, 0), numberAt(got.value, 1)] : [got.error.kind];
    };
    for (let i = 0; i < 20; i++) expect(await poll()).toEqual(["a router", undefined]);
    await snmpd.restart();
    expect(await poll()).toEqual(["a router", undefined]);
    await snmpd.restart({ lines: [...configuration, `override ${late.join(".")} integer 7`] });
    let polls = 1;
    for (let seen = await poll(); seen[1] !== 7; seen = await poll(), polls++) {
      expect(seen).toEqual(["a router", undefined]);
      expect(polls).toBeLessThan(64);
    }
    expect(await sentBy(poll)).toBe(1);
  });

  it("is silent to a wrong community, and the error says what to check", async () => {
    const got = await targetOf(1, "sentinel-of-the-mistake", hasty).get([sysName], ask);
    expect(got).toMatchObject({ ok: false, error: { kind: "timeout" } });
    const detail = got.ok ? "" : got.error.detail;
    expect(detail).toContain("has v1 enabled, and that its access list and community admit this host");
    expect(detail).not.toContain("sentinel");
  });
});
