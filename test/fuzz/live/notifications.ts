// The listener for notifications, while whoever can send as if he were a router sends whatever there is.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { systemClock } from "../../../agent/lib/clock.ts";
import { Secret } from "../../../agent/lib/secret.ts";
import { notificationDrops } from "../../../agent/net/snmp-notification-counts.ts";
import { createNotificationListener } from "../../../agent/net/snmp-notifications.ts";
import { decodeMessage, encodeMessage, type Message } from "../../../agent/wire/snmp/message.ts";
import { snmpTrapOidInstance, sysUpTimeInstance } from "../../../agent/wire/snmp/notification.ts";
import { isOid, oid } from "../../../agent/wire/snmp/oid.ts";
import { hold } from "../target.ts";
import { batch, type Scene } from "./scene.ts";

const community = "fuzz";
const linkDown = oid("1.3.6.1.6.3.1.1.5.3");

function notificationOf(n: number): Message {
  const varbinds = [
    { oid: sysUpTimeInstance, value: { type: "timeTicks", value: n } },
    { oid: snmpTrapOidInstance, value: { type: "oid", value: linkDown } },
    { oid: oid("1.3.6.1.2.1.2.2.1.1.7"), value: { type: "integer", value: 7 } },
  ] as const;
  const type = n % 2 === 0 ? "snmpV2Trap" : "informRequest";
  const pdu = { type, requestId: n, errorStatus: 0, errorIndex: 0, varbinds } as const;
  return { version: "2c", community: Buffer.from(community), pdu };
}

export const notifying: Scene = {
  name: "live: notifications",
  async run(attacker, enough) {
    const unbounded = { perSecond: 1e9, burst: 1e9 };
    let notified = 0;
    const listener = createNotificationListener(
      { clock: systemClock, random: attacker.dice.octets, memory: undefined },
      {
        host: "127.0.0.1",
        port: 0,
        routers: [
          {
            router: "ce1",
            addresses: ["127.0.0.1"],
            credentials: { version: "2c", community: new Secret(community) },
          },
        ],
        limits: { perRouter: unbounded, inTotal: unbounded },
      },
      {
        notified(router, { trapOid }) {
          notified += 1;
          hold(router === "ce1" && isOid(trapOid), "a notification of nobody, or of nothing");
        },
        dropped: () => {},
      },
    );
    const started = await listener.start();
    hold(started.ok, "the listener does not start");
    const sender = createSocket("udp4");
    await once(sender.bind(0, "127.0.0.1"), "listening");
    let answers = 0;
    sender.on("message", (bytes) => {
      attacker.mine();
      answers += 1;
      const answer = decodeMessage(bytes);
      hold(answer.ok && answer.value.pdu.type === "response", "an acknowledgement that is none");
    });
    const total = () => notificationDrops.reduce((sum, kind) => sum + listener.drops.read()[kind], 0);
    let sent = 0;
    try {
      while (!enough()) {
        const honest = encodeMessage(notificationOf(sent));
        for (let i = 0; i < batch; i++) sender.send(attacker.attack(honest), listener.port(), "127.0.0.1");
        sender.send(honest, listener.port(), "127.0.0.1");
        sent += batch + 1;
        const settled = () => {
          const { received, acknowledged } = listener.counts.read();
          return received === sent && answers === acknowledged;
        };
        for (const until = performance.now() + 10_000; !settled(); await new Promise((done) => setImmediate(done))) {
          hold(performance.now() < until, "a notification was not counted, or an inform not acknowledged");
        }
      }
      const { received, accepted } = listener.counts.read();
      hold(accepted === notified && accepted + total() === received, "not each datagram is counted once");
      for (let i = 0; i < accepted; i++) attacker.ended("accepted");
      for (let i = 0; i < total(); i++) attacker.ended("dropped");
    } finally {
      await listener.stop();
      await new Promise<void>((resolve) => sender.close(() => resolve()));
    }
  },
};
