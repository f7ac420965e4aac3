// What the agent notes of a path without a word against its state.

import type { MetricDefinition } from "./definition.ts";

export const noteMetrics = {
  path: {
    name: "expressroute_path_note_since_timestamp_seconds",
    type: "gauge",
    help: "Unix time since which the check finds what does not degrade the path (a drain, prefixes that one link lacks); absent when it is gone",
    labels: ["circuit", "peering", "link", "router", "site", "check", "cause", "owner"],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
