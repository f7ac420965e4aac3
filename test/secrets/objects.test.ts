// Communities, passwords and keys do not come out of the agent's objects and errors, whatever is made of them.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { check } from "../../agent/cli/check.ts";
import { readHostFile } from "../../agent/cli/load.ts";
import { parseConfig } from "../../agent/config/load.ts";
import { systemClock } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient, type SnmpTargetCredentials } from "../../agent/net/snmp-client.ts";
import { createLocalKeys, type UsmUser } from "../../agent/net/snmp-usm-keys.ts";
import { createAttempt, createV3Session } from "../../agent/net/snmp-v3.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";
import { localiseKey, passwordToKey } from "../../agent/wire/snmp/usm.ts";
import { type PrivacyProtocol, privacyKey, privacyProtocols } from "../../agent/wire/snmp/usm-privacy.ts";
import { edited, estateYaml } from "../config/estate-yaml.ts";
import { createSteppedClock } from "../support/clock.ts";
import { mibOf, startResponder } from "../support/snmp-responder.ts";
import { joinedLines, leaksIn, planted } from "./search.ts";
import { authPassword, community, engineId, keysOf, privPassword, secrets, shownOf, user } from "./sentinels.ts";

const short = { initial: milliseconds(100), floor: milliseconds(50), cap: milliseconds(100) };

describe("the search", () => {
  it("finds each form of a secret, and says whose it is", () => {
    const octets = Buffer.from(authPassword);
    const forms = {
      text: authPassword,
      hex: octets.toString("hex").toUpperCase(),
      buffer: inspect(octets),
      array: joinedLines(inspect(Uint8Array.from(octets), { maxArrayLength: null })),
      json: JSON.stringify([...octets]),
      base64: octets.toString("base64"),
      "base64 of more": Buffer.concat([Buffer.from("12345"), octets, Buffer.from("67")]).toString("base64"),
      url: encodeURIComponent(authPassword),
      html: "zKq7authentication&lt;&amp;>password",
    };
    for (const [form, output] of Object.entries(forms)) {
      expect(leaksIn(`before ${output} after`, secrets).join(), form).toContain("authentication password");
    }
    const [key] = keysOf("planted", "some password");
    if (key === undefined) throw new Error("no key");
    expect(leaksIn(`{"key":"${Buffer.from(key.octets).toString("base64")}"}`, [key])).not.toEqual([]);
    expect(leaksIn(shownOf({ key: key.octets }), [key])).not.toEqual([]);
    expect(leaksIn(shownOf(new Map([[1, { deep: [community.file] }]])), secrets)).not.toEqual([]);
    expect(leaksIn("snmp: no usable answer within 1s; community and password are [secret]", secrets)).toEqual([]);
  });
});

