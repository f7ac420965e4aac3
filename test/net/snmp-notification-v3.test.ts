// RFC 3414 section 3.2, on both sides of authority, with a clock that the test moves.

import { describe, expect, it } from "vitest";
import { Secret } from "../../agent/lib/secret.ts";
import { createV3NotificationReceiver, notifyingUser } from "../../agent/net/snmp-notification-v3.ts";
import { createLocalKeys, type UsmUser } from "../../agent/net/snmp-usm-keys.ts";
import { createReader } from "../../agent/wire/ber.ts";
import { readPdu } from "../../agent/wire/snmp/message.ts";
import { formatOid, oid } from "../../agent/wire/snmp/oid.ts";
import { greatestBoots, isAuthentic } from "../../agent/wire/snmp/usm.ts";
import { decrypt } from "../../agent/wire/snmp/usm-privacy.ts";
import {
  createScopedPdu,
  createV3Header,
  flagAuth,
  flagPrivacy,
  flagReportable,
  noKeys,
  readScopedPdu,
  readV3Header,
  type UsmKeys,
  type V3Envelope,
} from "../../agent/wire/snmp/v3.ts";
import { createFakeClock } from "../support/clock.ts";
import { notificationPdu, notificationV3, trapOids } from "../support/notifications.ts";

const user: UsmUser = {
  name: "traps",
  auth: { protocol: "sha256", password: new Secret("authentication") },
  privacy: { protocol: "aes128", password: new Secret("encryption") },
};
const own = { id: Uint8Array.from(Buffer.from("80007ed905aabbccdd", "hex")), boots: 5 };
const remote = Uint8Array.from(Buffer.from("8000000001020304", "hex"));
const trap = notificationPdu({ trap: trapOids.linkDown });
const inform = notificationPdu({ trap: trapOids.linkDown, inform: true, requestId: 4711 });
const localKeys = createLocalKeys();

function scene(of: UsmUser = user, boots = own.boots) {
  const clock = createFakeClock();
  let salt = 1n;
  const engine = { ...own, boots };
  const receiver = createV3NotificationReceiver({ clock, keys: localKeys, nextSalt: () => salt++, engine });
  const known = notifyingUser(of);

  function hear(engineId: Uint8Array, pdu = trap, change: Partial<V3Envelope> = {}, keys = localKeys(of, engineId)) {
    const heard = receiver.receive(notificationV3({ engineId, user: of.name, keys }, pdu, change), [known]);
    return {
      heard,
      said: heard.kind === "dropped" ? heard.drop : heard.kind,
      answer: heard.answer && opened(heard.answer, of),
    };
  }
  /** What a trap of the remote engine at its boots and time becomes. */
  const trapAt = (atBoots: number, time: number) => hear(remote, trap, { boots: atBoots, time }).said;
  /** What an inform for us becomes, and its answer. */
  const informWith = (change: Partial<V3Envelope>, keys?: UsmKeys) =>
    hear(own.id, inform, { reportable: true, boots, time: 0, ...change }, keys);
  return { clock, receiver, known, hear, trapAt, informWith };
}

/** What we sent, read as its receiver reads it. */
function opened(bytes: Uint8Array, of: UsmUser) {
  const h = createV3Header();
  const r = createReader(bytes);
  if (!readV3Header(h, r, bytes)) throw new Error(`we sent no valid message: ${r.fault}`);
  const { auth, privacy } = localKeys(of, own.id);
  if ((h.flags & flagAuth) !== 0 && (auth === undefined || !isAuthentic(auth, bytes, h.macFrom, h.macTo))) {
    throw new Error("we sent a message that is not authentic");
  }
  const scope = createScopedPdu();
  const encryption = { boots: h.boots, time: h.time, salt: bytes.subarray(h.saltFrom, h.saltTo) };
  const isSecret = (h.flags & flagPrivacy) !== 0;
  const plain = isSecret && privacy ? decrypt(privacy, encryption, bytes.subarray(h.dataFrom, h.dataTo)) : undefined;
  const read = plain
    ? readScopedPdu(scope, r, plain, 0, plain.length, 0)
    : readScopedPdu(scope, r, bytes, h.dataFrom, h.dataTo, 0);
  const pdu = read ? readPdu(r, scope.pduTo) : undefined;
  if (pdu === undefined) throw new Error(`we sent no scoped PDU: ${r.fault}`);
  const [first] = pdu.varbinds;
  return {
    level: h.flags & (flagAuth | flagPrivacy),
    reportable: (h.flags & flagReportable) !== 0,
    messageId: h.messageId,
    engineId: Buffer.from(bytes.subarray(h.engineFrom, h.engineTo)).toString("hex"),
    boots: h.boots,
    time: h.time,
    pdu,
    counter: first && formatOid(first.oid),
  };
}

