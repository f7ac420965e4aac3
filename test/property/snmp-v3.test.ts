// SNMPv3 against octets that somebody else chose: in every reader, and through a live socket.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../agent/lib/clock.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient } from "../../agent/net/snmp-client.ts";
import { snmpDrops } from "../../agent/net/snmp-counts.ts";
import { createLocalKeys } from "../../agent/net/snmp-usm-keys.ts";
import { numberAt } from "../../agent/wire/snmp/cells.ts";
import type { Pdu } from "../../agent/wire/snmp/message.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";
import { createResponseReader, nextBinding, readResponsePdu } from "../../agent/wire/snmp/response.ts";
import { authKeyOf, authProtocols, isAuthentic } from "../../agent/wire/snmp/usm.ts";
import { decrypt, encrypt, privacyKeyOf, privacyProtocols } from "../../agent/wire/snmp/usm-privacy.ts";
import {
  createScopedPdu,
  createV3Header,
  encodeScopedPdu,
  encodeV3,
  flagPrivacy,
  noKeys,
  readScopedPdu,
  readV3Header,
} from "../../agent/wire/snmp/v3.ts";
import { seededRandom } from "../support/clock.ts";
import { mibOf } from "../support/snmp-responder.ts";
import { startV3Responder, usmStats, type V3Exchange } from "../support/v3-responder.ts";

const u31 = fc.nat(0x7fff_ffff);
const octets = (maxLength: number) => fc.uint8Array({ maxLength });
const keys = fc
  .tuple(
    fc.constantFrom(...(Object.keys(authProtocols) as (keyof typeof authProtocols)[])),
    fc.constantFrom(...(Object.keys(privacyProtocols) as (keyof typeof privacyProtocols)[])),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.nat(2),
  )
  .map(([auth, privacy, key, level]) => {
    const of = privacyKeyOf(privacy, key.subarray(0, privacyProtocols[privacy].key));
    return level === 0 ? noKeys : { auth: authKeyOf(auth, key), privacy: level === 1 ? undefined : of };
  });
const envelopes = fc.record({
  messageId: u31,
  reportable: fc.boolean(),
  engineId: octets(32),
  boots: u31,
  time: u31,
  user: octets(32),
  keys,
  salt: fc.uint8Array({ minLength: 8, maxLength: 8 }),
});
const pdu = Uint8Array.from(Buffer.from("a21a020401020304020100020100300c300a06062b060102010102010" + "5", "hex"));
const scopes = fc.tuple(octets(32), octets(32)).map(([engine, context]) => encodeScopedPdu(engine, context, pdu));

describe("SNMPv3 codec", () => {
  it("gives back every message that it wrote", () => {
    fc.assert(
      fc.property(envelopes, scopes, (envelope, scoped) => {
        const bytes = encodeV3(envelope, scoped);
        const h = createV3Header();
        const r = createResponseReader();
        expect(readV3Header(h, r, bytes)).toBe(true);
        expect(h).toMatchObject({ messageId: envelope.messageId, boots: envelope.boots, time: envelope.time });
        expect(Uint8Array.from(bytes.subarray(h.engineFrom, h.engineTo))).toEqual(envelope.engineId);
        expect(Uint8Array.from(bytes.subarray(h.userFrom, h.userTo))).toEqual(envelope.user);
        const { auth, privacy } = envelope.keys;
        if (auth !== undefined) expect(isAuthentic(auth, bytes, h.macFrom, h.macTo)).toBe(true);
        const data = bytes.subarray(h.dataFrom, h.dataTo);
        const plain = privacy === undefined ? data : decrypt(privacy, envelope, data);
        expect(Buffer.from(plain ?? []).subarray(0, scoped.length)).toEqual(Buffer.from(scoped));
      }),
    );
  });

  it("decrypts what it encrypted, of any length", () => {
    fc.assert(
      fc.property(envelopes, octets(200), ({ keys: { privacy }, ...encryption }, plain) => {
        if (privacy === undefined) return;
        const secret = encrypt(privacy, encryption, plain);
        const back = decrypt(privacy, encryption, secret);
        expect(Buffer.from(back ?? []).subarray(0, plain.length)).toEqual(Buffer.from(plain));
      }),
    );
  });

  it("never throws on any octets, and takes no changed message for an authentic one", () => {
    const mutations = fc.tuple(envelopes, scopes, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(4));
    let refused = 0;
    let forged = 0;
    fc.assert(
      fc.property(mutations, octets(200), ([envelope, scoped, at, change, how], random) => {
        const written = encodeV3(envelope, scoped);
        const place = at % written.length;
        let bytes = Uint8Array.from(written);
        if (how === 0) bytes = random;
        else if (how === 1) bytes = bytes.subarray(0, place);
        else bytes[place] = (bytes[place] ?? 0) ^ change;
        const h = createV3Header();
        const r = createResponseReader();
        if (!readV3Header(h, r, bytes)) {
          refused += 1;
          expect(r.faultAt).toBeLessThanOrEqual(bytes.length);
          return;
        }
        expect(h.dataTo).toBeLessThanOrEqual(bytes.length);
        const { auth, privacy } = envelope.keys;
        if (auth !== undefined) {
          forged += 1;
          expect(isAuthentic(auth, bytes, h.macFrom, h.macTo)).toBe(false);
        }
        const encryption = { boots: h.boots, time: h.time, salt: bytes.subarray(h.saltFrom, h.saltTo) };
        const data = bytes.subarray(h.dataFrom, h.dataTo);
        const isSecret = privacy !== undefined && (h.flags & flagPrivacy) !== 0;
        const plain = isSecret ? decrypt(privacy, encryption, data) : data;
        const scope = createScopedPdu();
        if (
          plain !== undefined &&
          readScopedPdu(scope, r, plain, 0, plain.length, 8) &&
          readResponsePdu(r, scope.pduTo)
        ) {
          while (nextBinding(r));
        }
      }),
      { numRuns: 5_000 },
    );
    expect(refused).toBeGreaterThan(1_000);
    expect(forged).toBeGreaterThan(200);
  });
});

