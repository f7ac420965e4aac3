// Tables, and the columns that mean the same in each of them.

import {
  FieldTextAlignment,
  type TableAutoCellOptions,
  TableCellBackgroundDisplayMode,
  TableCellDisplayMode,
  TableCellHeight,
  type TableColoredBackgroundCellOptions,
} from "@grafana/grafana-foundation-sdk/common";
import type { DynamicConfigValue } from "@grafana/grafana-foundation-sdk/dashboard";
import type { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { colour, mappings } from "./palette.ts";
import { byThreshold, plain, steps, type Words } from "./panels.ts";
import { datasource, targets } from "./promql.ts";

export type { TableBuilder };

const auto: TableAutoCellOptions = { type: TableCellDisplayMode.Auto };

export const coloured: TableColoredBackgroundCellOptions = {
  type: TableCellDisplayMode.ColorBackground,
  mode: TableCellBackgroundDisplayMode.Basic,
};

/** The rows of several queries about the same subjects, as one. */
export const merged = { id: "merge", options: {} } as const;

export function table(words: Words, queries: readonly DataqueryBuilder[]): TableBuilder {
  return new TableBuilder()
    .title(words.title)
    .description(words.description)
    .datasource(datasource)
    .targets(targets(queries))
    .unit("none")
    .thresholds(plain())
    .colorScheme(byThreshold())
    .cellOptions(auto)
    .cellHeight(TableCellHeight.Sm)
    .minWidth(80)
    .align(FieldTextAlignment.Left)
    .showHeader(true);
}

/** Columns of a table, in their order: field name to heading. Everything else is hidden. */
export function withColumns(panel: TableBuilder, headings: Readonly<Record<string, string>>): TableBuilder {
  const names = Object.keys(headings);
  return panel.withTransformation({ id: "filterFieldsByName", options: { include: { names } } }).withTransformation({
    id: "organize",
    options: {
      excludeByName: {},
      includeByName: {},
      indexByName: Object.fromEntries(names.map((name, index) => [name, index])),
      renameByName: headings,
    },
  });
}

const cell = (value: unknown): DynamicConfigValue => ({ id: "custom.cellOptions", value });
const unit = (value: string): DynamicConfigValue => ({ id: "unit", value });
const mapped = (value: unknown): DynamicConfigValue => ({ id: "mappings", value });

export const plainCell = cell(auto);

/** Of a column, in pixels. */
export const width = (pixels: number): DynamicConfigValue => ({ id: "custom.width", value: pixels });

export const stateColumn: DynamicConfigValue[] = [
  mapped(mappings.pathState),
  cell(coloured),
  { id: "custom.align", value: FieldTextAlignment.Center },
  width(100),
];
export const causeColumn: DynamicConfigValue[] = [mapped(mappings.cause), width(300)];
export const serviceCauseColumn: DynamicConfigValue[] = [mapped(mappings.anyCause), width(220)];
export const noticedColumn: DynamicConfigValue[] = [mapped(mappings.noticed), width(430)];
export const isolationColumn: DynamicConfigValue[] = [mapped(mappings.isolationCause)];
export const witnessColumn: DynamicConfigValue[] = [mapped(mappings.witness)];
export const connectedColumn: DynamicConfigValue[] = [
  mapped(mappings.connected),
  cell(coloured),
  { id: "custom.align", value: FieldTextAlignment.Center },
  width(140),
];
const asState = (mappingsOf: unknown): DynamicConfigValue[] => [
  mapped(mappingsOf),
  cell(coloured),
  { id: "custom.align", value: FieldTextAlignment.Center },
  width(120),
];
export const shutColumn = asState(mappings.shut);
export const adminColumn = asState(mappings.adminStatus);
export const duplexColumn = asState(mappings.duplex);
export const runningColumn = asState(mappings.running);
export const answeredColumn = asState(mappings.answered);
export const checkedColumn = asState(mappings.checked);
export const answersColumn = asState(mappings.answers);
export const presentColumn: DynamicConfigValue[] = [mapped(mappings.present)];

const colouredFrom = (...at: Parameters<typeof steps>[0]): DynamicConfigValue[] => [
  { id: "thresholds", value: steps(at).build() },
  cell(coloured),
];
/** A count of which zero alone is right. */
export const wrongCountColumn = colouredFrom({ value: null, color: colour.faint }, { value: 1, color: colour.warning });
/** A count that is a word when it is zero. */
export const goneColumn: DynamicConfigValue[] = [
  mapped(mappings.gone),
  ...colouredFrom({ value: null, color: colour.faint }),
];
export const shareColumn: DynamicConfigValue[] = [unit("percentunit")];
export const delayColumn: DynamicConfigValue[] = [unit("s"), { id: "decimals", value: 2 }];
export const ageColumn: DynamicConfigValue[] = [unit("s"), { id: "decimals", value: 1 }];
export const lightColumn: DynamicConfigValue[] = [unit("dBm"), { id: "decimals", value: 1 }];
export const warmthColumn: DynamicConfigValue[] = [
  unit("celsius"),
  { id: "decimals", value: 0 },
  ...colouredFrom({ value: null, color: colour.faint }, { value: 70, color: colour.warning }),
];
export const ownerColumn: DynamicConfigValue[] = [mapped(mappings.owner), width(160)];
export const forColumn: DynamicConfigValue[] = [unit("dtdurations"), { id: "decimals", value: 0 }, width(150)];
export const sinceColumn: DynamicConfigValue[] = [unit("dateTimeAsIso"), width(170)];
