// The listener on real sockets of loopback.

import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../agent/lib/clock.ts";
import { Secret } from "../../agent/lib/secret.ts";
import {
  createNotificationListener,
  type NotificationLimits,
  type NotificationListener,
  type NotifyingRouter,
} from "../../agent/net/snmp-notifications.ts";
import { createLocalKeys } from "../../agent/net/snmp-usm-keys.ts";
import { decodeMessage } from "../../agent/wire/snmp/message.ts";
import { formatOid, oid } from "../../agent/wire/snmp/oid.ts";
import { createFakeClock, seededRandom } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";
import {
  notificationPdu,
  notificationV2c,
  notificationV3,
  startNotifier,
  trapOids,
  trapV1,
} from "../support/notifications.ts";

const number = seededRandom(1);
const random = (octets: number) => Uint8Array.from({ length: octets }, () => Math.floor(number() * 256));
const community = { version: "2c", community: new Secret("traps") } as const;
const user = {
  version: 3,
  user: "traps",
  context: "",
  auth: { protocol: "sha1", password: new Secret("authentication") },
  privacy: undefined,
} as const;
const ce1: NotifyingRouter = { router: "ce1", addresses: ["127.0.0.1", "127.0.0.2"], credentials: community };

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function listen(routers: readonly NotifyingRouter[], limits?: NotificationLimits, host = "127.0.0.1") {
  const notified: string[] = [];
  const drops: string[] = [];
  const clock = createFakeClock();
  const config = { host, port: 0, routers, ...(limits === undefined ? {} : { limits }) };
  const listener = createNotificationListener({ clock, random, memory: undefined }, config, {
    notified: (router, { trapOid }) => void notified.push(`${router} ${formatOid(trapOid)}`),
    dropped: (drop, address, router) => void drops.push(`${drop} ${address} ${router ?? "nobody"}`),
  });
  const started = await listener.start();
  stops.push(listener.stop);
  if (!started.ok) throw new Error(started.error);
  const received = (n: number) => eventually(`${n} datagrams`, () => listener.counts.read().received === n);
  return { listener, notified, drops, clock, received, heardAs: started.value };
}

async function notifier(address?: string) {
  const made = await startNotifier(address);
  stops.push(made.stop);
  return made;
}

/** Every datagram ended in exactly one way. */
function balance(listener: NotificationListener): void {
  const { received, accepted, discoveries } = listener.counts.read();
  const dropped = Object.values(listener.drops.read()).reduce((sum, n) => sum + n, 0);
  expect(accepted + discoveries + dropped).toBe(received);
}

const down = { trap: trapOids.linkDown };

