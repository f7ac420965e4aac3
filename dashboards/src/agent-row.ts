// How the agent itself is doing: for the question whether its words can be trusted.

import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { MetricDefinition } from "../../agent/catalog/definition.ts";
import { metrics } from "../../agent/catalog/metrics.ts";
import { hostBands } from "./agent-host.ts";
import { band, columns, type Section } from "./layout.ts";
import { toRunbook } from "./links.ts";
import { perSecond, timeSeries } from "./panels.ts";
import { max, overTime, rate, rows, select, worst } from "./promql.ts";
import { ageColumn, merged, table, withColumns, wrongCountColumn } from "./tables.ts";

const total = (by: string, metric: MetricDefinition) => `sum by (${by}) (${rate(metric)})`;

/** Of the probes of paths and of Global Reach pairs together. */
const ofBoth = (counter: "probesSendErrors" | "probesDiscarded" | "probesUnheard") =>
  `sum(${rate(metrics.path[counter])} or ${rate(metrics.pair[counter])})`;

function polls(): Panel {
  return timeSeries(
    {
      title: "Polls by result",
      description:
        "Polls per second that ended with each result. Timeout: the router is silent or the community is wrong. Refused: nothing " +
        "listens on the port. Incomplete or malformed: the router's SNMP agent is at fault; its answer was not used.",
    },
    [overTime(total("result", metrics.agent.polls), "{{result}}")],
    perSecond,
  )
    .min(0)
    .links([toRunbook("ExpressRouteRouterUnreachable")])
    .build();
}

function pollDuration(): Panel {
  return timeSeries(
    {
      title: "Poll duration",
      description:
        "Duration of the slowest poll of each router, retries included. Close to the poll interval: the next poll is " +
        "skipped, and what you see is older than you think. Ask that router less often.",
    },
    [overTime(max(["router"], select(metrics.agent.pollSeconds)), "{{router}}")],
    "s",
  )
    .min(0)
    .build();
}

function snmp(): Panel {
  return timeSeries(
    {
      title: "SNMP requests",
      description:
        "Retransmissions beside requests: datagrams are lost between the agent and a router, or the router is too slow. Timeouts: given up after the last of them. Skipped " +
        "polls: the one before was still in flight.",
    },
    [
      overTime(`sum(${rate(metrics.agent.snmpRequests)})`, "requests"),
      overTime(`sum(${rate(metrics.agent.snmpRetries)})`, "retransmissions"),
      overTime(`sum(${rate(metrics.agent.snmpTimeouts)})`, "timeouts"),
      overTime(`sum(${rate(metrics.agent.pollOverruns)})`, "skipped polls"),
    ],
    perSecond,
  )
    .min(0)
    .build();
}

function dropped(): Panel {
  return timeSeries(
    {
      title: "Dropped datagrams by kind",
      description:
        "Datagrams that came in and were not used. A few late ones are normal. A lasting rate of any other kind: a broken router, a wrong " +
        "address in the configuration, or somebody who sends us forged answers.",
    },
    [
      overTime(total("kind", metrics.agent.snmpDropped), "SNMP {{kind}}"),
      overTime(total("kind", metrics.agent.probesDropped), "probe {{kind}}"),
    ],
    perSecond,
  )
    .min(0)
    .build();
}

function probes(): Panel {
  return timeSeries(
    {
      title: "Probes that say nothing of a path",
      description:
        "Probes that this host could not send, or did not get to in time, answers whose delay was not to be trusted, or that a full receive buffer may have " +
        "dropped (unheard), and restarts of the probe worker. Above zero for long: the fault is on this host (routes, permissions, load, clock, a flood), " +
        "not on a circuit.",
    },
    [
      overTime(ofBoth("probesSendErrors"), "not sent"),
      overTime(`sum(${rate(metrics.agent.probesSkipped)})`, "skipped"),
      overTime(ofBoth("probesDiscarded"), "not trusted"),
      overTime(ofBoth("probesUnheard"), "unheard"),
      overTime(`sum(${rate(metrics.agent.probeRestarts)})`, "worker restarts"),
    ],
    perSecond,
  )
    .min(0)
    .build();
}

function evaluationAge(): Panel {
  return timeSeries(
    {
      title: "Evaluation age",
      description:
        "Age of the last judgement, by agent, when Prometheus scraped it. It stays within the scrape interval; a line that climbs is " +
        "an agent that answers, but no longer judges: restart it.",
    },
    [overTime(`time() - ${max(["instance"], select(metrics.agent.evaluated))}`, "{{instance}}")],
    "s",
  )
    .min(0)
    .links([toRunbook("ExpressRouteAgentAbsent")])
    .build();
}

function versions(): Panel {
  const panel = table(
    {
      title: "Agents",
      description:
        "Which agents are scraped, in which version. One that is missing here is down, or not scraped. Given up for now: routers that answer nothing, and are asked for " +
        "their uptime only until they answer. Cut off and slept are of the time range: what an agent says of that time is unknown.",
    },
    [
      rows(max(["instance", "version", "node_version"], select(metrics.agent.info))),
      rows(worst(metrics.agent.openBreakers, ["instance"])),
      rows(max(["instance"], `round(increase(${select(metrics.self.isolations)}[$__range]))`)),
      rows(max(["instance"], `increase(${select(metrics.self.slept)}[$__range])`)),
    ],
  ).withTransformation(merged);
  return withColumns(panel, {
    instance: "Agent",
    version: "Version",
    node_version: "Node.js",
    "Value #B": "Routers given up for now",
    "Value #C": "Times cut off",
    "Value #D": "Host slept",
  })
    .overrideByName("Routers given up for now", wrongCountColumn)
    .overrideByName("Times cut off", wrongCountColumn)
    .overrideByName("Host slept", ageColumn)
    .links([toRunbook("ExpressRouteAgentAbsent")])
    .build();
}

export function agentRow(): Section {
  return {
    title: "Agent",
    collapsed: true,
    bands: [
      band(7, { width: 8, panel: polls() }, { width: 8, panel: pollDuration() }, { width: 8, panel: snmp() }),
      band(7, { width: 8, panel: dropped() }, { width: 8, panel: probes() }, { width: 8, panel: evaluationAge() }),
      ...hostBands(),
      band(5, { width: columns, panel: versions() }),
    ],
  };
}
