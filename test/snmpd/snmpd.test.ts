// SNMPv3 against Debian's snmpd: every pair of protocols that it offers, restarts, and each kind of mistake.

import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AuthProtocol,
  authProtocols,
  type PrivacyProtocol,
  privacyProtocols,
  type SnmpCredentials,
} from "../../agent/estate/estate.ts";
import { later, systemClock } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient, type SnmpTarget } from "../../agent/net/snmp-client.ts";
import type { TimeoutLimits } from "../../agent/net/snmp-timeout.ts";
import { textAt } from "../../agent/wire/snmp/cells.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";
import { localiseKey, passwordToKey } from "../../agent/wire/snmp/usm.ts";
import { privacyKey } from "../../agent/wire/snmp/usm-privacy.ts";
import { patient, type Snmpd, startSnmpd } from "./snmpd.ts";

const authNames: Readonly<Record<AuthProtocol, string>> = {
  md5: "MD5",
  sha1: "SHA",
  sha224: "SHA-224",
  sha256: "SHA-256",
  sha384: "SHA-384",
  sha512: "SHA-512",
};
const privacyNames: Readonly<Record<PrivacyProtocol, string>> = {
  des: "DES",
  aes128: "AES",
  aes192: "AES-192",
  aes256: "AES-256",
  aes192Reeder: "AES-192-C",
  aes256Reeder: "AES-256-C",
};

const authPassword = "sentinel-authentication";
const privacyPassword = "sentinel-encryption";
const auth = (protocol: AuthProtocol) => ({ protocol, password: new Secret(authPassword) });
const privacy = (protocol: PrivacyProtocol) => ({ protocol, password: new Secret(privacyPassword) });
type V3 = Extract<SnmpCredentials, { version: 3 }>;
const nobody: V3 = { version: 3, user: "plain", auth: undefined, privacy: undefined, context: "" };

const pairs = authProtocols.flatMap((a) =>
  privacyProtocols.map((p) => ({ user: `${a}${p}`, auth: a, privacy: p }) as const),
);
const configuration = [
  ...pairs.flatMap(({ user, auth: a, privacy: p }) => [
    `createUser ${user} ${authNames[a]} "${authPassword}" ${privacyNames[p]} "${privacyPassword}"`,
    `rouser ${user} priv`,
  ]),
  ...authProtocols.flatMap((a) => [`createUser only${a} ${authNames[a]} "${authPassword}"`, `rouser only${a} auth`]),
  "createUser plain",
  "rouser plain noauth",
  "sysName a router",
];

const warnings: string[] = [];
let ahead = 0;
const clientWith = (timeouts: TimeoutLimits) =>
  createSnmpClient(
    {
      clock: { ...systemClock, now: () => later(systemClock.now(), milliseconds(ahead)) },
      log: { warn: (fields, message) => warnings.push(JSON.stringify([fields, message])) },
    },
    { timeouts },
  );
const client = clientWith(patient(20_000));
/** It answers on loopback, and some kinds of silence are waited for. */
const hasty = clientWith(patient(800));
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

const targetOf = (credentials: SnmpCredentials, router = "ce1", of = client): SnmpTarget =>
  of.target({ router, address: "127.0.0.1", port: snmpd.port, credentials, anySource: false });

const ask = { group: "system", table: "system" };
const sysName = [oid("1.3.6.1.2.1.1.5.0")];
async function nameFrom(target: SnmpTarget): Promise<string | undefined> {
  const got = await target.get(sysName, ask);
  return got.ok ? textAt(got.value, 0) : got.error.detail;
}
const usual = { ...nobody, user: "sha256aes128", auth: auth("sha256"), privacy: privacy("aes128") } satisfies V3;

