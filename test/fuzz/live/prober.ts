// The prober, while the reflector that it asks answers each probe with whatever there is.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type ProbeObservation, subject } from "../../../agent/estate/observation.ts";
import { milliseconds } from "../../../agent/lib/duration.ts";
import { openProbeSockets } from "../../../agent/net/probe-open.ts";
import { createEngine } from "../../../agent/probe/engine.ts";
import { ntpTimestamp, reflect } from "../../../agent/wire/stamp.ts";
import { hold } from "../target.ts";
import { batch, type Scene } from "./scene.ts";

const streams = 16;
const of = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });

export const prober: Scene = {
  name: "live: STAMP prober",
  async run(attacker, enough) {
    const { dice } = attacker;
    const far = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
    await once(far.bind(0, "127.0.0.1"), "listening");
    let asked = 0;
    let sent = 0;
    far.on("message", (request, from) => {
      attacker.mine();
      asked += 1;
      const [s, ns] = process.hrtime();
      const at = ntpTimestamp(s, ns);
      const honest = reflect(request, { receiveTimestamp: at, timestamp: at });
      if (!honest.ok) return;
      for (let i = 0; i < batch; i++) far.send(attacker.attack(honest.value), from.port, from.address);
      far.send(honest.value, from.port, from.address);
      sent += batch + 1;
    });

    const { sockets } = await openProbeSockets(() => dice.below(2 ** 32), "portable");
    const observations: ProbeObservation[] = [];
    let dropped = 0;
    const target = {
      technique: "stamp",
      address: "127.0.0.1",
      port: far.address().port,
      source: undefined,
      interval: milliseconds(10),
      timeout: milliseconds(1_000),
    } as const;
    const engine = createEngine(
      {
        sockets,
        random: () => dice.below(2 ** 32),
        emit(message) {
          if (message.kind !== "batch") return;
          observations.push(...message.observations);
          dropped += Object.values(message.dropped).reduce((sum, n) => sum + n, 0);
        },
      },
      Array.from({ length: streams }, (_, index) => ({ of, index, target })),
    );
    try {
      await engine.open();
      while (!enough()) await sockets.wait(await engine.turn());
      const total = (key: "received" | "late" | "duplicate") => observations.reduce((sum, o) => sum + o[key], 0);
      engine.report();
      // Of a short run the first answers may still be under way.
      for (const until = performance.now() + 5_000; total("received") === 0 && performance.now() < until; ) {
        await sockets.wait(await engine.turn());
        engine.report();
      }
      const received = total("received");
      hold(asked === 0 || received > 0, "no probe was answered");
      hold(received <= asked, `${received} probes answered of ${asked} asked`);
      const used = received + total("late") + total("duplicate") + dropped;
      hold(used <= sent, `${used} datagrams counted of ${sent} sent`);
      for (const { delays } of observations) {
        hold(
          delays.every((delay) => Number.isFinite(delay) && delay >= 0),
          "a delay that is none",
        );
      }
      for (let i = 0; i < received; i++) attacker.ended("accepted");
      for (let i = 0; i < dropped; i++) attacker.ended("dropped");
    } finally {
      sockets.close();
      await new Promise<void>((resolve) => far.close(() => resolve()));
    }
  },
};
