// Polls every router of the estate: each group on a timer of its own, so that a hung BGP daemon delays nothing but its
// own sessions.

import { type Estate, pathsOf, type Router } from "../estate/estate.ts";
import { pollEvery } from "../estate/freshness.ts";
import {
  type Observe,
  optionalGroups,
  type PollGroup,
  type PollObservation,
  pollGroups,
} from "../estate/observation.ts";
import { type Clock, elapsed } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { SnmpClient } from "../net/snmp-client.ts";
import { bfdCollector } from "./bfd.ts";
import { bgpCollector } from "./bgp-sessions.ts";
import type { Collector, Poll } from "./collector.ts";
import { interfacesCollector } from "./interfaces.ts";
import { neighborsCollector, wantedNeighbors } from "./neighbors.ts";
import { opticsCollector } from "./optics.ts";
import { type Periodic, periodic } from "./periodic.ts";
import { prefixesCollector } from "./prefixes.ts";
import { systemCollector } from "./system.ts";
import { createUptimeWatch } from "./uptime.ts";

export interface PollingDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly snmp: Pick<SnmpClient, "target">;
  readonly observe: Observe;
}

export interface Polling {
  start(): void;
  /** Begins no further poll; what is in flight ends with the SNMP client. */
  stop(): void;
  /** Polls a group of a router out of turn: at once, or after the poll of it that is in flight. */
  confirm(router: string, group: PollGroup): void;
  /** Polls that were skipped because the one before was still in flight. */
  overruns(): number;
}

export function createPolling({ clock, log, snmp, observe }: PollingDeps, estate: Estate): Polling {
  let stopped = false;
  const pathsByRouter = Map.groupBy(pathsOf(estate), (path) => path.router);
  const byGroup = new Map<string, Periodic>();
  for (const router of estate.routers.values()) {
    const collectors = collectorsOf(router);
    for (const group of pollGroups) {
      const collect = collectors[group];
      if (collect !== undefined) byGroup.set(`${router.name} ${group}`, timerOf(router, group, collect));
    }
  }
  const timers = [...byGroup.values()];

  function collectorsOf(router: Router): Readonly<Record<PollGroup, Collector | undefined>> {
    const { name, address, port, credentials, anySource } = router;
    const target = snmp.target({ router: name, address, port, credentials, anySource });
    const deps = { clock, target, uptime: createUptimeWatch() };
    const paths = pathsByRouter.get(name) ?? [];
    // Several circuits may use one interface, and both peerings of a circuit do: each is asked for once.
    const interfaces = [...new Set(paths.map((path) => path.interface))];
    const peers = [...new Set(paths.map((path) => path.session.remoteAddress))];
    return {
      system: systemCollector(deps, name),
      interfaces: interfaces.length === 0 ? undefined : interfacesCollector(deps, name, interfaces),
      bgp: peers.length === 0 ? undefined : bgpCollector(deps, name, peers, router.bgpTable),
      bfd: peers.length === 0 ? undefined : bfdCollector(deps, name, peers),
      neighbors: peers.length === 0 ? undefined : neighborsCollector(deps, name, wantedNeighbors(paths)),
      optics: interfaces.length === 0 ? undefined : opticsCollector(deps, name, interfaces),
      prefixes: peers.length === 0 ? undefined : prefixesCollector(deps, name, peers, router.bgpTable),
    };
  }

  function timerOf(router: Router, group: PollGroup, collect: Collector): Periodic {
    let last: Poll["result"] | undefined;

    async function poll(): Promise<void> {
      const began = clock.now();
      const { result, detail, observations } = await collect();
      if (stopped || result === "aborted" || result === "notAsked") return;
      const at = clock.now();
      const seconds = elapsed(began, at) / 1_000;
      observe({ kind: "poll", router: router.name, group, at, result, detail, seconds });
      for (const observation of observations) observe(observation);
      report(result, detail);
    }

    /** A line when the result changes, not at every poll. */
    function report(result: PollObservation["result"], detail: string): void {
      if (result !== last) {
        const fields = { router: router.name, group, result };
        if (result === "noSuchTable" && optionalGroups.includes(group)) log.info(fields, detail);
        else if (result !== "ok") log.warn(fields, detail);
        else if (last !== undefined) log.info(fields, "the poll succeeds again");
        else if (detail !== "") log.warn(fields, detail);
      }
      last = result;
    }

    return periodic(clock, { interval: pollEvery(router, group), name: `${router.name} ${group}` }, () =>
      poll().catch((error: unknown) =>
        log.error({ router: router.name, group, error: String(error) }, "a poll broke off"),
      ),
    );
  }

  return {
    start() {
      stopped = false;
      for (const timer of timers) timer.start();
    },
    stop() {
      stopped = true;
      for (const timer of timers) timer.stop();
    },
    confirm: (router, group) => byGroup.get(`${router} ${group}`)?.now(),
    overruns: () => timers.reduce((sum, timer) => sum + timer.overruns(), 0),
  };
}
