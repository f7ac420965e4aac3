// The dashboards as the files that Grafana loads. Pure: writing and comparing is for the caller.

import { circuits } from "./circuits.ts";
import { globalReach } from "./global-reach.ts";

export interface RenderedDashboard {
  /** Name within dashboards/generated/. */
  readonly file: string;
  readonly json: string;
}

export function renderDashboards(): readonly RenderedDashboard[] {
  return [
    { file: "circuits.json", json: text(circuits()) },
    { file: "global-reach.json", json: text(globalReach()) },
  ];
}

/** The SDK puts every link into a menu of its own, closed at first; a link has to be seen to be used. */
const visibleLinks = (key: string, value: unknown) =>
  key === "placement" && value === "inControlsMenu" ? undefined : value;

const text = (value: unknown) => `${JSON.stringify(value, visibleLinks, 2)}\n`;
