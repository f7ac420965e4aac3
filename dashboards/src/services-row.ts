// Services behind the peerings and internet dependencies: their states, what fails and why, and where the time goes.

import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { metrics } from "../../agent/catalog/metrics.ts";
import { band, columns, type Section } from "./layout.ts";
import { toRunbook } from "./links.ts";
import { mappings } from "./palette.ts";
import { perSecond, timeline, timeSeries } from "./panels.ts";
import { max, overTime, rate, rows, select, worst } from "./promql.ts";
import { forColumn, ownerColumn, serviceCauseColumn, sinceColumn, stateColumn, table, withColumns } from "./tables.ts";

function statesOverTime(): Panel {
  return timeline(
    {
      title: "Services and internet dependencies over time",
      description:
        "One bar for each service and each dependency. A service that breaks in the same second as its circuit is explained by " +
        "the circuit. Dependencies that break together are our own internet access; no circuit is to blame for them.",
    },
    [
      overTime(worst(metrics.service.state, ["service"]), "{{service}}"),
      overTime(worst(metrics.dependency.state, ["dependency", "kind"]), "{{dependency}} ({{kind}})"),
    ],
    mappings.pathState,
  )
    .links([toRunbook("ExpressRouteServiceDown"), toRunbook("ExpressRouteInternetAccessLost")])
    .build();
}

/** One row for each that is not up: the three queries meet on its labels. */
function failing(
  title: string,
  description: string,
  of: typeof metrics.service | typeof metrics.dependency,
  headings: Readonly<Record<string, string>>,
  runbook: string,
): Panel {
  const labels = Object.keys(headings);
  const on = labels.join(", ");
  const state = worst(of.state, labels);
  const since = worst(of.since, labels);
  const cause = max([...labels, "cause", "owner"], select(of.cause));
  const panel = table({ title, description }, [
    rows(`(time() - ${since}) * on (${on}) group_right () ${cause}`),
    rows(`${state} != 1`),
    rows(`1000 * ${since} and on (${on}) (${state} != 1)`),
  ])
    .noValue("None is reported as broken")
    .withTransformation({ id: "merge", options: {} });
  return withColumns(panel, {
    ...headings,
    "Value #B": "State",
    cause: "Cause",
    owner: "Whose fault",
    "Value #A": "For",
    "Value #C": "Since",
  })
    .overrideByName("State", stateColumn)
    .overrideByName("Cause", serviceCauseColumn)
    .overrideByName("Whose fault", ownerColumn)
    .overrideByName("For", forColumn)
    .overrideByName("Since", sinceColumn)
    .links([toRunbook(runbook)])
    .build();
}

function phases(): Panel {
  return timeSeries(
    {
      title: "Phases of the checks of services",
      description:
        "Where the time of the last check went. A step in connect: the network, compare the delay of the paths. In dns: the DNS " +
        "servers. In firstByte: the service itself.",
    },
    [overTime(max(["service", "check", "phase"], select(metrics.service.phase)), "{{service}} {{check}} {{phase}}")],
    "s",
  )
    .min(0)
    .links([toRunbook("ExpressRouteServiceDegraded")])
    .build();
}

function results(): Panel {
  return timeSeries(
    {
      title: "Results of the checks",
      description:
        "Checks per second by result. Anything but ok says why: nxdomain, refused, timeout, certificateExpired. notSent: this " +
        "host could not even try; look at the host, not at the service.",
    },
    [
      overTime(`sum by (service, result) (${rate(metrics.service.checks)})`, "{{service}} {{result}}"),
      overTime(`sum by (dependency, result) (${rate(metrics.dependency.checks)})`, "{{dependency}} {{result}}"),
    ],
    perSecond,
  )
    .min(0)
    .links([toRunbook("ExpressRouteInternetDependencyDown")])
    .build();
}

function certificates(): Panel {
  return timeSeries(
    {
      title: "Time until the first certificate ends",
      description:
        "Of each service that is checked by TLS: the certificate of its chain that ends first. Renew it before the line comes " +
        "to the limit of the configuration.",
    },
    [
      overTime(
        `${max(["service", "check"], select(metrics.service.certificateExpiry))} - time()`,
        "{{service}} {{check}}",
      ),
    ],
    "s",
  )
    .links([toRunbook("ExpressRouteServiceDegraded")])
    .build();
}

export function servicesRow(): Section {
  const broken = failing(
    "Services that fail, and why",
    "Each service that is not up. Circuit lost: the circuit is the failure to work on, this is what it costs. Any other cause: the " +
      "circuit is well, look at the service in the order DNS, TCP, TLS, HTTP.",
    metrics.service,
    { service: "Service", circuit: "Circuit", peering: "Peering" },
    "ExpressRouteServiceDown",
  );
  const missing = failing(
    "Internet dependencies that fail, and why",
    "Each internet dependency that is not up. Internet access lost: all of them at once, so it is our own way to the internet. No " +
      "circuit is to blame.",
    metrics.dependency,
    { dependency: "Dependency", kind: "Kind" },
    "ExpressRouteInternetDependencyDown",
  );
  return {
    title: "Services and internet dependencies",
    collapsed: true,
    bands: [
      band(7, { width: columns, panel: statesOverTime() }),
      band(5, { width: 12, panel: broken }, { width: 12, panel: missing }),
      band(8, { width: 8, panel: phases() }, { width: 8, panel: results() }, { width: 8, panel: certificates() }),
    ],
  };
}