describe("the objects of the agent", () => {
  const credentials = (of: UsmUser): SnmpTargetCredentials => ({
    version: 3,
    user: of.name,
    auth: of.auth,
    privacy: of.privacy,
    context: "",
  });

  it.each(Object.keys(privacyProtocols) as PrivacyProtocol[])("keep keys of %s to themselves", (privacy) => {
    const keys = createLocalKeys();
    const local = keys(user(authPassword, privacy), engineId);
    const digest = passwordToKey("sha256", Buffer.from(privPassword));
    const octets = privacyKey("sha256", privacy, localiseKey("sha256", digest, engineId), engineId);
    const parts = Array.from({ length: octets.length / 8 }, (_, i) =>
      planted(`octets ${8 * i} of the privacy key`, octets.subarray(8 * i, 8 * i + 8)),
    );
    for (const thing of [keys, local, local.auth, local.privacy, local.privacy?.key]) {
      expect(leaksIn(shownOf(thing), [...secrets, ...parts])).toEqual([]);
    }
    expect(shownOf(local)).toContain(privacy);
  });

  it("keep passwords and communities to themselves: secrets, users, sessions, clients and targets", async () => {
    const responder = await startResponder({ community: community.env, mib: () => mibOf({}) });
    const clock = createSteppedClock();
    const client = createSnmpClient({ clock }, { timeouts: short });
    const at = { address: "127.0.0.1", port: responder.port, anySource: false };
    const v2c = { router: "a", ...at, credentials: { version: "2c", community: new Secret(community.env) } as const };
    const v3 = { router: "b", ...at, port: responder.other.address().port, credentials: credentials(user()) };
    const targets = [client.target(v2c), client.target(v3)];
    const told: string[] = [];
    const session = createV3Session(
      { user: user(), context: "" },
      { clock: systemClock, keys: createLocalKeys(), nextSalt: () => 1n, forgotBoots: () => told.push("forgot") },
    );
    try {
      await client.start();
      const asked = [oid("1.3.6.1.2.1.1.3.0")];
      const results = await Promise.all(targets.map((target) => target.get(asked, { group: "g", table: "t" })));
      expect(results.map((result) => result.ok)).toEqual([true, false]);
      const things = [
        new Secret(authPassword),
        user(),
        v2c,
        v3,
        client,
        ...targets,
        ...results,
        session,
        createAttempt(),
      ];
      for (const thing of things) expect(leaksIn(shownOf(thing), secrets)).toEqual([]);
      expect(shownOf(v2c)).toContain("[secret]");
    } finally {
      await client.stop();
      clock.stop();
      await responder.stop();
    }
  });

  it("keep them to themselves in the Estate, whatever is made of it", () => {
    const readFile = () => ({ ok: false, error: "does not exist" }) as const;
    const sources = { env: { SNMP_COMMUNITY: community.env }, readFile, credentialsDirectory: undefined };
    const parsed = parseConfig(estateYaml, "estate.yaml", sources);
    if (!parsed.ok) throw new Error("a good file is refused");
    const estate = parsed.value;
    const routers = [...estate.routers.values()];
    for (const thing of [estate, routers, ...routers.map((router) => router.credentials), parsed]) {
      expect(leaksIn(shownOf(thing), secrets)).toEqual([]);
    }
  });

  it("say nothing of them in what they throw", () => {
    const thrown: unknown[] = [];
    const attempts = [
      () => passwordToKey("sha256", new Uint8Array(0)),
      () => structuredClone({ user: user(), run: () => authPassword.length }),
      () => JSON.stringify({ of: user(), n: 1n }),
      () => new Secret(authPassword).reveal.call({} as Secret),
    ];
    for (const run of attempts) {
      try {
        run();
      } catch (error) {
        thrown.push(error);
      }
    }
    expect(thrown).toHaveLength(attempts.length);
    for (const error of thrown) expect(leaksIn(shownOf(error), secrets)).toEqual([]);
  });
});

describe("what is wrong with a file", () => {
  const where = (name: string) => `{ version: 3, user: watcher, auth: { protocol: sha256, password: ${name} } }`;
  const community2c = "{ version: 2c, community: { env: SNMP_COMMUNITY } }";
  it.each([
    ["a password in the file", edited([community2c, where(JSON.stringify(authPassword))]), {}],
    ["a password as a variable's name", edited([community2c, where(`{ env: ${JSON.stringify(authPassword)} }`)]), {}],
    ["a password that is too short", edited([community2c, where("{ env: SHORT }")]), { SHORT: "zKq7pw" }],
    [
      "a password of two lines",
      edited([community2c, where("{ env: TWO }")]),
      { TWO: `${authPassword}\n${privPassword}` },
    ],
    [
      "a community as the user",
      edited([community2c, `{ version: 2c, community: { env: A }, user: x }`]),
      { A: community.env },
    ],
    [
      "a password as a protocol",
      edited([community2c, `{ version: 3, user: w, auth: { protocol: zKq7x, password: { env: A } } }`]),
      { A: privPassword },
    ],
  ])("is said without the secret: %s", async (_, text, env) => {
    const directory = mkdtempSync(join(tmpdir(), "sentinels-"));
    try {
      const file = join(directory, "estate.yaml");
      writeFileSync(file, text);
      const said: string[] = [];
      const say = (line: string) => said.push(line);
      expect(await check(file, { env, readFile: readHostFile, out: say, err: say })).toBe(1);
      expect(said.length).toBeGreaterThan(0);
      expect(leaksIn(said.join("\n"), secrets)).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
