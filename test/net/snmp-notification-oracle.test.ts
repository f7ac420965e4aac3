// npm net-snmp as a second, independent sender of notifications.

import snmp from "net-snmp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../agent/lib/clock.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createNotificationListener, type NotificationListener } from "../../agent/net/snmp-notifications.ts";
import { formatOid } from "../../agent/wire/snmp/oid.ts";
import { eventually } from "../support/eventually.ts";

const numberOf = (numbers: Readonly<Record<string, number>>, name: string) => numbers[name] ?? Number.NaN;
const protocols = {
  md5: "md5",
  sha1: "sha",
  sha224: "sha224",
  sha256: "sha256",
  sha384: "sha384",
  sha512: "sha512",
} as const;
const ciphers = { aes128: "aes", aes256: "aes256b", aes256Reeder: "aes256r" } as const;
const keysOf = <K extends string>(of: Readonly<Record<K, unknown>>) => Object.keys(of) as K[];
const pairs = keysOf(protocols).flatMap((auth) => keysOf(ciphers).map((privacy) => ({ auth, privacy })));
const nameOf = ({ auth, privacy }: (typeof pairs)[number]) => `${auth} ${privacy}`;

const notified: string[] = [];
let listener: NotificationListener;
beforeAll(async () => {
  const users = pairs.map((pair) => ({
    router: nameOf(pair),
    addresses: ["127.0.0.1"],
    credentials: {
      version: 3,
      user: nameOf(pair),
      context: "",
      auth: { protocol: pair.auth, password: new Secret("authentication") },
      privacy: { protocol: pair.privacy, password: new Secret("encryption") },
    } as const,
  }));
  const plain = { version: "2c", community: new Secret("traps") } as const;
  const routers = [{ router: "plain", addresses: ["127.0.0.1"], credentials: plain }, ...users];
  listener = createNotificationListener(
    { clock: systemClock, random: (n) => new Uint8Array(n).fill(7), memory: undefined },
    { host: "127.0.0.1", port: 0, routers },
    {
      notified: (router, { trapOid, upTime, varbinds }) =>
        void notified.push(`${router} ${formatOid(trapOid)} ${upTime} ${varbinds.length}`),
      dropped: () => {},
    },
  );
  await listener.start();
});
afterAll(() => listener.stop());

const bindings = [{ oid: "1.3.6.1.2.1.2.2.1.1.3", type: numberOf(snmp.ObjectType, "Integer"), value: 3 }];
const linkDown = 2;

/** Settles when it was sent, or, of an inform, acknowledged. */
async function send(session: snmp.Session, what: "trap" | "inform", which: number | string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      session[what](which, bindings, { upTime: 4711 }, (error) => (error ? reject(error) : resolve()));
    });
  } finally {
    session.close();
  }
}

const options = () => ({ trapPort: listener.port(), timeout: 2_000, retries: 0 });
const byCommunity = (version: number) => snmp.createSession("127.0.0.1", "traps", { ...options(), version });
function byUser(pair: (typeof pairs)[number]): snmp.Session {
  const user = {
    name: nameOf(pair),
    level: numberOf(snmp.SecurityLevel, "authPriv"),
    authProtocol: numberOf(snmp.AuthProtocols, protocols[pair.auth]),
    authKey: "authentication",
    privProtocol: numberOf(snmp.PrivProtocols, ciphers[pair.privacy]),
    privKey: "encryption",
  };
  return snmp.createV3Session("127.0.0.1", user, options());
}

async function hears(expected: string): Promise<void> {
  await eventually(expected, () => notified.includes(expected));
  expect(notified.splice(0)).toEqual([expected]);
}

describe("npm net-snmp is heard", () => {
  it("in v1", async () => {
    await send(byCommunity(snmp.Version1), "trap", linkDown);
    await hears("plain 1.3.6.1.6.3.1.1.5.3 4711 1");
    await send(byCommunity(snmp.Version1), "trap", "1.3.6.1.2.1.15.7.2");
    await hears("plain 1.3.6.1.2.1.15.7.0.2 4711 1");
  });

  it.each(["trap", "inform"] as const)("in v2c, with a %s", async (what) => {
    await send(byCommunity(snmp.Version2c), what, "1.3.6.1.2.1.15.0.2");
    await hears("plain 1.3.6.1.2.1.15.0.2 4711 3");
  });

  it.each(pairs)("in v3 with $auth and $privacy, with a trap", async (pair) => {
    await send(byUser(pair), "trap", linkDown);
    await hears(`${nameOf(pair)} 1.3.6.1.6.3.1.1.5.3 4711 3`);
  });

  it.each(pairs)("in v3 with $auth and $privacy, with an inform, which it takes for acknowledged", async (pair) => {
    await send(byUser(pair), "inform", linkDown);
    await hears(`${nameOf(pair)} 1.3.6.1.6.3.1.1.5.3 4711 3`);
  });
});
