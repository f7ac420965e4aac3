// The Session-Reflector of the simulated estate behind a real socket.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createReflector } from "../../../agent/lab/reflector.ts";
import { systemClock } from "../../../agent/lib/clock.ts";
import { milliseconds } from "../../../agent/lib/duration.ts";
import { createUdpSocket, destinationOf } from "../../../agent/net/udp.ts";
import { decodeReflector, encodeSender, ntpTimestamp, unsynchronised } from "../../../agent/wire/stamp.ts";
import { hold } from "../target.ts";
import { batch, type Scene } from "./scene.ts";

export const reflector: Scene = {
  name: "live: STAMP reflector",
  async run(attacker, enough) {
    const way = () => ({ delay: milliseconds(0), loss: 0 });
    const reflecting = createReflector({ clock: systemClock, random: attacker.dice.next, way });
    const socket = createUdpSocket(
      { family: 4, address: "127.0.0.1" },
      {
        message(bytes, from) {
          const to = destinationOf(from.address(), from.port());
          reflecting.handle(bytes, (answer) => socket.send(answer, to, () => {}));
        },
        error: () => {},
      },
    );
    await socket.start();
    const sender = createSocket("udp4");
    await once(sender.bind(0, "127.0.0.1"), "listening");
    let answers = 0;
    let sent = 0;
    sender.on("message", (bytes) => {
      attacker.mine();
      answers += 1;
      hold(decodeReflector(bytes).ok, "an answer that cannot be read");
    });
    try {
      while (!enough()) {
        const request = encodeSender({
          sequence: sent,
          timestamp: ntpTimestamp(sent, 0),
          errorEstimate: unsynchronised,
          ssid: 7,
        });
        for (let i = 0; i < batch; i++) {
          sender.send(attacker.attack(request), socket.port(), "127.0.0.1");
          sent += 1;
        }
        const settled = () => {
          const { answered, malformed } = reflecting.read();
          return answered + malformed === sent && answers === answered;
        };
        for (const until = performance.now() + 10_000; !settled(); await new Promise((done) => setImmediate(done))) {
          hold(performance.now() < until, "a request was neither answered nor counted as malformed");
        }
      }
      const { answered, malformed } = reflecting.read();
      for (let i = 0; i < answered; i++) attacker.ended("accepted");
      for (let i = 0; i < malformed; i++) attacker.ended("malformed");
    } finally {
      reflecting.stop();
      await socket.stop();
      await new Promise<void>((resolve) => sender.close(() => resolve()));
    }
  },
};
