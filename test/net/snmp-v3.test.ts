// SNMPv3 over real UDP on loopback, against an engine that restarts, forgets, lies, or is impersonated.

import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { milliseconds } from "../../agent/lib/duration.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient, type SnmpTargetCredentials } from "../../agent/net/snmp-client.ts";
import { createLocalKeys } from "../../agent/net/snmp-usm-keys.ts";
import { textAt } from "../../agent/wire/snmp/cells.ts";
import type { Pdu } from "../../agent/wire/snmp/message.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";
import { privacyKeyOf } from "../../agent/wire/snmp/usm-privacy.ts";
import { flagAuth, flagPrivacy, noKeys } from "../../agent/wire/snmp/v3.ts";
import { createSteppedClock } from "../support/clock.ts";
import { mibOf } from "../support/snmp-responder.ts";
import {
  type Engine,
  startV3Responder,
  usmStats,
  type V3Exchange,
  type V3ResponderOptions,
} from "../support/v3-responder.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

type V3 = Extract<SnmpTargetCredentials, { version: 3 }>;
const sentinels = ["sentinel-authentication", "sentinel-encryption"] as const;
const full: V3 = {
  version: 3,
  user: "nms",
  auth: { protocol: "sha256", password: new Secret(sentinels[0]) },
  privacy: { protocol: "aes128", password: new Secret(sentinels[1]) },
  context: "",
};
const mib = mibOf({ "1.3.6.1.2.1.1.5.0": { type: "octets", value: Buffer.from("a router") } });
const localKeys = createLocalKeys();
const id = (text: string) => Uint8Array.from(Buffer.from(`80001f8804${Buffer.from(text).toString("hex")}`, "hex"));

interface Options extends Partial<Pick<V3ResponderOptions, "script" | "context">> {
  readonly credentials?: V3;
  /** What the router has, where it is not the same. */
  readonly has?: V3;
}

async function setup({ credentials = full, has = credentials, ...options }: Options = {}) {
  const engine: Engine = { id: id("one"), boots: 7, time: 1_000 };
  const keys = (engineId: Uint8Array) => localKeys({ name: has.user, auth: has.auth, privacy: has.privacy }, engineId);
  const responder = await startV3Responder({ engine, user: has.user, keys, mib: () => mib, ...options });
  // Which the test moves on besides.
  const time = createSteppedClock();
  const timeouts = { initial: milliseconds(120), floor: milliseconds(60), cap: milliseconds(200) };
  const warnings: string[] = [];
  const log = { warn: (fields: unknown, message: string) => void warnings.push(inspect([fields, message])) };
  const client = createSnmpClient({ clock: time, log }, { timeouts });
  const target = client.target({
    router: "ce1",
    address: "127.0.0.1",
    port: responder.port,
    credentials,
    anySource: false,
  });
  await client.start();
  stops.push(
    async () => time.stop(),
    () => client.stop(),
    responder.stop,
  );
  const ask = { group: "system", table: "system" };
  async function poll(): Promise<string> {
    const got = await target.get([oid("1.3.6.1.2.1.1.5.0")], ask);
    if (got.ok) return textAt(got.value, 0) ?? "no text";
    const shown = inspect([got, client, target, warnings], { depth: 9, showHidden: true });
    for (const sentinel of sentinels) expect(shown).not.toContain(sentinel);
    return `${got.error.kind}: ${got.error.detail.replace(/^.*?\): /, "")}`;
  }
  const drops = () => Object.fromEntries(Object.entries(client.dropped.read()).filter(([, count]) => count > 0));
  return { engine, responder, client, time, poll, drops, warnings, keys };
}

const withoutAuth = { ...full, auth: undefined, privacy: undefined };
const withoutPrivacy = { ...full, privacy: undefined };

