// A station on loopback and routers that connect to it, each from an address of its own.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type BmpStation, createBmpStation } from "../../agent/collect/bmp-station.ts";
import type { Estate } from "../../agent/estate/estate.ts";
import type { Observation, PollGroup } from "../../agent/estate/observation.ts";
import type { Clock } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { createState, type State } from "../../agent/state/state.ts";
import * as w from "../support/bmp.ts";
import { createQuickClock } from "../support/clock.ts";
import { estate as anEstate } from "../support/estate.ts";
import { eventually } from "../support/eventually.ts";

export const msee = { address: "172.16.0.2", asn: 12076 } as const;
export const msee2 = { address: "172.16.0.6", asn: 12076 } as const;
export const addresses = { "ams-ce1": "127.0.11.1", "ams-ce2": "127.0.11.2" } as const;
export type Name = keyof typeof addresses;

export const opens = (holdTime = 180, capabilities: readonly Uint8Array[] = [w.multiprotocol(w.ipv4Unicast)]) => ({
  sent: w.open({ asn: 65010, capabilities }),
  received: w.open({ asn: 12076, holdTime, capabilities }),
});

export function bmpEstate(routes = 10_000): Estate {
  const routers = Object.entries(addresses).map(([router, address]) => ({ router, addresses: [address] }));
  return { ...anEstate(), bmp: { listen: { host: "127.0.0.1", port: 0 }, routers, routes, communities: 100 } };
}

export interface Scene {
  readonly station: BmpStation;
  readonly state: State;
  readonly observed: Observation[];
  readonly polls: (readonly [string, PollGroup])[];
  readonly lines: string[];
  /** Connects as a router; what it writes arrives before `settled` ends. */
  connect(name: Name | "stranger"): Promise<Router>;
  stop(): Promise<void>;
}

export interface Router {
  readonly socket: Socket;
  send(...messages: readonly Uint8Array[]): void;
  isClosed(): boolean;
}

/** Without a clock of its own, what the station tells after a quarter of a second or two comes five times as soon. */
export async function startScene(estate = bmpEstate(), clock: Clock = createQuickClock(5)): Promise<Scene> {
  const state = createState({ keep: seconds(10) });
  const observed: Observation[] = [];
  const polls: (readonly [string, PollGroup])[] = [];
  const lines: string[] = [];
  const say = (fields: object, message: string) => lines.push(`${JSON.stringify(fields)} ${message}`);
  const log: Logger = { info: say, warn: say, error: say };
  const station = createBmpStation(
    {
      clock,
      log,
      random: (octets) => new Uint8Array(octets).fill(7),
      observe(observation) {
        observed.push(observation);
        state.observe(observation);
      },
      poll: (router, group) => void polls.push([router, group]),
    },
    estate,
  );
  const started = await station.start();
  if (!started.ok) throw new Error(started.error);
  const sockets: Socket[] = [];
  return {
    station,
    state,
    observed,
    polls,
    lines,
    async connect(name) {
      const localAddress = name === "stranger" ? "127.0.99.9" : addresses[name];
      const socket = connect({ host: "127.0.0.1", port: station.port(), localAddress });
      sockets.push(socket);
      let closed = false;
      socket.on("error", () => {});
      socket.on("close", () => {
        closed = true;
      });
      socket.resume();
      // A stranger may be refused before it knows that it was connected.
      await Promise.race([
        once(socket, "connect").catch(() => undefined),
        once(socket, "close").catch(() => undefined),
      ]);
      return {
        socket,
        send: (...messages) => void socket.write(w.joined(...messages)),
        isClosed: () => closed,
      };
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await station.stop();
    },
  };
}

export const counted = (scene: Scene, router: Name, address: string) =>
  scene.state.bmpPrefixes(router, address)?.families;

/** Waits until the station has taken so many messages of a kind. */
export function taken(
  scene: Scene,
  router: Name,
  kind: "routeMonitoring" | "statisticsReport" | "peerUp" | "peerDown" | "initiation",
  n: number,
) {
  const read = () => scene.station.read()?.routers.get(router)?.messages[kind];
  return eventually(`${n} of ${kind}, not ${read()}`, () => read() === n);
}
