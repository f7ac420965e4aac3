// Notifications sent by net-snmp's own tools: every version, informs acknowledged, and each kind of mistake.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNotifications, type Notifications } from "../../agent/collect/notifications.ts";
import type { SnmpCredentials } from "../../agent/estate/estate.ts";
import { systemClock } from "../../agent/lib/clock.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { stateFile } from "../../agent/lib/state-file.ts";
import { router } from "../support/estate.ts";
import { eventually } from "../support/eventually.ts";

const authPassword = "sentinel-authentication";
const privacyPassword = "sentinel-encryption";
const community = "sentinel-of-the-traps";
const wrong = "sentinel-of-the-mistake";
type V3 = Extract<SnmpCredentials, { version: 3 }>;

const users: readonly (readonly [
  auth: NonNullable<V3["auth"]>["protocol"],
  privacy: NonNullable<V3["privacy"]>["protocol"],
  a: string,
  x: string,
])[] = [
  ["md5", "des", "MD5", "DES"],
  ["sha1", "aes128", "SHA", "AES"],
  ["sha224", "aes192", "SHA-224", "AES-192"],
  ["sha256", "aes128", "SHA-256", "AES"],
  ["sha1", "aes256Reeder", "SHA", "AES-256-C"],
  ["sha512", "aes256", "SHA-512", "AES-256"],
];
const userName = (auth: string, privacy: string) => `${auth}${privacy}`;

/** Nothing right ever comes from these two. */
const silentUser: (typeof users)[number] = ["sha384", "aes192Reeder", "SHA-384", "AES-192-C"];
const silentCommunity = "sentinel-of-the-silent";

/** All stand at 127.0.0.1: one router for each user, and one for each community. */
const routers = new Map(
  [
    { name: "by-community", credentials: { version: "2c", community: new Secret(community) } as const },
    { name: "silent-community", credentials: { version: "2c", community: new Secret(silentCommunity) } as const },
    ...[...users, silentUser].map(([auth, privacy]): { name: string; credentials: SnmpCredentials } => ({
      name: userName(auth, privacy),
      credentials: {
        version: 3,
        user: userName(auth, privacy),
        auth: { protocol: auth, password: new Secret(authPassword) },
        privacy: { protocol: privacy, password: new Secret(privacyPassword) },
        context: "",
      },
    })),
  ].map(({ name, credentials }) => [
    name,
    { ...router(name, "127.0.0.1"), credentials, notifications: { addresses: ["127.0.0.1"], credentials } },
  ]),
);

let dir = "";
let notifications: Notifications;
const polled: string[] = [];
const lines: string[] = [];
const line = (fields: unknown, message: string) => void lines.push(`${JSON.stringify(fields)} ${message}`);

function listen(port: number): Notifications {
  return createNotifications(
    {
      clock: systemClock,
      log: { info: line, warn: line, error: line },
      random: randomBytes,
      memory: stateFile(dir, "snmp-engine.json"),
      observe: () => {},
      poll: (name, group) => void polled.push(`${name} ${group}`),
    },
    { notifications: { host: "127.0.0.1", port }, routers, circuits: new Map() },
  );
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "notifications-"));
  notifications = listen(0);
  expect(await notifications.start()).toEqual({ ok: true, value: undefined });
});
afterAll(async () => {
  await notifications.stop();
  await rm(dir, { recursive: true, force: true });
});

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

