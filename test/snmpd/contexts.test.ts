// contextName of SNMPv3 (RFC 3411 section 3.3.1) with contexts that Debian's snmpd serves: it relays each to a second
// snmpd, as a router has an SNMP agent for each VRF.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SnmpCredentials } from "../../agent/estate/estate.ts";
import { systemClock } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient, type SnmpTarget } from "../../agent/net/snmp-client.ts";
import { textAt } from "../../agent/wire/snmp/cells.ts";
import { decodeArcs, oid } from "../../agent/wire/snmp/oid.ts";
import { type Snmpd, startSnmpd } from "./snmpd.ts";

type V3 = Extract<SnmpCredentials, { version: 3 }>;

const contexts = ["vrf-a", "vrf-b"] as const;
const auth = { protocol: "sha256", password: new Secret("sentinel-authentication") } as const;
const privacy = { protocol: "aes128", password: new Secret("sentinel-encryption") } as const;
const everywhere: V3 = { version: 3, user: "everywhere", auth, privacy, context: "" };

const timeouts = { initial: milliseconds(400), floor: milliseconds(100), cap: milliseconds(800) };
const client = createSnmpClient({ clock: systemClock }, { timeouts });
const running: Snmpd[] = [];
let outer: Snmpd;

beforeAll(async () => {
  const lines: string[] = [];
  for (const context of contexts) {
    const inner = await startSnmpd(["rocommunity inner", `sysName inside ${context}`]);
    running.push(inner);
    lines.push(`proxy -Cn ${context} -v 2c -c inner 127.0.0.1:${inner.port} .1.3.6.1.2.1`);
  }
  const users = ["everywhere", "inside", "outside"].map(
    (user) => `createUser ${user} SHA-256 "${auth.password.reveal()}" AES "${privacy.password.reveal()}"`,
  );
  outer = await startSnmpd([
    ...users,
    ...lines,
    "sysName the router",
    "rouser everywhere priv",
    "view all included .1",
    "group insiders usm inside",
    "access insiders vrf-a usm priv exact all none none",
    "group outsiders usm outside",
    'access outsiders "" usm priv exact all none none',
  ]);
  running.push(outer);
  await client.start();
});
afterAll(async () => {
  await client.stop();
  for (const snmpd of running.reverse()) await snmpd.stop();
});

const targetOf = (credentials: V3): SnmpTarget =>
  client.target({ router: "ce1", address: "127.0.0.1", port: outer.port, credentials, anySource: false });

const sysName = [oid("1.3.6.1.2.1.1.5.0")];
const ask = { group: "system", table: "system" };
async function nameFrom(target: SnmpTarget): Promise<string | undefined> {
  const got = await target.get(sysName, ask);
  return got.ok ? textAt(got.value, 0) : got.error.detail;
}

describe("a context of snmpd", () => {
  it("shows its own values, and the default context the router's", async () => {
    const of = (context: string) => targetOf({ ...everywhere, context });
    const [router, a, b] = ["", ...contexts].map(of);
    if (router === undefined || a === undefined || b === undefined) throw new Error("no target");
    // In turn and at once: nothing of one context may show in another.
    for (let i = 0; i < 2; i++) {
      expect(await Promise.all([router, a, b].map(nameFrom))).toEqual(["the router", "inside vrf-a", "inside vrf-b"]);
    }
    expect(await nameFrom(of("vrf-a"))).toBe("inside vrf-a");
  });

  it("is walked", async () => {
    const columns = [oid("1.3.6.1.2.1.2.2.1.2"), oid("1.3.6.1.2.1.2.2.1.8")];
    const walked = await targetOf({ ...everywhere, context: "vrf-a" }).walk(columns, { group: "i", table: "ifTable" });
    if (!walked.ok) throw new Error(walked.error.detail);
    expect(textAt(walked.value.cells, 0)).toBe("lo");
    const [first = new Uint8Array(0)] = walked.value.rows;
    expect(decodeArcs(first, 0, first.length)).toEqual([1]);
  });

  it("is open to those only whom its access control admits", async () => {
    expect(await nameFrom(targetOf({ ...everywhere, user: "inside", context: "vrf-a" }))).toBe("inside vrf-a");
    expect(await nameFrom(targetOf({ ...everywhere, user: "outside" }))).toBe("the router");
    expect(await nameFrom(targetOf({ ...everywhere, user: "outside", context: "vrf-a" }))).toContain(
      'answered authorizationError; check that its SNMP view shows this table to user "outside" with authPriv (sha256, aes128) in the context "vrf-a"',
    );
    expect(await nameFrom(targetOf({ ...everywhere, user: "inside" }))).toContain(
      'answered authorizationError; check that its SNMP view shows this table to user "inside" with authPriv (sha256, aes128) in the default context',
    );
  });

  it.each(["vrf-x", "vrf", "VRF-A"])("that is not there, %s, is named", async (context) => {
    const got = await targetOf({ ...everywhere, context }).get(sysName, ask);
    expect(got).toMatchObject({ ok: false, error: { kind: "refused" } });
    expect(got.ok ? "" : got.error.detail).toContain(
      `is silent about the context ${JSON.stringify(context)}; check context in the credentials`,
    );
  });
});
