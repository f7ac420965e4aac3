import { allMetrics } from "./metrics.ts";

/** `catalog/metrics.md`: every exported metric, for people who write queries. */
export function renderMetricReference(): string {
  const rows = allMetrics.map(({ name, type, labels, help }) => {
    const named = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${named} | ${help} |`;
  });
  return [
    "# Metrics",
    "",
    "Generated from `agent/catalog/metrics.ts` by `npm run generate`. Beside these, `process_*` and `nodejs_*` describe",
    "the process. A series is there only while its value is known: what was not asked, or is stale, is absent.",
    "",
    "| metric | type | labels | meaning |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
