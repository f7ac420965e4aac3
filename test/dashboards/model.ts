// The generated dashboards as the tests read them: from the JSON, as Grafana does, and not from the builders.

import { z } from "zod";
import { renderDashboards } from "../../dashboards/src/render.ts";

const datasource = z.object({ type: z.string(), uid: z.string() });

const target = z.object({
  refId: z.string(),
  expr: z.string(),
  datasource,
  instant: z.boolean().optional(),
  legendFormat: z.string().optional(),
});

const mapping = z.discriminatedUnion("type", [
  z.object({ type: z.literal("value"), options: z.record(z.string(), z.object({ text: z.string() })) }),
  z.object({
    type: z.literal("special"),
    options: z.object({ match: z.string(), result: z.object({ text: z.string() }) }),
  }),
]);

const link = z.object({ title: z.string(), url: z.string() });

const fieldConfig = z.object({
  defaults: z.object({
    unit: z.string().optional(),
    mappings: z.array(mapping).optional(),
    links: z.array(link).optional(),
  }),
  overrides: z.array(
    z.object({
      matcher: z.object({ id: z.string(), options: z.string() }),
      properties: z.array(z.object({ id: z.string(), value: z.unknown() })),
    }),
  ),
});

const transformation = z.object({ id: z.string(), options: z.record(z.string(), z.unknown()) });

const gridPos = z.object({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) });

const panel = z.object({
  id: z.int().min(1),
  type: z.enum(["stat", "table", "timeseries", "state-timeline", "heatmap"]),
  title: z.string(),
  description: z.string(),
  datasource,
  gridPos,
  targets: z.array(target),
  fieldConfig,
  links: z.array(link).optional(),
  transformations: z.array(transformation).optional(),
});

const row = z.object({
  id: z.int().min(1),
  type: z.literal("row"),
  title: z.string(),
  collapsed: z.boolean(),
  repeat: z.string().optional(),
  gridPos,
  panels: z.array(panel),
});

const variable = z.object({
  name: z.string(),
  label: z.string(),
  type: z.enum(["datasource", "query", "textbox"]),
  query: z.union([z.string(), z.object({ query: z.string() })]),
  datasource: datasource.optional(),
  refresh: z.int().optional(),
});

const dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  description: z.string(),
  editable: z.boolean(),
  schemaVersion: z.literal(42),
  refresh: z.string(),
  time: z.object({ from: z.string(), to: z.string() }),
  templating: z.object({ list: z.array(variable) }),
  annotations: z.object({ list: z.array(z.object({ name: z.string(), expr: z.string() })).optional() }),
  links: z.array(link),
  panels: z.array(z.union([row, panel])),
});

type DashboardModel = z.infer<typeof dashboard>;
export type PanelModel = z.infer<typeof panel>;
export type TargetModel = z.infer<typeof target>;
export type VariableModel = z.infer<typeof variable>;
export type MappingModel = z.infer<typeof mapping>;

export interface ReadDashboard {
  readonly file: string;
  readonly model: DashboardModel;
  /** Every panel, those of collapsed rows included, without the rows. */
  readonly panels: readonly PanelModel[];
}

export const mappingList = z.array(mapping);

function readDashboard(file: string, json: string): ReadDashboard {
  const model = dashboard.parse(JSON.parse(json));
  return { file, model, panels: model.panels.flatMap((each) => (each.type === "row" ? each.panels : [each])) };
}

export function readDashboards(): readonly ReadDashboard[] {
  return renderDashboards().map(({ file, json }) => readDashboard(file, json));
}

/** The promql of a query variable. */
export function queryOf(of: VariableModel): string {
  return typeof of.query === "string" ? of.query : of.query.query;
}

/** Field names that the transformations of a panel rely on. */
export function fieldsNamedBy(of: PanelModel): readonly string[] {
  return (of.transformations ?? []).flatMap(({ id, options }) => {
    if (id === "filterFieldsByName") return filterOptions.parse(options).include.names;
    if (id === "groupingToMatrix") {
      const { columnField, rowField, valueField } = matrixOptions.parse(options);
      return [columnField, rowField, valueField];
    }
    return [];
  });
}

/** Headings that a table gives to its fields. */
export function headingsOf(of: PanelModel): readonly string[] {
  return (of.transformations ?? []).flatMap(({ id, options }) =>
    id === "organize" ? Object.values(organizeOptions.parse(options).renameByName) : [],
  );
}

/** Labels that a legend names as {{label}}. */
export function labelsOfLegend(legend: string): readonly string[] {
  return [...legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label = ""]) => label);
}

const filterOptions = z.object({ include: z.object({ names: z.array(z.string()) }) });
const matrixOptions = z.object({ columnField: z.string(), rowField: z.string(), valueField: z.string() });
const organizeOptions = z.object({ renameByName: z.record(z.string(), z.string()) });