const usmStats = (n: number) => `1.3.6.1.6.3.15.1.1.${n}.0`;
const ownId = Buffer.from(own.id).toString("hex");

describe("a trap: its sender is authoritative (RFC 3414 section 3.2 step 7b)", () => {
  it("is taken from an engine that nobody knew, and nothing is answered", () => {
    const { heard } = scene().hear(remote);
    expect(heard).toMatchObject({ kind: "notification", answer: undefined });
    expect(heard).toMatchObject({ notification: { confirmed: false, trapOid: oid(trapOids.linkDown) } });
  });

  it("moves its engine's time on, and is refused 150 s behind it", () => {
    const { trapAt, clock } = scene();
    expect(trapAt(3, 1_000)).toBe("notification");
    expect(trapAt(3, 851)).toBe("notification");
    expect(trapAt(3, 849)).toBe("window");
    clock.pass(100_000);
    expect(trapAt(3, 951)).toBe("notification");
    expect(trapAt(3, 949)).toBe("window");
    expect(trapAt(3, 5_000)).toBe("notification");
    expect(trapAt(3, 1_100)).toBe("window");
  });

  it("of earlier boots is refused, of later ones taken", () => {
    const { trapAt } = scene();
    expect(trapAt(3, 1_000)).toBe("notification");
    expect(trapAt(2, 9_000)).toBe("window");
    expect(trapAt(4, 0)).toBe("notification");
    expect(trapAt(3, 1_001)).toBe("window");
  });

  it("is refused once boots are at their end", () => {
    expect(scene().trapAt(greatestBoots, 1)).toBe("window");
  });

  it("that is forged moves no time and leaves no trace", () => {
    const { hear, trapAt, known } = scene();
    const forged = localKeys({ ...user, auth: { protocol: "sha256", password: new Secret("guessed it") } }, remote);
    for (let i = 0; i < 50; i++) {
      const engineId = Uint8Array.from([...remote, i]);
      expect(hear(engineId, trap, {}, forged).said).toBe("digest");
    }
    expect(hear(remote, trap, { boots: 9 }, forged).said).toBe("digest");
    expect(known.engines.size).toBe(0);
    expect(trapAt(1, 1)).toBe("notification");
  });

  it("of many engines keeps the latest few only", () => {
    const { hear, known } = scene();
    for (let i = 0; i < 50; i++) expect(hear(Uint8Array.from([...remote, i])).said).toBe("notification");
    expect(known.engines.size).toBe(8);
    expect(known.engines.has(Buffer.from([...remote, 49]).toString("hex"))).toBe(true);
  });

  it.each<readonly [drop: string, change: Partial<V3Envelope>, keys: (engineId: Uint8Array) => UsmKeys]>([
    ["user", { user: Uint8Array.from(Buffer.from("trap")) }, (id) => localKeys(user, id)],
    ["level", {}, (id) => ({ ...localKeys(user, id), privacy: undefined })],
    ["level", {}, () => noKeys],
    ["decryption", {}, (id) => ({ ...localKeys(user, id), privacy: localKeys(user, own.id).privacy })],
  ])("is not taken, and not answered: %s", (drop, change, keys) => {
    const { hear } = scene();
    const { said, answer } = hear(remote, trap, change, keys(remote));
    expect([said, answer]).toEqual([drop, undefined]);
  });

  it("without authentication is taken where its user has none", () => {
    const plain: UsmUser = { name: "plain", auth: undefined, privacy: undefined };
    expect(scene(plain).hear(remote, trap, { boots: 0, time: 0 }).said).toBe("notification");
    const { said } = scene(plain).hear(remote, trap, {}, { ...localKeys(user, remote), privacy: undefined });
    expect(said).toBe("level");
  });

  it("is taken though it asks for a report, which only what is not taken gets", () => {
    const { hear } = scene();
    expect(hear(remote, trap, { reportable: true })).toMatchObject({ said: "notification", answer: undefined });
    const { said, answer } = hear(remote, trap, { reportable: true, user: Uint8Array.of(1) });
    expect(said).toBe("user");
    expect(answer).toMatchObject({ level: 0, counter: usmStats(4), engineId: ownId });
  });

  it("that is an inform for another engine is not taken", () => {
    expect(scene().hear(remote, inform).said).toBe("engine");
  });
});