describe("RFC 3414 section 4: discovery", () => {
  it("asks for the engine id, then in one more round trip for what is wanted", async () => {
    const { poll, responder, client } = await setup();
    expect(await poll()).toBe("a router");
    expect(responder.heard().map(({ level, boots }) => [level, boots])).toEqual([
      [0, 0],
      [flagAuth | flagPrivacy, 7],
    ]);
    expect(await poll()).toBe("a router");
    expect(responder.heard()).toHaveLength(3);
    expect(client.requests.read()).toMatchObject({ sent: 3, retransmitted: 0, received: 3, answered: 2, reports: 1 });
  });

  it("does not take the time that nobody vouches for", async () => {
    const { poll, responder, drops } = await setup({
      script: ({ n, answer, report, send }) => send(n === 0 ? report(`${usmStats}.4`, { boots: 90, time: 5 }) : answer),
    });
    expect(await poll()).toBe("a router");
    expect(responder.heard().map(({ boots, time }) => [boots, time])).toEqual([
      [0, 0],
      [90, 5],
      [7, 1_000],
    ]);
    expect(drops()).toEqual({});
  });

  it.each([
    ["noAuthNoPriv", withoutAuth, 0],
    ["authNoPriv", withoutPrivacy, flagAuth],
  ] as const)("is followed by %s where that is configured", async (_, credentials, level) => {
    const { poll, responder } = await setup({ credentials });
    expect(await poll()).toBe("a router");
    expect(responder.heard().at(-1)?.level).toBe(level);
  });

  it("is made again when the router has another engine id", async () => {
    const { poll, engine, responder, warnings } = await setup();
    expect(await poll()).toBe("a router");
    Object.assign(engine, { id: id("two"), boots: 1, time: 3 });
    expect(await poll()).toBe("a router");
    expect(await poll()).toBe("a router");
    expect(responder.heard()).toHaveLength(5);
    expect(warnings).toEqual([]);
  });
});

describe("time (RFC 3414 section 2.3)", () => {
  it("runs on with our clock between polls", async () => {
    const { poll, engine, time, responder } = await setup();
    await poll();
    time.pass(3_600_000);
    engine.time += 3_600;
    expect(await poll()).toBe("a router");
    expect(responder.heard().at(-1)).toMatchObject({ boots: 7, time: 4_600 });
    expect(responder.heard()).toHaveLength(3);
  });

  it("is taken from the authentic report after a restart, also by many at once", async () => {
    const { poll, engine, client, warnings } = await setup();
    await poll();
    Object.assign(engine, { boots: 8, time: 2 });
    expect(new Set(await Promise.all(Array.from({ length: 6 }, poll)))).toEqual(new Set(["a router"]));
    expect(client.requests.read()).toMatchObject({ retransmitted: 0, timedOut: 0 });
    expect(warnings).toEqual([]);
  });

  it("goes back for an engine that does not keep its boots, which is said", async () => {
    const { poll, engine, warnings, responder } = await setup();
    await poll();
    engine.time = 3;
    expect(new Set(await Promise.all(Array.from({ length: 6 }, poll)))).toEqual(new Set(["a router"]));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("router: 'ce1'");
    const before = responder.heard().length;
    expect(await poll()).toBe("a router");
    expect(responder.heard()).toHaveLength(before + 1);
  });

  it("is not changed by reports that nobody vouches for", async () => {
    const { poll, responder, drops } = await setup({
      script: ({ n, answer, report, send }) => {
        if (n > 1) {
          send(report(`${usmStats}.2`, { boots: 90, time: 5 }));
          send(report(`${usmStats}.4`, { boots: 90, time: 5 }));
        }
        send(answer);
      },
    });
    for (let i = 0; i < 3; i++) expect(await poll()).toBe("a router");
    expect(responder.heard().map(({ boots }) => boots)).toEqual([0, 7, 7, 7]);
    expect(drops()).toEqual({});
  });

  it("outside of the window is no answer, and is asked for anew", async () => {
    const { poll, drops, responder } = await setup({
      script: ({ n, heard, answer, make, send }) => {
        if (n === 2 && heard.pdu !== undefined) send(make({ ...heard.pdu, type: "response" } as Pdu, { time: 849 }));
        else send(answer);
      },
    });
    await poll();
    expect(await poll()).toBe("a router");
    expect(drops()).toEqual({ window: 1 });
    expect(responder.heard().map(({ boots }) => boots)).toEqual([0, 7, 7, 0, 7]);
  });

  it("that is refused again and again ends the request", async () => {
    const { poll, responder } = await setup({
      script: ({ n, answer, report, send, heard }) =>
        send(n === 0 ? answer : report(`${usmStats}.2`, { keys: keysOf(), boots: heard.boots, time: heard.time })),
    });
    const keysOf = () => ({ ...localKeys({ name: "nms", auth: full.auth, privacy: undefined }, id("one")) });
    expect(await poll()).toMatch(/^refused: it says that our time is not its own, after we took its own/);
    expect(responder.heard().length).toBeLessThan(8);
  });
});

