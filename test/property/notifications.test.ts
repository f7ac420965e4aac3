// Notifications against octets that somebody else chose: in every reader, and through a live socket while polls go on.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createNotifications } from "../../agent/collect/notifications.ts";
import { systemClock } from "../../agent/lib/clock.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { notificationType, whatItSaid } from "../../agent/mib/notifications.ts";
import { createSnmpClient } from "../../agent/net/snmp-client.ts";
import { receiveCommunity } from "../../agent/net/snmp-notification-community.ts";
import { createV3NotificationReceiver, notifyingUser } from "../../agent/net/snmp-notification-v3.ts";
import { createLocalKeys, type UsmUser } from "../../agent/net/snmp-usm-keys.ts";
import { createReader } from "../../agent/wire/ber.ts";
import { numberAt } from "../../agent/wire/snmp/cells.ts";
import { readCommunityHead, readNotification, versionOf } from "../../agent/wire/snmp/notification.ts";
import { formatOid, isOid, oid } from "../../agent/wire/snmp/oid.ts";
import { createFakeClock, seededRandom } from "../support/clock.ts";
import { router } from "../support/estate.ts";
import {
  notificationPdu,
  notificationV2c,
  notificationV3,
  octets,
  startNotifier,
  trapOids,
  trapV1,
} from "../support/notifications.ts";
import { mibOf, startResponder } from "../support/snmp-responder.ts";

const arcs = fc.array(fc.nat(0xffff_ffff), { minLength: 0, maxLength: 30 }).map((rest) => ["1.3.6", ...rest].join("."));
const bindings = fc.array(
  fc.record({
    oid: arcs.map(oid),
    value: fc.oneof(
      fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }).map((value) => ({ type: "integer", value }) as const),
      fc.uint8Array({ maxLength: 40 }).map((value) => ({ type: "octets", value }) as const),
      fc.nat(0xffff_ffff).map((value) => ({ type: "gauge32", value }) as const),
    ),
  }),
  { maxLength: 5 },
);
const texts = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("hex"));

function read(bytes: Uint8Array) {
  const r = createReader(bytes);
  const head = readCommunityHead(r, bytes);
  return head === undefined ? undefined : readNotification(r, bytes.length, head.version);
}

const user: UsmUser = {
  name: "traps",
  auth: { protocol: "sha1", password: new Secret("authentication") },
  privacy: { protocol: "aes128", password: new Secret("encryption") },
};
const keys = createLocalKeys();
const own = { id: Uint8Array.of(0x80, 0, 0x7e, 0xd9, 5, 1, 2, 3), boots: 3 };
const remote = Uint8Array.of(0x80, 0, 0, 0, 1, 9, 9);
const down = {
  trap: trapOids.linkDown,
  varbinds: [{ oid: oid("1.3.6.1.2.1.2.2.1.2.3"), value: { type: "octets", value: octets("ge0") } } as const],
};
const honest: readonly Uint8Array[] = [
  trapV1({ community: "traps", enterprise: "1.3.6.1.2.1.15.7", generic: 6, specific: 2, varbinds: down.varbinds }),
  notificationV2c("traps", down),
  notificationV2c("traps", { ...down, inform: true }),
  notificationV3({ engineId: remote, user: "traps", keys: keys(user, remote) }, notificationPdu(down)),
  notificationV3(
    { engineId: own.id, user: "traps", keys: keys(user, own.id) },
    notificationPdu({ ...down, inform: true }),
    { reportable: true, boots: 3, time: 0 },
  ),
];

/** An inform for another engine, and a trap that is less secure than its user is to be. */
const originals: readonly Uint8Array[] = [
  ...honest,
  notificationV3(
    { engineId: remote, user: "traps", keys: keys(user, remote) },
    notificationPdu({ ...down, inform: true }),
    { reportable: true },
  ),
  notificationV3(
    { engineId: remote, user: "traps", keys: { ...keys(user, remote), privacy: undefined } },
    notificationPdu(down),
  ),
];

const mutations = fc.tuple(
  fc.nat(originals.length - 1),
  fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 }),
  fc.option(fc.nat(400)),
  fc.uint8Array({ maxLength: 8 }),
);

function mutated([which, changes, cut, tail]: [number, [number, number][], number | null, Uint8Array]): Uint8Array {
  const bytes = Uint8Array.from(originals[which] ?? []);
  for (const [at, octet] of changes) bytes[at % bytes.length] = octet;
  return Uint8Array.from([...bytes.subarray(0, cut ?? bytes.length), ...tail]);
}

