// Polls every router of the estate: each group in turns of its own, so that a hung BGP daemon delays nothing but its
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
import { type Clock, elapsed, type Instant } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import { sysUpTime } from "../mib/snmpv2-mib.ts";
import type { SnmpClient, SnmpTarget } from "../net/snmp-client.ts";
import type { PreparedGet } from "../net/snmp-get.ts";
import { bfdCollector } from "./bfd.ts";
import { bgpCollector } from "./bgp-sessions.ts";
import { type Breaker, createBreakers, type Sign } from "./breaker.ts";
import type { Collector, Poll } from "./collector.ts";
import { interfacesCollector } from "./interfaces.ts";
import { neighborsCollector, wantedNeighbors } from "./neighbors.ts";
import { opticsCollector } from "./optics.ts";
import { partOf, periodic, type Task } from "./periodic.ts";
import { prefixesCollector } from "./prefixes.ts";
import { probedPaths, routerProbesCollector } from "./router-probes.ts";
import { routesCollector } from "./routes.ts";
import { systemCollector } from "./system.ts";
import { createUptimeWatch } from "./uptime.ts";

export interface PollingDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly snmp: Pick<SnmpClient, "target">;
  readonly observe: Observe;
  /** Is told of each turn at which there was nothing to ask: it makes no observation. For those who measure the polling. */
  readonly leftAlone?: (router: string, group: PollGroup, at: Instant) => void;
}

export interface Polling {
  start(): void;
  /** Begins no further poll; what is in flight ends with the SNMP client. */
  stop(): void;
  /**
   * Polls a group of a router out of turn: at once, or after the poll of it that is in flight. A router that answers
   * nothing is asked for sysUpTime at once, and for every group when it answers that.
   */
  confirm(router: string, group: PollGroup): void;
  /** Polls that were skipped because the one before was still in flight. */
  overruns(): number;
  /** Routers that answer nothing, and are asked for sysUpTime only. */
  openBreakers(): number;
}

/** A group of a router, and its turns. */
interface Polled extends Task {
  readonly router: string;
  readonly group: PollGroup;
  readonly collect: Collector;
  readonly breaker: Breaker;
  /** How its last poll ended. */
  last: Poll["result"] | undefined;
}

interface PolledRouter {
  readonly breaker: Breaker;
  readonly tasks: readonly Polled[];
}