describe("a retransmission", () => {
  it("is made anew: other message id, other salt, same request id", async () => {
    const { poll, responder } = await setup({
      script: ({ n, answer, send }) => {
        if (n !== 1) send(answer);
      },
    });
    expect(await poll()).toBe("a router");
    const asked = responder.heard().slice(1);
    expect(asked).toHaveLength(2);
    expect(new Set(asked.map(({ messageId }) => messageId)).size).toBe(2);
    expect(new Set(asked.map(({ salt }) => salt)).size).toBe(2);
    expect(new Set(asked.map(({ pdu }) => pdu?.requestId)).size).toBe(1);
  });

  it("may be overtaken by the answer to the message before it", async () => {
    const held: (() => void)[] = [];
    const { poll, client } = await setup({
      script: ({ n, answer, send }) => {
        if (n === 0) send(answer);
        else held.push(() => send(answer));
        if (n === 2) for (const release of held) release();
      },
    });
    expect(await poll()).toBe("a router");
    await expect.poll(() => client.dropped.read().duplicate).toBe(1);
  });
});

describe("what is not to be believed is counted, and the request keeps waiting", () => {
  const response = ({ heard }: V3Exchange) => ({ ...heard.pdu, type: "response" }) as Pdu;
  const flipped = (bytes: Uint8Array, fromEnd: number) => {
    const copy = Uint8Array.from(bytes);
    copy[copy.length - fromEnd] = (copy[copy.length - fromEnd] ?? 0) ^ 0x10;
    return copy;
  };
  const other = localKeys(
    { name: "nms", auth: { protocol: "sha256", password: new Secret("another-one") }, privacy: full.privacy },
    id("one"),
  );
  it.each<readonly [string, Record<string, number>, (x: V3Exchange) => void]>([
    ["a flipped bit", { digest: 1 }, ({ answer, send }) => send(flipped(answer, 3))],
    ["another password", { digest: 1 }, (x) => x.send(x.make(response(x), { keys: other }))],
    ["no digest at all", { level: 1 }, (x) => x.send(x.make(response(x), { keys: noKeys }))],
    [
      "a digest without the privacy that was asked for",
      { level: 1 },
      (x) =>
        x.send(
          x.make(response(x), { keys: { ...localKeys({ ...full, name: "nms" }, id("one")), privacy: undefined } }),
        ),
    ],
    [
      "another privacy password",
      { decryption: 1 },
      (x) => {
        const { auth } = localKeys({ ...full, name: "nms" }, id("one"));
        x.send(
          x.make(response(x), {
            keys: { auth, privacy: other.privacy && privacyKeyOf("aes128", new Uint8Array(16)) },
          }),
        );
      },
    ],
    ["another user", { engine: 1 }, (x) => x.send(x.make(response(x), { user: Buffer.from("eve") }))],
    ["another engine", { engine: 1 }, (x) => x.send(x.make(response(x), { engineId: id("eve") }))],
    ["another context", { engine: 1 }, (x) => x.send(x.make(response(x), {}, "eve"))],
    ["boots of long ago", { window: 1 }, (x) => x.send(x.make(response(x), { boots: 6 }))],
    ["another message id", { unknownId: 1 }, (x) => x.send(x.make(response(x), { messageId: 5 }))],
    ["another request id", { unknownId: 1 }, (x) => x.send(x.make({ ...response(x), requestId: 5 } as Pdu))],
    ["another port", { source: 1 }, ({ answer, send }) => send(answer, "other")],
    ["a cut message", { malformed: 1 }, ({ answer, send }) => send(answer.subarray(0, answer.length - 9))],
    ["a request", { decryption: 1 }, (x) => x.heard.pdu && x.send(x.make(x.heard.pdu))],
    ["names that were not asked for", { wrongOid: 1 }, (x) => x.send(x.make({ ...response(x), varbinds: [] } as Pdu))],
  ])("%s", async (_, expected, fault) => {
    const { poll, drops, client } = await setup({
      script: (x) => {
        if (x.n === 2) fault(x);
        x.send(x.answer);
      },
    });
    expect(await poll()).toBe("a router");
    expect(await poll()).toBe("a router");
    expect(drops()).toEqual(expected);
    const { received, answered, reports } = client.requests.read();
    expect([received, answered, reports]).toEqual([4, 2, 1]);
  });

  it.each(["1", "3", "5", "6"])("a forged report %s of usmStats", async (counter) => {
    const { poll, responder, client } = await setup({
      script: ({ n, answer, report, send }) => {
        if (n > 0) send(report(`${usmStats}.${counter}`));
        send(answer);
      },
    });
    for (let i = 0; i < 3; i++) expect(await poll()).toBe("a router");
    expect(responder.heard()).toHaveLength(4);
    expect(client.requests.read()).toMatchObject({ answered: 3, refused: 0, reports: 4 });
  });

  it("an SNMPv2c answer", async () => {
    const { poll, drops } = await setup({
      script: ({ n, heard, answer, send }) => {
        const number = Buffer.alloc(4);
        number.writeUInt32BE(heard.pdu?.requestId ?? 0);
        const v2c = Buffer.from(`3016020101040163a20e0204${number.toString("hex")}0201000201003000`, "hex");
        if (n === 1) send(v2c);
        send(answer);
      },
    });
    expect(await poll()).toBe("a router");
    expect(drops()).toEqual({ version: 1 });
  });
});