describe("readers of notifications", () => {
  it("give back every v1 trap that was written", () => {
    const traps = fc.record({
      community: texts,
      enterprise: arcs.filter((text) => text.split(".").length < 100),
      generic: fc.nat(6),
      specific: fc.nat(0x7fff_ffff),
      upTime: fc.nat(0xffff_ffff),
      varbinds: bindings,
    });
    fc.assert(
      fc.property(traps, (trap) => {
        const got = read(trapV1(trap));
        if (got?.ok !== true) throw new Error("not read");
        const { enterprise, generic, specific, upTime, varbinds } = trap;
        const trapOid = generic === 6 ? `${enterprise}.0.${specific}` : `1.3.6.1.6.3.1.1.5.${generic + 1}`;
        expect(formatOid(got.value.trapOid)).toBe(trapOid);
        expect(got.value).toMatchObject({ upTime, varbinds, confirmed: false });
      }),
    );
  });

  it("give back every v2c notification that was written", () => {
    const all = fc.record({
      trap: arcs,
      inform: fc.boolean(),
      requestId: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
      upTime: fc.nat(0xffff_ffff),
      varbinds: bindings,
    });
    fc.assert(
      fc.property(all, (notification) => {
        const got = read(notificationV2c("traps", notification));
        if (got?.ok !== true) throw new Error("not read");
        const { trap, inform, requestId, upTime } = notification;
        expect(got.value).toMatchObject({ confirmed: inform, requestId, upTime, trapOid: oid(trap) });
        expect(got.value.varbinds).toEqual(notificationPdu(notification).varbinds);
      }),
    );
  });

  it("never throw, whatever the octets, and what they take can be named", () => {
    const clock = createFakeClock();
    const receiver = createV3NotificationReceiver({ clock, keys, nextSalt: () => 1n, engine: own });
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(fc.oneof(mutations.map(mutated), fc.uint8Array({ maxLength: 300 })), (bytes) => {
        const copy = Uint8Array.from(bytes);
        versionOf(bytes);
        const byCommunity = receiveCommunity(bytes, [{ community: octets("traps") }]);
        const heard = receiver.receive(bytes, [notifyingUser(user)]);
        outcomes.add(heard.kind === "dropped" ? heard.drop : heard.kind);
        for (const one of [byCommunity, heard]) {
          if (one.kind !== "notification") continue;
          const taken = one.notification;
          expect(isOid(taken.trapOid)).toBe(true);
          const type = notificationType(taken.trapOid);
          if (type !== undefined) expect(whatItSaid(type, taken).length).toBeLessThan(600);
        }
        expect(bytes).toEqual(copy);
      }),
      { numRuns: 20_000 },
    );
    // The mutations reach every way out.
    for (const outcome of ["notification", "malformed", "digest", "user", "level", "engine"])
      expect(outcomes).toContain(outcome);
  });
});

describe("100,000 datagrams of junk on the notifications' port", () => {
  const least = 100_000;
  const batch = 50;

  it("are each counted once, cause no poll, and the polls go on", async () => {
    const random = seededRandom(20_261_123);
    const below = (n: number) => Math.floor(random() * n);
    const polled: string[] = [];
    const lines: string[] = [];
    const line = (_: unknown, message: string) => void lines.push(message);
    const ce1 = router("ce1", "127.0.0.1");
    const notifications = createNotifications(
      {
        clock: systemClock,
        log: { info: line, warn: line, error: line },
        random: (n) => new Uint8Array(n).fill(1),
        memory: undefined,
        observe: () => {},
        poll: (name, group) => void polled.push(`${name} ${group}`),
      },
      { notifications: { host: "127.0.0.1", port: 0 }, routers: new Map([["ce1", ce1]]), circuits: new Map() },
    );
    const name = oid("1.3.6.1.2.1.1.3.0");
    let answered = 0;
    const responder = await startResponder({
      mib: () => mibOf({ "1.3.6.1.2.1.1.3.0": { type: "timeTicks", value: answered } }),
    });
    const client = createSnmpClient({ clock: systemClock });
    const target = client.target({
      router: "ce1",
      address: "127.0.0.1",
      port: responder.port,
      credentials: { version: "2c", community: new Secret("public") },
      anySource: false,
    });
    const [known, stranger] = [await startNotifier(), await startNotifier("127.0.0.9")];
    await client.start();
    await notifications.start();

    /** Never a notification of this router with its community. */
    function junk(): Uint8Array {
      const good = Uint8Array.from(honest[below(honest.length)] ?? []);
      switch (below(4)) {
        case 0:
          return Uint8Array.from({ length: below(300) }, () => below(256));
        case 1:
          return good.subarray(0, below(good.length));
        case 2:
          for (let i = 1 + below(4); i > 0; i--) good[below(good.length)] = below(256);
          return good;
        default:
          return good;
      }
    }

    try {
      const received = () => notifications.datagrams().received ?? 0;
      const failed: string[] = [];
      for (let sent = 0; sent < least; ) {
        const sends = Array.from({ length: batch }, () =>
          (random() < 0.9 ? known : stranger).send(junk(), notifications.port()),
        );
        sent += batch;
        await Promise.all(sends);
        answered += 1;
        const got = await target.get([name], { group: "system", table: "system" });
        if (!got.ok) failed.push(got.error.detail);
        else if (numberAt(got.value, 0) !== answered) failed.push(`poll ${answered}: ${numberAt(got.value, 0)}`);
        await expect.poll(received, { interval: 1 }).toBe(sent);
      }
      expect(failed).toEqual([]);
      const dropped = notifications.dropped();
      expect(Object.values(dropped).reduce((sum, n) => sum + n, 0)).toBe(received());
      for (const reason of ["unknownSource", "flood", "malformed", "community", "version"]) {
        expect(dropped[reason], reason).toBeGreaterThan(10);
      }
      expect(dropped.flood).toBeGreaterThan(least / 2);
      expect(polled).toEqual([]);
      expect(lines.length).toBeLessThan(10);
    } finally {
      await notifications.stop();
      await client.stop();
      await responder.stop();
      await known.stop();
      await stranger.stop();
    }
  });
});