describe("snmpd answers", () => {
  it("noAuthNoPriv", async () => {
    expect(await nameFrom(targetOf(nobody))).toBe("a router");
  });

  it.each(authProtocols)("authNoPriv with %s", async (protocol) => {
    const target = targetOf({ ...nobody, user: `only${protocol}`, auth: auth(protocol) });
    expect(await nameFrom(target)).toBe("a router");
    expect(await nameFrom(target)).toBe("a router");
  });

  it.each(pairs)("authPriv with $auth and $privacy", async ({ user, auth: a, privacy: p }) => {
    const target = targetOf({ ...nobody, user, auth: auth(a), privacy: privacy(p) });
    expect(await nameFrom(target)).toBe("a router");
    const walked = await target.walk([oid("1.3.6.1.2.1.2.2.1.2"), oid("1.3.6.1.2.1.2.2.1.8")], {
      group: "interfaces",
      table: "ifTable",
    });
    expect(walked.ok ? textAt(walked.value.cells, 0) : walked.error.detail).toBe("lo");
  });

  it("with the keys that it wrote to its own file", async () => {
    await snmpd.restart();
    const file = await snmpd.persistent();
    const engineId = Uint8Array.from(Buffer.from("80001f8804616263", "hex"));
    const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString("hex")}`;
    for (const { user, auth: a, privacy: p } of pairs) {
      const line = file.split("\n").find((one) => one.includes(` "${user}" `)) ?? "";
      const local = (password: string) => localiseKey(a, passwordToKey(a, Buffer.from(password)), engineId);
      expect(line, user).toContain(hex(local(authPassword)));
      expect(line, user).toContain(`${hex(privacyKey(a, p, local(privacyPassword), engineId))} `);
    }
  });
});

describe("a restart is recovered by the next poll", () => {
  it("when the boots are kept", async () => {
    const target = targetOf(usual);
    expect(await nameFrom(target)).toBe("a router");
    for (let i = 0; i < 2; i++) {
      await snmpd.restart();
      // Five in parallel: each must take what the first one learns.
      const names = await Promise.all(Array.from({ length: 5 }, () => nameFrom(target)));
      expect(names).toEqual(Array.from({ length: 5 }, () => "a router"));
    }
    expect(warnings).toEqual([]);
  });

  it("when they are not, which is said once each time", async () => {
    const target = targetOf(usual, "forgetful");
    expect(await nameFrom(target)).toBe("a router");
    for (let i = 0; i < 2; i++) {
      // As if it had been up for long: its time, that we count on, then goes back behind the window.
      ahead += 10_000_000;
      await snmpd.restart({ forgetful: true });
      expect(await snmpd.persistent()).toContain("engineBoots 1\n");
      const { retransmitted } = client.requests.read();
      const names = await Promise.all(Array.from({ length: 5 }, () => nameFrom(target)));
      expect(names).toEqual(Array.from({ length: 5 }, () => "a router"));
      expect(client.requests.read().retransmitted).toBe(retransmitted);
    }
    const told = warnings.filter((line) => line.includes("forgetful"));
    expect(told).toHaveLength(2);
    expect(told.join()).toContain("snmpEngineBoots");
  });
});

describe("a mistake is named", () => {
  const other = (credentials: Partial<V3>) => ({ ...usual, ...credentials });
  const wrong = new Secret("sentinel-of-the-mistake");
  it.each<readonly [string, V3, string]>([
    [
      "user",
      other({ user: "stranger" }),
      'it does not know the user "stranger" (unknownUserName); check user in the credentials, and the users of the router',
    ],
    [
      "authentication password",
      other({ auth: { protocol: "sha256", password: wrong } }),
      'it refused the digest of user "sha256aes128" (wrongDigest); check the protocol and password of auth in the credentials',
    ],
    ["authentication protocol", other({ auth: auth("sha512") }), "(wrongDigest)"],
    [
      "privacy password",
      other({ privacy: { protocol: "aes128", password: wrong } }),
      'it answers user "sha256aes128" without privacy, and is silent about what is encrypted for authPriv (sha256, aes128); check the protocol and password of privacy in the credentials',
    ],
    ["privacy protocol", other({ privacy: privacy("des") }), "check the protocol and password of privacy"],
    ["context", other({ context: "vrf-x" }), 'is silent about the context "vrf-x"; check context in the credentials'],
    [
      "level, too high",
      other({ user: "onlysha256" }),
      'it does not offer authPriv (sha256, aes128) to user "onlysha256" (unsupportedSecurityLevel); check auth and privacy',
    ],
    [
      "level, too low",
      other({ privacy: undefined }),
      'answered authorizationError; check that its SNMP view shows this table to user "sha256aes128" with authNoPriv (sha256) in the default context',
    ],
  ])("wrong %s", async (_, credentials, expected) => {
    const got = await targetOf(credentials, "ce1", hasty).get(sysName, ask);
    if (got.ok) throw new Error("answered");
    expect(got.error.kind).toBe("refused");
    expect(got.error.detail).toContain(`ce1 (127.0.0.1 port ${snmpd.port}), GET of system (1.3.6.1.2.1.1.5.0): `);
    expect(got.error.detail).toContain(expected);
    const shown = `${inspect([got, hasty, credentials, warnings], { depth: 9, showHidden: true })}${JSON.stringify(got)}`;
    for (const sentinel of [authPassword, privacyPassword, wrong.reveal()]) expect(shown).not.toContain(sentinel);
  });

  it("and what was right before is answered after it", async () => {
    expect(await nameFrom(targetOf(usual))).toBe("a router");
  });
});