export function createPolling({ clock, log, snmp, observe, leftAlone }: PollingDeps, estate: Estate): Polling {
  let stopped = false;
  const pathsByRouter = Map.groupBy(pathsOf(estate), (path) => path.router);
  const breakers = createBreakers({ clock, log });
  const polledRouters = new Map<string, PolledRouter>();
  const timers = periodic(clock, [...estate.routers.values()].flatMap(tasksOf), run);

  function tasksOf(router: Router): readonly Polled[] {
    const { name, address, port, credentials, anySource, pollInterval } = router;
    const target = snmp.target({ router: name, address, port, credentials, anySource });
    const collectors = collectorsOf(router, target);
    const groups = pollGroups.filter((group) => collectors[group] !== undefined);
    let knock: PreparedGet | undefined;
    const breaker = breakers.of({
      name,
      pollInterval,
      // Those that are asked seldom would keep it closed for long.
      groups: groups.filter((group) => pollEvery(router, group) <= pollInterval && !optionalGroups.includes(group)),
      knock() {
        knock ??= target.prepare(sysUpTimeOnly, true);
        return knockBy(knock);
      },
      askAll: () => {
        for (const task of tasks) timers.hasten(task);
      },
    });
    const tasks = groups.flatMap((group): readonly Polled[] => {
      const collect = collectors[group];
      if (collect === undefined) return [];
      // Without a spread: V8 gives what follows one a second object.
      return [
        {
          interval: pollEvery(router, group),
          part: partOf(`${name} ${group}`),
          running: false,
          outOfTurn: false,
          again: false,
          router: name,
          group,
          collect,
          breaker,
          last: undefined,
        },
      ];
    });
    polledRouters.set(name, { breaker, tasks });
    return tasks;
  }

  function collectorsOf(router: Router, target: SnmpTarget): Readonly<Record<PollGroup, Collector | undefined>> {
    const { name } = router;
    const deps = { clock, target, uptime: createUptimeWatch() };
    const paths = pathsByRouter.get(name) ?? [];
    // Several circuits may use one interface, and both peerings of a circuit do: each is asked for once.
    const interfaces = [...new Set(paths.map((path) => path.interface))];
    const peers = [...new Set(paths.map((path) => path.session.remoteAddress))];
    const probed = probedPaths(paths);
    return {
      system: systemCollector(deps, name),
      interfaces: interfaces.length === 0 ? undefined : interfacesCollector(deps, name, interfaces),
      bgp: peers.length === 0 ? undefined : bgpCollector(deps, name, peers, router.bgpTable),
      bfd: peers.length === 0 ? undefined : bfdCollector(deps, name, peers),
      neighbors: peers.length === 0 ? undefined : neighborsCollector(deps, name, wantedNeighbors(paths)),
      optics: interfaces.length === 0 ? undefined : opticsCollector(deps, name, interfaces),
      prefixes: peers.length === 0 ? undefined : prefixesCollector(deps, name, peers, router.bgpTable),
      routerProbes: probed.length === 0 ? undefined : routerProbesCollector(deps, router, probed),
      routes: routesCollector(deps, name, paths),
    };
  }

  async function poll(of: Polled): Promise<void> {
    const { router, group, collect, breaker } = of;
    const began = clock.now();
    const instead = breakers.instead(breaker, group);
    const asked = instead ?? whole(await collect());
    if (instead === undefined) breakers.took(breaker, group, asked);
    const { result, detail, observations } = asked;
    if (stopped || result === "aborted") return;
    if (result === "notAsked") {
      leftAlone?.(router, group, began);
      return;
    }
    const at = clock.now();
    const seconds = elapsed(began, at) / 1_000;
    // It may have gone for being asked. FRR's bgpd pings its SNMP agent agentXPingInterval after the last request, and drops its AgentX
    // session when a request meets that ping, or fails it: polls at just that interval, or a multiple of it, meet it again and again.
    const isLost = result === "noSuchTable" || result === "refused";
    if (group === "bgp" && isLost && of.last === "ok") timers.swing(of);
    observe({ kind: "poll", router, group, at, result, detail, seconds });
    for (const observation of observations) observe(observation);
    report(of, result, detail);
  }

  /** A line when the result changes, not at every poll. */
  function report(of: Polled, result: PollObservation["result"], detail: string): void {
    const { router, group, last } = of;
    if (result !== last) {
      const fields = { router, group, result };
      if (result === "noSuchTable" && optionalGroups.includes(group)) log.info(fields, detail);
      else if (result !== "ok") log.warn(fields, detail);
      else if (last !== undefined) log.info(fields, "the poll succeeds again");
      else if (detail !== "") log.warn(fields, detail);
    }
    of.last = result;
  }

  function run(of: Polled): Promise<void> {
    return poll(of).catch((error: unknown) =>
      log.error({ router: of.router, group: of.group, error: String(error) }, "a poll broke off"),
    );
  }

  return {
    start() {
      stopped = false;
      timers.start();
    },
    stop() {
      stopped = true;
      timers.stop();
      breakers.stop();
    },
    confirm(router, group) {
      const polled = polledRouters.get(router);
      const task = polled?.tasks.find((one) => one.group === group);
      if (stopped || polled === undefined || task === undefined) return;
      if (!breakers.knockNow(polled.breaker)) timers.hasten(task);
    },
    overruns: timers.overruns,
    openBreakers: breakers.open,
  };
}

/**
 * With its detail in one piece: it is kept, and V8 keeps a text that was put together as a tree of what it was put
 * together from, which is four times as large.
 */
function whole(poll: Poll): Poll {
  const { result, detail, observations } = poll;
  return detail === "" ? poll : { result, detail: Buffer.from(detail).toString(), observations };
}

const sysUpTimeOnly = [sysUpTime];
const once = { group: "system", table: "system", retries: 0 };

/** Asks for as little as can be asked for, once. */
async function knockBy(knock: PreparedGet): Promise<Sign> {
  const got = await knock(once);
  if (got.ok) return "heard";
  const { kind } = got.error;
  if (kind === "aborted") return "aborted";
  return kind === "timeout" || kind === "unreachable" ? "silent" : "heard";
}
