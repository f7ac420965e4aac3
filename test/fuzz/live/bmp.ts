// The BMP station: hostile octets on one connection after the other, while an honest router tells its routes on another.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createBmpStation } from "../../../agent/collect/bmp-station.ts";
import type { Estate } from "../../../agent/estate/estate.ts";
import { systemClock } from "../../../agent/lib/clock.ts";
import * as w from "../../support/bmp.ts";
import { estate } from "../../support/estate.ts";
import { hold } from "../target.ts";
import { bmpMessageBy } from "../targets/bgp.ts";
import type { Scene } from "./scene.ts";

const honest = { router: "ams-ce1", address: "127.0.12.1", peer: { address: "172.16.0.2", asn: 12076 } } as const;
const hostile = { router: "ams-ce2", address: "127.0.12.2" } as const;

const monitored: Estate = {
  ...estate(),
  bmp: {
    listen: { host: "127.0.0.1", port: 0 },
    routers: [honest, hostile].map(({ router, address }) => ({ router, addresses: [address] })),
    routes: 1_000,
    communities: 100,
  },
};

async function until(what: string, happened: () => boolean): Promise<void> {
  for (const limit = performance.now() + 10_000; !happened(); await new Promise((done) => setImmediate(done))) {
    hold(performance.now() < limit, what);
  }
}

export const bmpStation: Scene = {
  name: "live: BMP station",
  async run(attacker, enough) {
    let accepted = 0;
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const station = createBmpStation(
      { clock: systemClock, log, random: (octets) => new Uint8Array(octets), observe: () => {}, poll: () => {} },
      monitored,
    );
    const started = await station.start();
    hold(started.ok, "the station does not start");
    const open = async (localAddress: string): Promise<Socket> => {
      const socket = connect({ host: "127.0.0.1", port: station.port(), localAddress });
      socket.on("error", () => {});
      await once(socket, "connect");
      return socket;
    };
    const told = (name: string) => station.read()?.routers.get(name);
    const ended = () => Object.values(station.read()?.closes ?? {}).reduce((sum, n) => sum + n, 0);
    const good = await open(honest.address);
    try {
      const opens = { sent: w.open({ asn: 65010 }), received: w.open({ asn: 12076 }) };
      good.write(w.joined(w.initiation("ce1", ""), w.peerUp(honest.peer, opens)));
      for (let round = 1; !enough(); round++) {
        const before = { ended: ended(), malformed: station.read()?.closes.malformed ?? 0 };
        const bad = await open(hostile.address);
        // Few: nothing is read behind the first that is malformed.
        for (let i = attacker.dice.below(3); i >= 0; i--) bad.write(attacker.attack(bmpMessageBy(attacker.dice)));
        bad.end();
        await until("a connection that ended is still there", () => ended() === before.ended + 1);
        bad.destroy();
        attacker.ended((station.read()?.closes.malformed ?? 0) > before.malformed ? "malformed" : "accepted");
        hold(told(hostile.router)?.routes === 0, "routes are kept of a connection that ended");
        // Each round one route more, of those that a /32 of ten thousand can be.
        const [high, low] = [(round >> 8) & 255, round & 255];
        const route = { attributes: [w.sequence(12076)], nlri: [w.prefix(`10.0.${high}.${low}/32`)] };
        good.write(w.routeMonitoring(honest.peer, round > 900 ? { withdrawn: route.nlri } : route));
        accepted = Math.min(round, 900);
        await until("the honest router is not heard", () => told(honest.router)?.messages.routeMonitoring === round);
        hold(told(honest.router)?.routes === accepted, "routes of the honest router are missing, or too many");
      }
    } finally {
      good.destroy();
      await station.stop();
    }
  },
};
