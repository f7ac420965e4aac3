// Services behind the peerings and internet dependencies: their states, what fails and why, and where the time goes.

import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { metrics } from "../../agent/catalog/metrics.ts";
import { band, columns, type Section } from "./layout.ts";
import { toRunbook } from "./links.ts";
import { mappings } from "./palette.ts";
import { againstFull, perSecond, timeline, timeSeries, withLimits } from "./panels.ts";
import { least, max, overTime, rate, rows, select, worst } from "./promql.ts";
import {
  ageColumn,
  checkedColumn,
  delayColumn,
  forColumn,
  merged,
  ownerColumn,
  serviceCauseColumn,
  sinceColumn,
  stateColumn,
  table,
  withColumns,
} from "./tables.ts";

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
    .withTransformation(merged);
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

/** Every check as it is now. */
function checksNow(
  title: string,
  description: string,
  of: typeof metrics.service | typeof metrics.dependency,
  headings: Readonly<Record<string, string>>,
  runbook: string,
): Panel {
  const labels = [...Object.keys(headings), "check", "technique", "resolver"];
  const panel = table({ title, description }, [
    rows(least(of.checkUp, labels)),
    rows(worst(of.duration, labels)),
    rows(worst(of.status, labels)),
    rows(least(of.answers, labels)),
    rows(worst(of.ttl, labels)),
  ]).withTransformation(merged);
  return withColumns(panel, {
    ...headings,
    check: "Check",
    technique: "By",
    resolver: "DNS server",
    "Value #A": "Last result",
    "Value #B": "Took",
    "Value #C": "HTTP status",
    "Value #D": "DNS records",
    "Value #E": "TTL",
  })
    .overrideByName("Last result", checkedColumn)
    .overrideByName("Took", delayColumn)
    .overrideByName("TTL", ageColumn)
    .links([toRunbook(runbook)])
    .build();
}

/** As a share of the limit, so that checks with limits of their own can be compared. */
function slowness(): Panel {
  const share = (of: typeof metrics.service | typeof metrics.dependency, name: "service" | "dependency") => {
    const limit = worst(of.durationThreshold, [name], 'level="raise"');
    const duration = max([name, "check", "resolver"], select(of.duration));
    return overTime(`${duration} / on (${name}) group_left () ${limit}`, `{{${name}}} {{check}}`);
  };
  const panel = timeSeries(
    {
      title: "Duration of the checks, of their limit",
      description:
        "At 100 % a check is slow, and what it checks degraded. One that climbs alone: look at it, in its phases beside. All of a circuit together: compare the delay of " +
        "the paths. All of them: this host, or its DNS.",
    },
    [share(metrics.service, "service"), share(metrics.dependency, "dependency")],
    "percentunit",
  );
  return againstFull(panel)
    .links([toRunbook("ExpressRouteServiceDegraded")])
    .build();
}

function phases(): Panel {
  return timeSeries(
    {
      title: "Phases of the checks",
      description:
        "Where the time of the last check went. A step in connect: the network, compare the delay of the paths. In dns: the DNS " +
        "servers. In firstByte: the service itself.",
    },
    [
      overTime(max(["service", "check", "phase"], select(metrics.service.phase)), "{{service}} {{check}} {{phase}}"),
      overTime(
        max(["dependency", "check", "phase"], select(metrics.dependency.phase)),
        "{{dependency}} {{check}} {{phase}}",
      ),
    ],
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
  const left = (of: typeof metrics.service | typeof metrics.dependency, name: string) =>
    `${least(of.certificateExpiry, [name, "check"])} - time()`;
  const limits = [metrics.service, metrics.dependency].map(({ certificateThreshold }) => select(certificateThreshold));
  const panel = timeSeries(
    {
      title: "Time until the first certificate ends",
      description:
        "Of each service and dependency that is checked by TLS: the certificate of its chain that ends first. Renew it before the line comes " +
        "to the dashed one, the highest configured limit: from there on it is degraded, and at zero it is down.",
    },
    [
      overTime(left(metrics.service, "service"), "{{service}} {{check}}"),
      overTime(left(metrics.dependency, "dependency"), "{{dependency}} {{check}}"),
      overTime(`max(${limits.join(" or ")})`, "fires at"),
    ],
    "s",
  );
  return withLimits(panel)
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
  const serviceChecks = checksNow(
    "Checks of services",
    "Each check as it last went. Those by dns are there once for each DNS server: when one alone fails, that server is at fault. By tcp good and by http bad: the service " +
      "answers, and not as it should. DNS records that fell to none, or a TTL of seconds: somebody changes the name just now.",
    metrics.service,
    { service: "Service" },
    "ExpressRouteServiceDown",
  );
  const dependencyChecks = checksNow(
    "Checks of internet dependencies",
    "Each check as it last went, over the public internet. No circuit carries it, and none is to blame. All of them bad at once: our own way to the internet.",
    metrics.dependency,
    { dependency: "Dependency" },
    "ExpressRouteInternetDependencyDown",
  );
  return {
    title: "Services and internet dependencies",
    collapsed: true,
    bands: [
      band(7, { width: columns, panel: statesOverTime() }),
      band(5, { width: 12, panel: broken }, { width: 12, panel: missing }),
      band(7, { width: 12, panel: serviceChecks }, { width: 12, panel: dependencyChecks }),
      band(
        8,
        { width: 6, panel: slowness() },
        { width: 6, panel: phases() },
        { width: 6, panel: results() },
        { width: 6, panel: certificates() },
      ),
    ],
  };
}