describe("a refusal says what to check", () => {
  it.each<readonly [string, V3, V3, RegExp]>([
    [
      "the user",
      { ...full, user: "me" },
      full,
      /^refused: it does not know the user "me" \(unknownUserName\); check user/,
    ],
    [
      "the authentication password",
      { ...full, auth: { protocol: "sha256", password: new Secret("another-one") } },
      full,
      /^refused: it refused the digest of user "nms" \(wrongDigest\); check the protocol and password of auth/,
    ],
    [
      "the privacy password",
      { ...full, privacy: { protocol: "aes128", password: new Secret("another-one") } },
      full,
      /^refused: it could not decrypt what user "nms" sent \(decryptionError\); check the protocol and password of privacy/,
    ],
    [
      "the level",
      withoutPrivacy,
      full,
      /^refused: it does not offer authNoPriv \(sha256\) to user "nms" \(unsupportedSec/,
    ],
    [
      "the context",
      { ...full, context: "vrf-b" },
      full,
      /^refused: it does not have the context "vrf-b" \(unknownContext\)/,
    ],
  ])("about %s, after one message", async (_, credentials, has, expected) => {
    const { poll, responder, client } = await setup({ credentials, has });
    expect(await poll()).toMatch(expected);
    expect(responder.heard()).toHaveLength(2);
    expect(client.requests.read()).toMatchObject({ refused: 1, timedOut: 0 });
  });

  it.each([
    ["1.3.6.1.6.3.12.1.4", /unavailableContext/],
    ["1.3.6.1.6.3.11.2.1.1", /unknownSecurityModel/],
    ["1.3.6.1.6.3.11.2.1.2", /invalidMsg/],
    ["1.3.6.1.6.3.11.2.1.3", /unknownPDUHandler/],
    ["1.3.6.1.9.9", /a kind that is not known/],
    [`${usmStats}.4`, /unknownEngineID/],
  ])("by report %s", async (counter, expected) => {
    const { poll } = await setup({
      script: ({ n, answer, report, send }) => send(n === 0 ? answer : report(counter)),
    });
    expect(await poll()).toMatch(expected);
  });

  it("tells silence about the context from silence about privacy, and tells nothing in the clear", async () => {
    const silent = (answers: (x: V3Exchange) => boolean) => (x: V3Exchange) => {
      if (answers(x)) x.send(x.answer);
    };
    const credentials = { ...full, context: "vrf-x" };
    const wrongContext = await setup({
      credentials,
      has: full,
      script: silent(({ n, heard }) => n === 0 || heard.pdu !== undefined),
    });
    expect(await wrongContext.poll()).toMatch(
      /^refused: it answers user "nms" in the default context, and is silent about the context "vrf-x"/,
    );

    const wrongPrivacy = await setup({
      script: ({ n, answer, make, heard, send }) => {
        if (n === 0) send(answer);
        if (heard.level === flagAuth) {
          const { auth } = localKeys({ ...full, name: "nms" }, id("one"));
          const pdu: Pdu = { type: "response", requestId: 1, errorStatus: 16, errorIndex: 0, varbinds: [] };
          send(make(pdu, { keys: { auth, privacy: undefined } }));
        }
      },
    });
    expect(await wrongPrivacy.poll()).toMatch(/^refused: it answers user "nms" without privacy, and is silent about/);
    const clear = wrongPrivacy.responder.heard().filter(({ level }) => level === flagAuth);
    expect(clear).toHaveLength(1);
    const name = Buffer.from("2b06010201010500", "hex");
    expect(Buffer.from(clear[0]?.bytes ?? []).includes(name)).toBe(false);
  });

  it("is not made of the silence of a router that has answered before", async () => {
    let quiet = false;
    const { poll, responder } = await setup({
      script: ({ answer, send }) => {
        if (!quiet) send(answer);
      },
    });
    expect(await poll()).toBe("a router");
    quiet = true;
    expect(await poll()).toMatch(/^timeout: no usable answer within/);
    for (const { level } of responder.heard().slice(1)) expect(level).toBe(flagAuth | flagPrivacy);
  });
});

describe("contexts", () => {
  it("are asked by their name", async () => {
    const { poll, responder } = await setup({ credentials: { ...full, context: "vrf-a" }, context: "vrf-a" });
    expect(await poll()).toBe("a router");
    expect(responder.heard().at(-1)?.context).toBe("vrf-a");
  });
});
