// Where a dashboard leads: to the other dashboard, and to the runbooks.

import {
  type DashboardLink,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { datasource } from "./promql.ts";

export const uids = { circuits: "circuitwatch-circuits", globalReach: "circuitwatch-global-reach" } as const;

export const tags: readonly string[] = ["circuitwatch", "expressroute"];

export function toDashboard(title: string, uid: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .icon("dashboard")
    .tooltip(`Open ${title} with the same time range and data source`)
    .url(`/d/${uid}`)
    .keepTime(true)
    .includeVars(true);
}

/** A runbook is named after its alert. */
export function toRunbook(alert: string, title = `Runbook: ${alert}`): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .icon("doc")
    .tooltip("What to check, whom to call, what to paste in the ticket")
    .url(`\${runbooks}/${alert}`)
    .targetBlank(true);
}

/** On a field: opens the circuit of the row or tile that was clicked; `field` is Grafana's name for that value. */
export function toCircuit(field: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder("Show this circuit").url(
    `/d/${uids.circuits}?var-circuit=\${${field}}&\${datasource:queryparam}&\${__url_time_range}`,
  );
}

export const fieldLink = (link: DashboardLinkBuilder): Pick<DashboardLink, "title" | "url"> => {
  const { title, url = "" } = link.build();
  return { title, url };
};

export function datasourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder("datasource")
    .label("Data source")
    .description("The Prometheus that scrapes the agents")
    .type("prometheus");
}

/** Values of a label, as they are now: a circuit that is added shows after a reload. */
export function labelVariable(name: string, label: string, metric: string): QueryVariableBuilder {
  const query = `label_values(${metric}, ${name})`;
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query({ query, refId: `variable-${name}` })
    .definition(query)
    .multi(true)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc);
}

/** Where the runbooks are published, as in the alerts; a variable, so that a site can point it at its own copy. */
export function runbooksVariable(): TextBoxVariableBuilder {
  const base = "https://circuitwatch.example/runbooks";
  return new TextBoxVariableBuilder("runbooks")
    .label("Runbooks")
    .description("Base address of the runbooks of alerts/runbooks")
    .defaultValue(base)
    .current({ text: base, value: base })
    .hide(VariableHide.HideVariable);
}
