// Places panels on Grafana's grid of 24 columns. The SDK can do it too, but checks the width only after it
// has placed a panel, and gives neither panels nor rows an id.

import type { Panel, RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";

export const columns = 24;

interface Cell {
  readonly width: number;
  readonly panel: Panel;
}

/** Panels side by side, from the left, all of one height. */
export interface Band {
  readonly height: number;
  readonly cells: readonly Cell[];
}

export interface Section {
  /** Without a title the bands stand at the top, under no row. */
  readonly title?: string;
  readonly collapsed?: boolean;
  /** A template variable; the section is repeated for each of its values. */
  readonly repeat?: string;
  readonly bands: readonly Band[];
}

export function band(height: number, ...cells: Band["cells"]): Band {
  return { height, cells };
}

function placeBand(top: number, { height, cells }: Band): Panel[] {
  let x = 0;
  return cells.map(({ width, panel }) => {
    const gridPos = { x, y: top, w: width, h: height };
    x += width;
    return { ...panel, gridPos };
  });
}

/** Ids follow the order on the page. */
export function layOut(sections: readonly Section[]): (Panel | RowPanel)[] {
  const placed: (Panel | RowPanel)[] = [];
  let y = 0;
  let id = 1;
  for (const section of sections) {
    const row = section.title === undefined ? undefined : { id: id++, y: y++, title: section.title };
    const panels: Panel[] = [];
    for (const each of section.bands) {
      panels.push(...placeBand(y, each).map((panel) => ({ ...panel, id: id++ })));
      y += each.height;
    }
    const collapsed = section.collapsed === true;
    if (row !== undefined) {
      placed.push({
        type: "row",
        id: row.id,
        title: row.title,
        collapsed,
        gridPos: { x: 0, y: row.y, w: columns, h: 1 },
        panels: collapsed ? panels : [],
        ...(section.repeat === undefined ? {} : { repeat: section.repeat }),
      });
    }
    if (!collapsed || row === undefined) placed.push(...panels);
    // Grafana keeps the place of a collapsed row's panels for when it is opened, but draws the row alone.
    if (collapsed && row !== undefined) y = row.y + 1;
  }
  return placed;
}
