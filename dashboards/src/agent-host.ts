// The agent's host and the parts of the agent besides polls and probes: whether what it says of circuits is told by a well one.

import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { MetricDefinition } from "../../agent/catalog/definition.ts";
import { metrics } from "../../agent/catalog/metrics.ts";
import { type Band, band } from "./layout.ts";
import { toRunbook } from "./links.ts";
import { mappings } from "./palette.ts";
import { perSecond, timeline, timeSeries, withLimits } from "./panels.ts";
import { max, overTime, rate, rows, select, worst } from "./promql.ts";
import { isolationColumn, table, withColumns } from "./tables.ts";

const sum = (metric: MetricDefinition) => `sum(${rate(metric)})`;

function isolation(): Panel {
  const panel = table(
    {
      title: "Why an agent is cut off",
      description:
        "Each agent that is the problem itself, with the cause. Everything that it alone watches is unknown until this is mended, and no circuit " +
        "is to blame. Its owner are the people of the jump host.",
    },
    [rows(max(["instance", "cause"], select(metrics.self.isolationCause)))],
  ).noValue("No agent is cut off");
  return withColumns(panel, { instance: "Agent", cause: "Because" })
    .overrideByName("Because", isolationColumn)
    .links([toRunbook("ExpressRouteAgentIsolated")])
    .build();
}

function wayOut(): Panel {
  return timeline(
    {
      title: "Gateways and interfaces of the agents",
      description:
        "The next hops that the agent pings, and the interfaces by which it goes out. All down or silent at once: the agent is cut off, see its " +
        "switch. One of several: what goes over it is judged by its probes as ever. A gateway that never answered has no bar.",
    },
    [
      overTime(worst(metrics.self.gateway, ["instance", "gateway"]), "{{instance}} gateway {{gateway}}"),
      overTime(worst(metrics.self.interface, ["instance", "interface"]), "{{instance}} {{interface}}"),
    ],
    mappings.hostParts,
  )
    .links([toRunbook("ExpressRouteAgentIsolated")])
    .build();
}

function hostDamage(): Panel {
  const of = (metric: MetricDefinition) => max(["instance", "interface"], rate(metric));
  const panel = timeSeries(
    {
      title: "Damage on the agents' interfaces",
      description:
        "Errors and drops that the host counts. Probes that are lost here are lost by the agent and not by a circuit: compare before you call a " +
        "provider about loss. Buffer: datagrams for which the host had no room.",
    },
    [
      overTime(of(metrics.self.receiveErrors), "{{instance}} {{interface}} receive errors"),
      overTime(of(metrics.self.receiveDrops), "{{instance}} {{interface}} receive drops"),
      overTime(of(metrics.self.transmitErrors), "{{instance}} {{interface}} transmit errors"),
      overTime(of(metrics.self.transmitDrops), "{{instance}} {{interface}} transmit drops"),
    ],
    perSecond,
  );
  return panel.min(0).axisSoftMax(1).build();
}

function lateness(): Panel {
  return timeSeries(
    {
      title: "Lateness of the agent's threads",
      description:
        "By how much each thread came late within a second. Tens of milliseconds are nothing; seconds mean that the host does not let the agent " +
        "run, and what it measured then is not used. See the CPU beside, and what else runs there.",
    },
    [overTime(worst(metrics.self.loopDelay, ["instance", "thread"]), "{{instance}} {{thread}}")],
    "s",
  )
    .min(0)
    .links([toRunbook("ExpressRouteAgentIsolated")])
    .build();
}

function cpu(): Panel {
  return timeSeries(
    {
      title: "Waiting for a CPU",
      description:
        "Share of the time in which the agent could run and got no CPU, and in which anything on its host waited for one. The first is what hurts: " +
        "above a tenth for long, give the host another CPU.",
    },
    [
      overTime(worst(metrics.self.cpuWait, ["instance"]), "{{instance}} agent"),
      overTime(worst(metrics.self.cpuPressure, ["instance"]), "{{instance}} host"),
    ],
    "percentunit",
  )
    .min(0)
    .max(1)
    .build();
}

function restarts(): Panel {
  return timeSeries(
    {
      title: "Workers that died, and what fell out",
      description:
        "Workers that ended and were started again, and turns of checks that fell out. Zero is right. One that dies again and again: the agent's " +
        "log says why (journalctl -u circuitwatch); until it lives, its paths are unknown.",
    },
    [
      overTime(sum(metrics.agent.probeRestarts), "prober"),
      overTime(sum(metrics.checking.restarts), "checks"),
      overTime(sum(metrics.checking.skipped), "checks that fell out"),
      overTime(sum(metrics.self.receiveBufferErrors), "datagrams without room"),
      overTime(sum(metrics.self.clockSteps), "steps of the clock"),
    ],
    perSecond,
  )
    .min(0)
    .axisSoftMax(0.1)
    .links([toRunbook("ExpressRouteAgentStalled")])
    .build();
}

