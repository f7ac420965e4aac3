// What every dashboard of the project has in common.

import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type DashboardLinkBuilder,
  type QueryVariableBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { layOut, type Section } from "./layout.ts";
import { datasourceVariable, runbooksVariable, tags } from "./links.ts";

export type DashboardJson = Dashboard;

export interface DashboardParts {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly QueryVariableBuilder[];
  readonly links: readonly DashboardLinkBuilder[];
  readonly sections: readonly Section[];
}

export function dashboard(parts: DashboardParts): DashboardJson {
  const built = new DashboardBuilder(parts.title)
    .uid(parts.uid)
    .description(parts.description)
    .tags([...tags])
    .readonly()
    .timezone("utc")
    .time({ from: "now-1h", to: "now" })
    .refresh("10s")
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([datasourceVariable(), ...parts.variables, runbooksVariable()])
    .links([...parts.links])
    .build();
  return { ...built, panels: layOut(parts.sections) };
}