describe("who may notify", () => {
  it("is a router, from any of its addresses, in v1 and v2c", async () => {
    const { listener, notified, received } = await listen([ce1]);
    const [loopback, iface] = [await notifier(), await notifier("127.0.0.2")];
    const v1 = { community: "traps", enterprise: "1.3.6.1.2.1.15.7", generic: 6, specific: 2 };
    await loopback.send(notificationV2c("traps", down), listener.port());
    await received(1);
    await iface.send(trapV1(v1), listener.port());
    await received(2);
    expect(notified).toEqual([`ce1 ${trapOids.linkDown}`, "ce1 1.3.6.1.2.1.15.7.0.2"]);
    expect(listener.counts.read()).toMatchObject({ accepted: 2, acknowledged: 0, reports: 0 });
    balance(listener);
  });

  it("is nobody else, whatever he says, and he gets no answer", async () => {
    const { listener, notified, drops, received } = await listen([ce1]);
    const stranger = await notifier("127.0.0.3");
    await stranger.send(notificationV2c("traps", { ...down, inform: true }), listener.port());
    await received(1);
    expect([notified, drops]).toEqual([[], ["unknownSource 127.0.0.3 nobody"]]);
    expect(listener.counts.read().acknowledged).toBe(0);
    balance(listener);
  });

  it.each([
    ["community", notificationV2c("trap", down)],
    ["community", notificationV2c("trapz", down)],
    ["community", trapV1({ community: "", enterprise: "1.3.6.1", generic: 2, specific: 0 })],
    ["malformed", Uint8Array.of(0x30, 0x00)],
    ["malformed", new Uint8Array(0)],
    ["malformed", notificationV2c("traps", down).subarray(0, -1)],
    [
      "version",
      notificationV3(
        { engineId: new Uint8Array(9), user: "traps", keys: { auth: undefined, privacy: undefined } },
        notificationPdu(down),
      ),
    ],
  ])("is not one with a wrong %s", async (reason, bytes) => {
    const { listener, notified, drops, received } = await listen([ce1]);
    const router = await notifier();
    await router.send(bytes, listener.port());
    await received(1);
    expect([notified, drops]).toEqual([[], [`${reason} 127.0.0.1 ce1`]]);
    balance(listener);
  });

  it("is not one that sends v2c as an SNMPv3 user", async () => {
    const { listener, drops, received } = await listen([{ ...ce1, credentials: user }]);
    const router = await notifier();
    await router.send(notificationV2c("traps", down), listener.port());
    await received(1);
    expect(drops).toEqual(["version 127.0.0.1 ce1"]);
  });

  it("is every router at that address with these credentials, and no other", async () => {
    const other = { version: "2c", community: new Secret("others") } as const;
    const { listener, notified, received } = await listen([
      { router: "a", addresses: ["127.0.0.1"], credentials: community },
      { router: "b", addresses: ["127.0.0.1"], credentials: other },
      { router: "c", addresses: ["127.0.0.1"], credentials: community },
      { router: "d", addresses: ["127.0.0.1"], credentials: user },
    ]);
    const router = await notifier();
    await router.send(notificationV2c("traps", down), listener.port());
    await received(1);
    expect(notified).toEqual([`a ${trapOids.linkDown}`, `c ${trapOids.linkDown}`]);
    await router.send(notificationV2c("others", down), listener.port());
    await received(2);
    expect(notified.slice(2)).toEqual([`b ${trapOids.linkDown}`]);
    const engineId = Uint8Array.of(0x80, 0, 0, 0, 1, 2);
    const keys = createLocalKeys()({ name: "traps", auth: user.auth, privacy: undefined }, engineId);
    await router.send(notificationV3({ engineId, user: "traps", keys }, notificationPdu(down)), listener.port());
    await received(3);
    expect(notified.slice(3)).toEqual([`d ${trapOids.linkDown}`]);
  });

  it("is heard by both families on [::]", async () => {
    const six = { ...ce1, router: "six", addresses: ["0:0:0:0:0:0:0:1"] };
    const { listener, notified, received } = await listen([ce1, six], undefined, "::");
    const [router, other] = [await notifier(), await notifier("::1")];
    await router.send(notificationV2c("traps", down), listener.port());
    await received(1);
    await other.send(notificationV2c("traps", { ...down, inform: true }), listener.port());
    await eventually("the answer", () => other.answers.length === 1);
    expect(notified).toEqual([`ce1 ${trapOids.linkDown}`, `six ${trapOids.linkDown}`]);
  });
});

describe("an inform", () => {
  const varbinds = [{ oid: oid("1.3.6.1.2.1.2.2.1.1.3"), value: { type: "integer", value: 3 } } as const];
  const inform = { ...down, inform: true, requestId: -7, varbinds };

  it("is acknowledged with its id and bindings; again, but not acted on, when it comes again", async () => {
    const { listener, notified, drops } = await listen([ce1]);
    const router = await notifier();
    for (let n = 1; n <= 3; n++) {
      await router.send(notificationV2c("traps", inform), listener.port());
      await eventually(`${n} answers`, () => router.answers.length === n);
    }
    for (const bytes of router.answers) {
      const answer = decodeMessage(bytes);
      const { varbinds: all } = notificationPdu(inform);
      const pdu = { type: "response", requestId: -7, errorStatus: 0, errorIndex: 0, varbinds: all };
      expect(answer).toMatchObject({ ok: true, value: { version: "2c", pdu } });
    }
    expect(notified).toHaveLength(1);
    expect(drops).toEqual(["repeated 127.0.0.1 ce1", "repeated 127.0.0.1 ce1"]);
    expect(listener.counts.read()).toMatchObject({ received: 3, accepted: 1, acknowledged: 3 });
    balance(listener);
  });

  it("is another one with the same id after its sender started again", async () => {
    const { listener, notified } = await listen([ce1]);
    const router = await notifier();
    for (const upTime of [5_000, 12])
      await router.send(notificationV2c("traps", { ...inform, upTime }), listener.port());
    await eventually("two answers", () => router.answers.length === 2);
    expect(notified).toHaveLength(2);
  });

  it("is forgotten in the end: what is remembered is bounded", async () => {
    const { listener, notified } = await listen([ce1]);
    const router = await notifier();
    for (let requestId = 0; requestId < 100; requestId++) {
      await router.send(notificationV2c("traps", { ...inform, requestId }), listener.port());
      await eventually("its answer", () => router.answers.length === requestId + 1);
    }
    await router.send(notificationV2c("traps", { ...inform, requestId: 0 }), listener.port());
    await eventually("the last answer", () => router.answers.length === 101);
    expect(notified).toHaveLength(101);
  });

  it("with another community is not acknowledged", async () => {
    const { listener, received } = await listen([ce1]);
    const router = await notifier();
    await router.send(notificationV2c("other", inform), listener.port());
    await received(1);
    expect(listener.counts.read().acknowledged).toBe(0);
  });
});

