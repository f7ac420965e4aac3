// The simulated estate in motion: follows the story and keeps what has a memory (counters, sessions,
// start of each SNMP agent). It owns no timer: whoever asks moves it on to the present first.

import type { Instant } from "../lib/clock.ts";
import { elapsed } from "../lib/clock.ts";
import { type Duration, milliseconds, seconds } from "../lib/duration.ts";
import { phase } from "../lib/hash.ts";
import { healthy, type Network } from "./network.ts";
import { circuits, type LinkKey, type PathKey, paths, routers } from "./plan.ts";
import { returnsAt, type SimulatedSession, stepSession } from "./session.ts";
import { momentAt, networkIn } from "./story.ts";
import { ratesOf } from "./traffic.ts";

/** What went over a path since its router started; whole octets and packets are what a router shows of it. */
export interface Flow {
  readonly receiveBytes: number;
  readonly transmitBytes: number;
  readonly receivePackets: number;
  readonly transmitPackets: number;
}

export interface Simulation {
  /** Moves time on, through every chapter and reconnection on the way; never back. */
  advance(to: Instant): void;
  now(): Instant;
  /** Milliseconds of simulated time since the story first began. */
  elapsed(): Duration;
  network(): Network;
  session(path: PathKey): SimulatedSession;
  flow(path: PathKey): Flow;
  /** When the carrier of a link last came or went. */
  carrierChangedAt(link: LinkKey): Instant;
  /** When the SNMP agent of a router started: sysUpTime counts from here. */
  agentStartedAt(router: string): Instant;
  /** Whether routing sends anything over the path: it has a session, and so a carrier. */
  usable(path: PathKey): boolean;
}

/** Rates are taken as constant over a step no longer than this. */
const longestStep = seconds(2);

const meanPacket = { receive: 940, transmit: 610 };

/** Routers and sessions have been up for days before the story starts. */
function upFor(name: string): number {
  return seconds((9 + 40 * phase(name)) * 86_400);
}

export function createSimulation(start: Instant): Simulation {
  const routerStart = new Map(routers.map((r) => [r.name, (start - upFor(r.name)) as Instant]));
  const sessions = new Map<PathKey, SimulatedSession>();
  const flows = new Map<PathKey, Flow>();
  const carrierChanged = new Map<LinkKey, Instant>();
  for (const p of paths) {
    const routerUp = upFor(p.router);
    const sessionUp = routerUp * (0.3 + 0.6 * phase(p.key));
    sessions.set(p.key, {
      established: true,
      since: (start - sessionUp) as Instant,
      transitions: 1 + Math.floor(4 * phase(`${p.key} transitions`)),
      lastError: [0, 0],
      possibleSince: undefined,
    });
    // As if half the busy hour's share had flowed since the router started.
    const bytes = (bitsPerSecond: number) => Math.floor((bitsPerSecond / 4 / 8) * (routerUp / 1_000));
    const { receive, transmit } = p.peering.peak;
    flows.set(p.key, grown(noFlow, bytes(receive), bytes(transmit)));
    carrierChanged.set(p.linkKey, (start - routerUp + seconds(42)) as Instant);
  }

  let now = start;
  let network: Network = healthy;

  function enter(next: Network): void {
    for (const [key, link] of next.links) {
      if (link.carrier !== network.links.get(key)?.carrier) carrierChanged.set(key, now);
    }
    for (const [name, router] of next.routers) {
      if (router.snmp && network.routers.get(name)?.snmp === false) routerStart.set(name, now);
    }
    network = next;
  }

  function stepSessions(): void {
    for (const p of paths) {
      const carrier = network.links.get(p.linkKey)?.carrier === true;
      const closedWith = network.paths.get(p.key)?.closedWith;
      sessions.set(p.key, stepSession(sessionOf(p.key), { carrier, closedWith }, now));
    }
  }

  function flowTraffic(until: Instant): void {
    const span = (until - now) / 1_000;
    const middle = (now - start) / 1_000 + span / 2;
    for (const circuit of circuits) {
      for (const peering of circuit.peerings) {
        const rates = ratesOf(circuit, peering, network, (p) => sessionOf(p).established, middle);
        for (const [key, rate] of rates) {
          flows.set(key, grown(flowOf(key), (rate.receive / 8) * span, (rate.transmit / 8) * span));
        }
      }
    }
  }

  function sessionOf(path: PathKey): SimulatedSession {
    const session = sessions.get(path);
    if (session === undefined) throw new Error(`no session "${path}" in the plan of the lab`);
    return session;
  }

  function flowOf(path: PathKey): Flow {
    return flows.get(path) ?? noFlow;
  }

  function advance(to: Instant): void {
    while (now < to) {
      const { remaining } = momentAt(elapsed(start, now));
      const returning = [...sessions.values()].map(returnsAt).filter((t) => t !== undefined && t > now) as Instant[];
      const until = Math.min(to, now + remaining, now + longestStep, ...returning) as Instant;
      // A remainder below the resolution of the clock must not stop time.
      const next = (until > now ? until : now + milliseconds(0.001)) as Instant;
      flowTraffic(next);
      now = next;
      enter(networkIn(momentAt(elapsed(start, now)).chapter));
      stepSessions();
    }
  }

  return {
    advance,
    now: () => now,
    elapsed: () => elapsed(start, now),
    network: () => network,
    session: sessionOf,
    flow: flowOf,
    carrierChangedAt: (link) => carrierChanged.get(link) ?? start,
    agentStartedAt: (router) => routerStart.get(router) ?? start,
    usable(path) {
      return sessionOf(path).established;
    },
  };
}

const noFlow: Flow = { receiveBytes: 0, transmitBytes: 0, receivePackets: 0, transmitPackets: 0 };

function grown(flow: Flow, receive: number, transmit: number): Flow {
  return {
    receiveBytes: flow.receiveBytes + receive,
    transmitBytes: flow.transmitBytes + transmit,
    receivePackets: flow.receivePackets + receive / meanPacket.receive,
    transmitPackets: flow.transmitPackets + transmit / meanPacket.transmit,
  };
}
