// The simulated estate, running on free ports of loopback: SNMP agents, STAMP reflectors, an HTTP and a DNS server, and
// routers that connect to the agent by BMP.

import { type Clock, elapsed, type Instant } from "../lib/clock.ts";
import { type Counters, createCounters } from "../lib/counters.ts";
import type { Logger } from "../lib/log.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { createUdpSocket, destinationOf, type UdpSocket } from "../net/udp.ts";
import { type BmpRouter, createBmpRouter } from "./bmp-router.ts";
import { communityVariable, configText, directionsOf, type LabPorts, reachDirection } from "./config-text.ts";
import { answerDns } from "./dns-answer.ts";
import { createEndpoints, type Endpoints, freeTcpPort, labAddresses } from "./endpoints.ts";
import { createMibView } from "./mib-view.ts";
import { globalReaches, paths, routers } from "./plan.ts";
import { createReflector, type Reflector, type ReflectorEvent, type Way } from "./reflector.ts";
import { createSimulation, type Simulation } from "./simulation.ts";
import { answerSnmp, type SnmpDropKind, snmpDropKinds } from "./snmp-agent.ts";
import { tell } from "./story.ts";
import { pathWay, reachWay } from "./ways.ts";

export interface LabEstate {
  /** YAML, in the form that every estate is written in. */
  readonly config: string;
  /** What the configuration refers to by `{ env: NAME }`. */
  readonly env: Record<string, string>;
}

export interface Lab {
  /** Binds every port, starts the story, and gives the configuration that watches it; or why it cannot. */
  start(): Promise<Result<LabEstate, string>>;
  stop(): Promise<void>;
  /** What the story does now, in plain words, with the seconds to the next chapter. */
  chapter(): string;
  /** SNMP requests by what became of them. */
  snmp(): Readonly<Record<SnmpEvent, number>>;
  /** STAMP requests by what became of them, of all reflectors together. */
  stamp(): Readonly<Record<ReflectorEvent, number>>;
  /** HTTP requests by what became of them. */
  http(): ReturnType<Endpoints["read"]>;
}

const snmpEvents = ["answered", "silent", ...snmpDropKinds] as const;
type SnmpEvent = "answered" | "silent" | SnmpDropKind;

const host = "127.0.0.1";