function traces(): Panel {
  return timeSeries(
    {
      title: "Traces and searches by how they ended",
      description:
        "Silent: no hop answered, often by policy. Unsent: the host may not send them, or has no route. Any kind of drop for long: somebody else's " +
        "errors reach the agent, or forged ones.",
    },
    [
      overTime(`sum by (end) (${rate(metrics.tracer.traces)})`, "trace {{end}}"),
      overTime(`sum by (result) (${rate(metrics.tracer.searches)})`, "MTU {{result}}"),
      overTime(`sum by (kind) (${rate(metrics.tracer.dropped)})`, "dropped {{kind}}"),
    ],
    perSecond,
  )
    .min(0)
    .build();
}

function station(): Panel {
  return timeSeries(
    {
      title: "BMP: connections that ended or were refused",
      description:
        "Ended and reset: the router's doing. Malformed: what it sent is no BMP; its log and ours say more. Refused: an address of no router " +
        "(bmp.routers). Not counted: the routes of a session are in doubt until it comes up anew.",
    },
    [
      overTime(`sum by (reason) (${rate(metrics.bmp.closes)})`, "{{reason}}"),
      overTime(sum(metrics.bmp.refused), "refused"),
      overTime(sum(metrics.bmp.doubts), "not counted"),
    ],
    perSecond,
  )
    .min(0)
    .axisSoftMax(0.1)
    .links([toRunbook("ExpressRouteBmpDisconnected"), toRunbook("ExpressRouteBmpRoutesInDoubt")])
    .build();
}

function routes(): Panel {
  const panel = timeSeries(
    {
      title: "BMP: routes kept of each router",
      description:
        "Of the sessions that are configured, every view of them. At the dashed bound no more are kept, and the session that has too many is not " +
        "counted at all: raise bmp.routes, or let the router send fewer views.",
    },
    [
      overTime(worst(metrics.bmp.routes, ["router"]), "{{router}}"),
      overTime(`min(${select(metrics.bmp.routeLimit)})`, "bound"),
    ],
    "none",
  );
  return withLimits(panel)
    .min(0)
    .decimals(0)
    .links([toRunbook("ExpressRouteBmpRoutesInDoubt")])
    .build();
}

function memory(): Panel {
  const panel = timeSeries(
    {
      title: "BMP: memory",
      description:
        "What connections, routes and attributes take, and the most that the routers which are connected could make it take. The host needs " +
        "room for the dashed line.",
    },
    [
      overTime(worst(metrics.bmp.memory, ["instance"]), "{{instance}}"),
      overTime(`max(${select(metrics.bmp.memoryLimit)})`, "bound"),
    ],
    "bytes",
  );
  return withLimits(panel).min(0).build();
}

function listeners(): Panel {
  return timeSeries(
    {
      title: "Notifications and the STAMP reflector",
      description:
        "Traps and informs that were taken, by what they are about; datagrams on that port that were not, by reason; and what the reflector did with " +
        "the probes of other sites. Anything but reflected that lasts: a sender that is not configured, or has another key. Confirming: polls out of turn that notifications caused.",
    },
    [
      overTime(`sum by (kind) (${rate(metrics.agent.notifications)})`, "notification {{kind}}"),
      overTime(`sum by (reason) (${rate(metrics.agent.notificationsDropped)})`, "notification dropped: {{reason}}"),
      overTime(sum(metrics.agent.confirmingPolls), "confirming polls"),
      overTime(`sum by (outcome) (${rate(metrics.agent.reflectorDatagrams)})`, "reflector {{outcome}}"),
      overTime(sum(metrics.agent.reflectorRestarts), "reflector's worker died"),
    ],
    perSecond,
  )
    .min(0)
    .build();
}

export function hostBands(): readonly Band[] {
  return [
    band(6, { width: 8, panel: isolation() }, { width: 16, panel: wayOut() }),
    band(7, { width: 8, panel: lateness() }, { width: 8, panel: cpu() }, { width: 8, panel: restarts() }),
    band(7, { width: 8, panel: hostDamage() }, { width: 8, panel: traces() }, { width: 8, panel: listeners() }),
    band(7, { width: 8, panel: station() }, { width: 8, panel: routes() }, { width: 8, panel: memory() }),
  ];
}