describe("a flood", () => {
  it("of one router is dropped unread beyond its limit, and hides no other router", async () => {
    const limits = { perRouter: { perSecond: 10, burst: 5 }, inTotal: { perSecond: 1_000, burst: 1_000 } };
    const ce2 = { router: "ce2", addresses: ["127.0.0.3"], credentials: community };
    const { listener, notified, drops, received, clock } = await listen([ce1, ce2], limits);
    const [loud, same, calm] = [await notifier(), await notifier("127.0.0.2"), await notifier("127.0.0.3")];
    for (let n = 1; n <= 30; n++) {
      await (n % 2 ? loud : same).send(notificationV2c("traps", down), listener.port());
      await received(n);
    }
    expect(notified).toHaveLength(5);
    expect(listener.drops.read().flood).toBe(25);
    await calm.send(notificationV2c("traps", down), listener.port());
    await received(31);
    expect(notified.at(-1)).toBe(`ce2 ${trapOids.linkDown}`);
    clock.pass(200);
    for (let n = 32; n <= 36; n++) {
      await loud.send(notificationV2c("traps", down), listener.port());
      await received(n);
    }
    expect(notified).toHaveLength(8);
    expect(new Set(drops)).toEqual(new Set(["flood 127.0.0.1 ce1", "flood 127.0.0.2 ce1"]));
    balance(listener);
  });

  it("of all of them together is bounded too", async () => {
    const limits = { perRouter: { perSecond: 1, burst: 5 }, inTotal: { perSecond: 1, burst: 7 } };
    const ce2 = { router: "ce2", addresses: ["127.0.0.3"], credentials: community };
    const { listener, notified, received } = await listen([ce1, ce2], limits);
    const both = [await notifier(), await notifier("127.0.0.3")];
    for (let n = 1; n <= 20; n++) {
      await both[n % 2]?.send(notificationV2c("traps", down), listener.port());
      await received(n);
    }
    expect(notified).toHaveLength(7);
    balance(listener);
  });
});

describe("the port", () => {
  it("that is taken is said, with what to do", async () => {
    const { listener } = await listen([ce1]);
    const config = { host: "127.0.0.1", port: listener.port(), routers: [ce1] };
    const handlers = { notified: () => {}, dropped: () => {} };
    const second = createNotificationListener({ clock: systemClock, random, memory: undefined }, config, handlers);
    const started = await second.start();
    await second.stop();
    expect(started).toEqual({
      ok: false,
      error: `snmp.notifications.listen: 127.0.0.1 port ${listener.port()} is in use; end what listens there (snmptrapd?), or choose another port`,
    });
  });

  it("of another host is said", async () => {
    const config = { host: "192.0.2.1", port: 0, routers: [ce1] };
    const handlers = { notified: () => {}, dropped: () => {} };
    const other = createNotificationListener({ clock: systemClock, random, memory: undefined }, config, handlers);
    expect(await other.start()).toMatchObject({
      ok: false,
      error: expect.stringContaining("is no address of this host"),
    });
  });

  it("needs an engine only where a router has an SNMPv3 user", async () => {
    expect((await listen([ce1])).heardAs).toBe(undefined);
    const { heardAs } = await listen([{ ...ce1, credentials: user }]);
    expect(heardAs).toMatchObject({ engineId: expect.stringMatching(/^80007ed905/), boots: 1 });
  });
});