export function createLab(
  deps: {
    readonly clock: Clock;
    readonly log: Logger;
    /** Uniform in [0, 1): loss, jitter and the community. */
    readonly random: () => number;
  },
  config: { readonly listen?: string } = {},
): Lab {
  const { clock, log, random } = deps;
  const listen = config.listen ?? "127.0.0.1:9580";
  const snmpCounters: Counters<SnmpEvent> = createCounters(snmpEvents);
  let running:
    | {
        readonly since: Instant;
        readonly sockets: readonly UdpSocket[];
        readonly reflectors: readonly Reflector[];
        readonly endpoints: Endpoints;
        readonly bmp: readonly BmpRouter[];
      }
    | undefined;

  /** A socket that hands each datagram to `handle`, with the way back to its sender. */
  function answering(
    handle: (datagram: Uint8Array, reply: (answer: Uint8Array) => void) => void,
    address = host,
  ): UdpSocket {
    const socket: UdpSocket = createUdpSocket(
      { family: 4, address },
      {
        message(bytes, from) {
          const asker = destinationOf(from.address(), from.port());
          handle(bytes, (answer) =>
            socket.send(answer, asker, (code) => log.warn({ code }, "the lab could not answer")),
          );
        },
        error: (code) => log.warn({ code }, "a socket of the lab failed"),
      },
    );
    return socket;
  }

  /** A port for the agent's BMP station; undefined where routers cannot have addresses of their own, as on macOS. */
  async function stationPort(): Promise<number | undefined> {
    const probe = answering(() => {}, routers[0]?.address);
    try {
      await probe.start();
      await probe.stop();
      return await freeTcpPort(host);
    } catch {
      return undefined;
    }
  }

  async function start(): Promise<Result<LabEstate, string>> {
    const bmpPort = await stationPort();
    if (running !== undefined) return err("the lab is running already");
    const since = clock.now();
    const simulation = createSimulation(since);
    const present = (): Simulation => {
      simulation.advance(clock.now());
      return simulation;
    };
    const community = `lab-${Math.floor(random() * 2 ** 40).toString(16)}`;
    const communityOctets = new TextEncoder().encode(community);
    const bmp =
      bmpPort === undefined
        ? []
        : routers.map((router) => createBmpRouter({ clock, present }, router, { address: host, port: bmpPort }));

    const agents = routers.map((router) => {
      const view = createMibView(router, simulation);
      const socket = answering(
        (datagram, reply) => {
          if (present().network().routers.get(router.name)?.snmp === false) return snmpCounters.add("silent");
          const answer = answerSnmp(datagram, communityOctets, view);
          snmpCounters.add(answer.ok ? "answered" : answer.dropped);
          if (answer.ok) reply(answer.octets);
        },
        bmpPort === undefined ? host : router.address,
      );
      return { name: router.name, socket };
    });
    const reflecting = (way: () => Way) => {
      const reflector = createReflector({ clock, random, way });
      return { reflector, socket: answering(reflector.handle) };
    };
    const pathReflectors = paths.map((p) => ({ key: p.key, ...reflecting(() => pathWay(present(), p.key)) }));
    const reachReflectors = globalReaches.flatMap((g) =>
      directionsOf(g.sites).map(([from, to]) => ({
        key: reachDirection(g.name, from, to),
        ...reflecting(() => reachWay(present(), g.name)),
      })),
    );

    const endpoints = createEndpoints(host, { health: (name) => present().network().endpoints[name] });
    const dns = answering((datagram, reply) => {
      const answer = answerDns(datagram, labAddresses);
      if (answer !== undefined) reply(answer);
    });

    const everyReflector = [...pathReflectors, ...reachReflectors];
    const sockets = [...[...agents, ...everyReflector].map((part) => part.socket), dns];
    running = { since, sockets, reflectors: everyReflector.map((part) => part.reflector), endpoints, bmp };
    try {
      await Promise.all([endpoints, ...sockets].map((part) => part.start()));
    } catch (error) {
      await stop();
      return err(`the lab cannot open its ports on ${host}: ${error instanceof Error ? error.message : error}`);
    }
    const ports: LabPorts = {
      snmp: new Map(agents.map((a) => [a.name, a.socket.port()])),
      paths: new Map(pathReflectors.map((r) => [r.key, r.socket.port()])),
      globalReach: new Map(reachReflectors.map((r) => [r.key, r.socket.port()])),
      http: endpoints.port(),
      dns: dns.port(),
      bmp: bmpPort,
    };
    for (const router of bmp) router.start();
    return ok({ config: configText(ports, listen), env: { [communityVariable]: community } });
  }

  async function stop(): Promise<void> {
    const stopping = running;
    running = undefined;
    for (const part of [...(stopping?.reflectors ?? []), ...(stopping?.bmp ?? [])]) part.stop();
    if (stopping === undefined) return;
    await Promise.all([stopping.endpoints, ...stopping.sockets].map((part) => part.stop()));
  }

  return {
    start,
    stop,
    chapter: () => (running === undefined ? "The lab is not running" : tell(elapsed(running.since, clock.now()))),
    snmp: () => snmpCounters.read(),
    http: () => running?.endpoints.read() ?? { well: 0, failing: 0, silent: 0 },
    stamp() {
      const sum = { answered: 0, lost: 0, malformed: 0 };
      for (const one of running?.reflectors.map((r) => r.read()) ?? []) {
        sum.answered += one.answered;
        sum.lost += one.lost;
        sum.malformed += one.malformed;
      }
      return sum;
    },
  };
}
