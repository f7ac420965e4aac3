// npm net-snmp's agent as a second, independent peer of SNMPv3. It has no AES-192, and its DES fails on OpenSSL 3.

import { once } from "node:events";
import snmp from "net-snmp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../agent/lib/clock.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient, type SnmpTargetCredentials } from "../../agent/net/snmp-client.ts";
import { textAt } from "../../agent/wire/snmp/cells.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";

type V3 = Extract<SnmpTargetCredentials, { version: 3 }>;
const { AuthProtocols, MaxAccess, MibProviderType, ObjectType, PrivProtocols, SecurityLevel } = snmp;
const numberOf = (numbers: Readonly<Record<string, number>>, name: string) => numbers[name] ?? Number.NaN;

const auths = {
  md5: "md5",
  sha1: "sha",
  sha224: "sha224",
  sha256: "sha256",
  sha384: "sha384",
  sha512: "sha512",
} as const;
const privacies = { aes128: "aes", aes256: "aes256b", aes256Reeder: "aes256r" } as const;
const keysOf = <K extends string>(of: Readonly<Record<K, unknown>>) => Object.keys(of) as K[];
const pairs = keysOf(auths).flatMap((auth) => keysOf(privacies).map((privacy) => ({ auth, privacy })));

const client = createSnmpClient({ clock: systemClock });
let port = 0;
let agent: snmp.Agent;

beforeAll(async () => {
  agent = snmp.createAgent({ port: 0, address: "127.0.0.1", engineID: "8000B983808182838485868788898a8b8c" }, () => {});
  const mib = agent.getMib();
  mib.registerProvider({
    name: "sysDescr",
    type: MibProviderType.Scalar,
    oid: "1.3.6.1.2.1.1.1",
    scalarType: numberOf(ObjectType, "OctetString"),
    maxAccess: numberOf(MaxAccess, "read-only"),
  });
  mib.setScalarValue("sysDescr", "net-snmp for node");
  const authorizer = agent.getAuthorizer();
  authorizer.addUser({ name: "plain", level: numberOf(SecurityLevel, "noAuthNoPriv") });
  for (const [auth, theirs] of Object.entries(auths)) {
    const user = { authProtocol: numberOf(AuthProtocols, theirs), authKey: "authentication" };
    authorizer.addUser({ name: auth, level: numberOf(SecurityLevel, "authNoPriv"), ...user });
    for (const [privacy, cipher] of Object.entries(privacies)) {
      authorizer.addUser({
        name: `${auth} ${privacy}`,
        level: numberOf(SecurityLevel, "authPriv"),
        ...user,
        privProtocol: numberOf(PrivProtocols, cipher),
        privKey: "encryption",
      });
    }
  }
  const [socket] = Object.values(agent.listener.sockets);
  if (socket === undefined) throw new Error("the agent has no socket");
  await once(socket, "listening");
  port = socket.address().port;
  await client.start();
});

afterAll(async () => {
  await client.stop();
  await new Promise<void>((done) => agent.close(done));
});

async function descriptionFor(user: string, auth: V3["auth"], privacy: V3["privacy"]): Promise<string | undefined> {
  const credentials = { version: 3, user, auth, privacy, context: "" } as const;
  const target = client.target({ router: user, address: "127.0.0.1", port, credentials, anySource: false });
  for (let polls = 0; polls < 2; polls++) {
    const got = await target.get([oid("1.3.6.1.2.1.1.1.0")], { group: "system", table: "system" });
    if (!got.ok) return got.error.detail;
    if (polls === 1) return textAt(got.value, 0);
  }
  return undefined;
}

const authentication = (protocol: keyof typeof auths) => ({ protocol, password: new Secret("authentication") });

describe("npm net-snmp's agent is read by our client", () => {
  it("with noAuthNoPriv", async () => {
    expect(await descriptionFor("plain", undefined, undefined)).toBe("net-snmp for node");
  });

  it.each(keysOf(auths))("with %s", async (auth) => {
    expect(await descriptionFor(auth, authentication(auth), undefined)).toBe("net-snmp for node");
  });

  it.each(pairs)("with $auth and $privacy", async ({ auth, privacy }) => {
    const secret = { protocol: privacy, password: new Secret("encryption") };
    expect(await descriptionFor(`${auth} ${privacy}`, authentication(auth), secret)).toBe("net-snmp for node");
  });
});