describe("an inform: we are authoritative", () => {
  it("discovers our engine id by a report without authentication", () => {
    const { receiver, known } = scene();
    const empty = { engineId: new Uint8Array(0), user: "", keys: noKeys };
    const heard = receiver.receive(notificationV3(empty, inform, { reportable: true, messageId: 9 }), [known]);
    expect(heard.kind).toBe("discovery");
    expect(heard.answer && opened(heard.answer, user)).toMatchObject({
      level: 0,
      reportable: false,
      messageId: 9,
      engineId: ownId,
      boots: 5,
      time: 0,
      counter: usmStats(4),
      pdu: { type: "report", requestId: 4711 },
    });
    const silent = receiver.receive(notificationV3(empty, inform, { reportable: false }), [known]);
    expect(silent).toEqual({ kind: "dropped", drop: "engine", answer: undefined });
  });

  it("is told our time by an authentic report, and then taken", () => {
    const { informWith, clock } = scene();
    clock.pass(1_000_000);
    const early = informWith({ boots: 0, time: 0 });
    expect(early.said).toBe("window");
    expect(early.answer).toMatchObject({ level: flagAuth, boots: 5, time: 1_000, counter: usmStats(2) });
    const { said, answer } = informWith({ boots: 5, time: 1_000, messageId: 123 });
    expect(said).toBe("notification");
    expect(answer).toMatchObject({ level: flagAuth | flagPrivacy, reportable: false, messageId: 123, engineId: ownId });
    expect(answer?.pdu).toMatchObject({ type: "response", requestId: 4711, errorStatus: 0, varbinds: inform.varbinds });
  });

  it.each([
    [4, 1_000, "window"],
    [6, 1_000, "window"],
    [5, 849, "window"],
    [5, 850, "notification"],
    [5, 1_150, "notification"],
    [5, 1_151, "window"],
  ])("at boots %i and time %i of our 5 and 1000: %s", (boots, time, expected) => {
    const { informWith, clock } = scene();
    clock.pass(1_000_000);
    expect(informWith({ boots, time }).said).toBe(expected);
  });

  it("is refused for ever when our boots are at their end", () => {
    expect(scene(user, greatestBoots).informWith({}).said).toBe("window");
  });

  const wrong = (change: Partial<UsmUser>) => localKeys({ ...user, ...change }, own.id);
  const guess = new Secret("guessed it");
  it.each<readonly [drop: string, counter: number, change: Partial<V3Envelope>, keys: UsmKeys | undefined]>([
    ["user", 3, { user: Uint8Array.of(1) }, undefined],
    ["level", 1, {}, noKeys],
    ["level", 1, {}, { ...localKeys(user, own.id), privacy: undefined }],
    ["digest", 5, {}, wrong({ auth: { protocol: "sha256", password: guess } })],
    ["digest", 5, {}, wrong({ auth: { protocol: "sha512", password: new Secret("authentication") } })],
    ["decryption", 6, {}, wrong({ privacy: { protocol: "aes128", password: guess } })],
  ])("is not taken and its sender is told: %s", (drop, counter, change, keys) => {
    const { said, answer } = scene().informWith(change, keys);
    expect(said).toBe(drop);
    expect(answer).toMatchObject({ counter: usmStats(counter), engineId: ownId, pdu: { type: "report" } });
    expect(answer?.pdu.varbinds[0]?.value).toEqual({ type: "counter32", value: 1 });
    // A message that does not ask gets no report: two engines would report to each other for ever.
    expect(scene().informWith({ ...change, reportable: false }, keys).answer).toBe(undefined);
  });

  it("for another engine is told ours", () => {
    const { said, answer } = scene().hear(remote, inform, { reportable: true });
    expect(said).toBe("engine");
    expect(answer).toMatchObject({ level: 0, counter: usmStats(4), engineId: ownId });
  });

  it("a request that is none is not answered", () => {
    const get = { type: "getRequest", requestId: 1, errorStatus: 0, errorIndex: 0, varbinds: [] } as const;
    const { said, answer } = scene().hear(own.id, get, { reportable: true, boots: 5, time: 0 });
    expect([said, answer]).toEqual(["pdu", undefined]);
  });
});