async function run(tool: "snmptrap" | "snmpinform", args: readonly string[]): Promise<Ran> {
  const env = { ...process.env, MIBS: "", SNMP_PERSISTENT_DIR: join(dir, "tools"), SNMPCONFPATH: dir };
  const child = spawn(tool, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const failed = new Promise<never>((_, reject) => {
    child.once("error", () =>
      reject(new Error(`${tool} is missing. Run: apt-get install --no-install-recommends snmp`)),
    );
  });
  const [code] = await Promise.race([once(child, "close"), failed]);
  return { code: code as number | null, output };
}

const linkDown = ["1.3.6.1.6.3.1.1.5.3", "1.3.6.1.2.1.2.2.1.1.3", "i", "3", "1.3.6.1.2.1.2.2.1.2.3", "s", "ge0"];
const backward = [
  "1.3.6.1.2.1.15.0.2",
  "1.3.6.1.2.1.15.3.1.14.172.16.0.2",
  "x",
  "0400",
  "1.3.6.1.2.1.15.3.1.2.172.16.0.2",
  "i",
  "1",
];
const destination = () => `127.0.0.1:${notifications.port()}`;
/** One try, and a second to wait. */
const oneTry = ["-r", "0", "-t", "1"];
const v2c = (given = community) => [...oneTry, "-v2c", "-c", given];

interface V3Change {
  readonly user?: string;
  readonly level?: string;
  readonly auth?: string;
  readonly privacy?: string;
}
function v3(of: (typeof users)[number], change: V3Change = {}): readonly string[] {
  const [auth, privacy, a, x] = of;
  const { user = userName(auth, privacy), level = "authPriv" } = change;
  const passwords = ["-a", a, "-A", change.auth ?? authPassword, "-x", x, "-X", change.privacy ?? privacyPassword];
  return [...oneTry, "-v3", "-u", user, "-l", level, ...passwords];
}
const engine = (id: string) => ["-e", `0x${id}`];
const aes = users[3] ?? users[0];
if (aes === undefined) throw new Error("no user");

const kinds = (name: string) => notifications.taken().get(name);
const pollsOf = (what: string) => polled.filter((text) => text === what).length;
const dropped = (reason: string) => notifications.dropped()[reason] ?? 0;

describe("a trap of snmptrap is followed by a poll", () => {
  it("in v1, with the numbers of RFC 1269", async () => {
    const polls = pollsOf("by-community bgp");
    const before = kinds("by-community")?.bgp ?? 0;
    const trap = ["1.3.6.1.2.1.15.7", "192.0.2.1", "6", "2", "4711", "1.3.6.1.2.1.15.3.1.14.172.16.0.2", "x", "0400"];
    expect(await run("snmptrap", ["-v1", "-c", community, destination(), ...trap])).toEqual({
      code: 0,
      output: expect.any(String),
    });
    await eventually("the trap", () => kinds("by-community")?.bgp === before + 1);
    await eventually("the poll", () => pollsOf("by-community bgp") > polls);
    expect(lines.join("\n")).toContain("bgpBackwardTransition of peer 172.16.0.2");
  });

  it("in v1, linkDown of any enterprise", async () => {
    const before = kinds("by-community")?.link ?? 0;
    const trap = ["1.3.6.1.4.1.9.1.1", "192.0.2.1", "2", "0", "4711", ...linkDown.slice(1)];
    await run("snmptrap", ["-v1", "-c", community, destination(), ...trap]);
    await eventually("the trap", () => kinds("by-community")?.link === before + 1);
  });

  it("in v2c", async () => {
    const polls = pollsOf("by-community bgp");
    const before = kinds("by-community")?.bgp ?? 0;
    await run("snmptrap", [...v2c(), destination(), "", ...backward]);
    await eventually("the trap", () => kinds("by-community")?.bgp === before + 1);
    await eventually("the poll", () => pollsOf("by-community bgp") > polls);
  });

  it.each(users)("in v3 with %s and %s, of an engine that nobody knew", async (...of) => {
    const name = userName(of[0], of[1]);
    const polls = pollsOf(`${name} interfaces`);
    await run("snmptrap", [
      ...engine(`8000000001${Buffer.from(name).toString("hex")}`),
      ...v3(of),
      destination(),
      "",
      ...linkDown,
    ]);
    await eventually("the trap", () => kinds(name)?.link === 1);
    await eventually("the poll", () => pollsOf(`${name} interfaces`) > polls);
  });

  it("in v3 again, and not when its boots are those of the past", async () => {
    const name = userName(aes[0], aes[1]);
    const args = [...engine("800000000102030405"), ...v3(aes), destination(), "", ...linkDown];
    const before = kinds(name)?.link ?? 0;
    await run("snmptrap", ["-Z", "7,1000", ...args]);
    await run("snmptrap", ["-Z", "7,1010", ...args]);
    await eventually("both traps", () => kinds(name)?.link === before + 2);
    const outside = dropped("window");
    await run("snmptrap", ["-Z", "6,2000", ...args]);
    await run("snmptrap", ["-Z", "7,700", ...args]);
    await eventually("both drops", () => dropped("window") === outside + 2);
    expect(kinds(name)?.link).toBe(before + 2);
  });
});

describe("an inform of snmpinform is acknowledged", () => {
  it("in v2c", async () => {
    const before = kinds("by-community")?.link ?? 0;
    expect((await run("snmpinform", [...v2c(), destination(), "", ...linkDown])).code).toBe(0);
    expect(kinds("by-community")?.link).toBe(before + 1);
  });

  it("in v2c, though it is of no interest: counted, and not polled for", async () => {
    const before = dropped("notOfInterest");
    expect((await run("snmpinform", [...v2c(silentCommunity), destination(), "", "1.3.6.1.4.1.8072.4.0.2"])).code).toBe(
      0,
    );
    expect(dropped("notOfInterest")).toBe(before + 1);
    expect(notifications.confirmed().get("silent-community")).toBe(0);
  });

  it.each(users)("in v3 with %s and %s, after discovery", async (...of) => {
    const name = userName(of[0], of[1]);
    const polls = pollsOf(`${name} bgp`);
    const before = kinds(name)?.bgp ?? 0;
    expect(await run("snmpinform", [...v3(of), destination(), "", ...backward])).toMatchObject({ code: 0 });
    expect(kinds(name)?.bgp).toBe(before + 1);
    await eventually("the poll", () => pollsOf(`${name} bgp`) > polls);
  });

  it("after a restart with the same engine ID and one boot more", async () => {
    const of = (text: string) => /"engineId":"([0-9a-f]+)","boots":(\d+)/.exec(text);
    const first = of(lines.find((text) => text.includes("are heard")) ?? "");
    await notifications.stop();
    lines.splice(0);
    notifications = listen(notifications.port());
    expect((await notifications.start()).ok).toBe(true);
    const second = of(lines[0] ?? "");
    expect(second?.[1]).toBe(first?.[1]);
    expect(Number(second?.[2])).toBe(Number(first?.[2]) + 1);
    expect((await run("snmpinform", [...v3(aes), destination(), "", ...linkDown])).code).toBe(0);
  });
});

describe("what is wrong is counted, told to the sender where it listens, and never polled for", () => {
  it.each<readonly [reason: string, args: readonly string[], says: string]>([
    ["community", v2c(wrong), "Timeout"],
    ["user", v3(silentUser, { user: "stranger" }), "Unknown user name"],
    ["digest", v3(silentUser, { auth: wrong }), "Authentication failure"],
    ["decryption", v3(silentUser, { privacy: wrong }), "Decryption error"],
    ["level", v3(silentUser, { level: "authNoPriv" }), "Unsupported security level"],
    ["level", v3(silentUser, { level: "noAuthNoPriv" }), "Unsupported security level"],
    ["engine", [...engine("8000000001020399"), ...v3(silentUser)], ""],
  ])("an inform with a wrong %s", async (reason, args, says) => {
    const before = dropped(reason);
    const taken = JSON.stringify([...notifications.taken()]);
    const { code, output } = await run("snmpinform", [...args, destination(), "", ...linkDown]);
    expect(code).not.toBe(0);
    expect(output).toContain(says);
    expect(dropped(reason)).toBe(before + 1);
    expect(JSON.stringify([...notifications.taken()])).toBe(taken);
    expect(lines.some((text) => text.includes(`"reason":"${reason}"`))).toBe(true);
  });

  it.each<readonly [reason: string, change: V3Change]>([
    ["user", { user: "stranger" }],
    ["digest", { auth: wrong }],
    ["decryption", { privacy: wrong }],
    ["level", { level: "authNoPriv" }],
  ])("a trap with a wrong %s", async (reason, change) => {
    const before = dropped(reason);
    const taken = JSON.stringify([...notifications.taken()]);
    await run("snmptrap", [...engine("800000000102030405"), ...v3(silentUser, change), destination(), "", ...linkDown]);
    await eventually("the drop", () => dropped(reason) === before + 1);
    expect(JSON.stringify([...notifications.taken()])).toBe(taken);
  });

  it("so nobody was polled for it", () => {
    for (const name of ["silent-community", userName(silentUser[0], silentUser[1])]) {
      expect(notifications.confirmed().get(name), name).toBe(0);
    }
    expect(polled.filter((text) => text.startsWith("silent") || text.startsWith("sha384"))).toEqual([]);
  });

  it("and no secret is ever logged", () => {
    const all = lines.join("\n");
    expect(lines.length).toBeGreaterThan(5);
    for (const sentinel of [authPassword, privacyPassword, community, silentCommunity, wrong])
      expect(all).not.toContain(sentinel);
  });
});