const least = 30_000;
const batch = 32;
const names = Array.from({ length: 5 }, (_, i) => oid(`1.3.6.1.2.1.2.2.1.7.${i + 1}`));
const stateOf = (poll: number, i: number) => (poll * 10 + i) % 1_000;

describe("hostile datagrams at an authPriv user", () => {
  it("never end a request, never become a value, and are each counted once", async () => {
    const random = seededRandom(20_261_123);
    const below = (n: number) => Math.floor(random() * n);
    let polls = 0;
    let hostile = 0;
    const user = {
      name: "nms",
      auth: { protocol: "sha1", password: new Secret("authentication") },
      privacy: { protocol: "aes128", password: new Secret("encryption") },
    } as const;
    const local = createLocalKeys();
    const engine = { id: Uint8Array.from(Buffer.from("80001f8804616263", "hex")), boots: 5, time: 100 };
    const stranger = local({ ...user, auth: { protocol: "sha1", password: new Secret("another-one") } }, engine.id);

    function attack(x: V3Exchange): { readonly bytes: Uint8Array; readonly own: boolean } {
      const good = Uint8Array.from(x.answer);
      const response = { ...x.heard.pdu, type: "response" } as Pdu;
      switch (below(8)) {
        case 0:
          return { bytes: good.subarray(0, hostile % good.length), own: true };
        case 1: {
          // From the router's own port, with the live id: only the digest tells.
          const at = below(good.length);
          good[at] = (good[at] ?? 0) ^ (1 << below(8));
          return { bytes: good, own: true };
        }
        case 2:
          return { bytes: Uint8Array.from({ length: below(300) }, () => below(256)), own: random() < 0.5 };
        case 3:
          return { bytes: good, own: false };
        case 4:
          return { bytes: x.make(response, { keys: random() < 0.5 ? noKeys : stranger }), own: true };
        case 5:
          return {
            bytes: x.report(`${usmStats}.${1 + below(6)}`, { boots: below(100), time: below(1_000) }),
            own: true,
          };
        case 6:
          return { bytes: x.make(response, { messageId: below(0x00ff_ffff) }), own: true };
        default:
          // Authentic, and of a past that is over: known to be, once the router has answered.
          return { bytes: x.make(response, polls > 1 ? { boots: below(5) } : { messageId: 1 }), own: true };
      }
    }

    let sent = 0;
    const responder = await startV3Responder({
      engine,
      user: user.name,
      keys: (engineId) => local(user, engineId),
      mib: () =>
        mibOf(
          Object.fromEntries(
            names.map((name, i) => [name.join("."), { type: "integer", value: stateOf(polls, i) } as const]),
          ),
        ),
      script: (x) => {
        // Discovery is nobody's secret: whoever answers it first is heard, so it is left alone here. So is the time.
        if (x.heard.pdu !== undefined) {
          for (let i = 0; i < batch; i++) {
            const { bytes, own } = attack(x);
            hostile += 1;
            sent += 1;
            x.send(bytes, own ? "own" : "other");
          }
        }
        sent += 1;
        x.send(x.answer);
      },
    });
    const client = createSnmpClient({ clock: systemClock }, { sockets: 1 });
    const target = client.target({
      router: "ce1",
      address: "127.0.0.1",
      port: responder.port,
      credentials: { version: 3, user: user.name, auth: user.auth, privacy: user.privacy, context: "" },
      anySource: false,
    });
    await client.start();
    try {
      const wrong: string[] = [];
      while (hostile < least) {
        polls += 1;
        const got = await target.get(names, { group: "interfaces", table: "ifTable" });
        if (!got.ok) wrong.push(got.error.detail);
        else if (names.some((_, i) => numberAt(got.value, i) !== stateOf(polls, i))) wrong.push(`poll ${polls}`);
      }
      expect(wrong).toEqual([]);
      const total = () => snmpDrops.reduce((sum, kind) => sum + client.dropped.read()[kind], 0);
      const used = () => client.requests.read().answered + client.requests.read().reports;
      await expect.poll(() => total() + used()).toBe(sent);
      expect(client.requests.read()).toMatchObject({ received: sent, answered: polls, timedOut: 0, refused: 0 });
      for (const kind of ["malformed", "unknownId", "source", "digest", "level", "window"] as const) {
        expect(client.dropped.read()[kind], kind).toBeGreaterThan(500);
      }
    } finally {
      await client.stop();
      await responder.stop();
    }
  });
});
