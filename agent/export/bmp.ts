// Series of the BMP station.

import { metrics } from "../catalog/metrics.ts";
import { type Estate, linkNames } from "../estate/estate.ts";
import type { Snapshot } from "../state/state.ts";
import { pathLabels } from "./paths.ts";
import { emitLocRibs } from "./routes.ts";
import type { Emit } from "./series.ts";

/** What the station counts; undefined where none is configured. */
export interface BmpTelemetry {
  readonly routers: ReadonlyMap<
    string,
    {
      readonly connected: boolean;
      readonly messages: Readonly<Record<string, number>>;
      readonly peers: number;
      readonly routes: number;
      readonly inDoubt: number;
      readonly leftOut: number;
    }
  >;
  readonly closes: Readonly<Record<string, number>>;
  readonly refused: number;
  readonly doubts: number;
  readonly attributeSets: number;
  readonly memory: number;
  readonly memoryLimit: number;
}

export function emitBmp(
  emit: Emit,
  { routers, circuits, bmp }: Estate,
  snapshot: Snapshot,
  from: BmpTelemetry | undefined,
): void {
  if (from === undefined || bmp === undefined) return;
  const to = metrics.bmp;
  for (const { name, site } of routers.values()) {
    const told = from.routers.get(name);
    if (told === undefined) continue;
    const labels = { router: name, site };
    const connection = snapshot.bmp(name);
    if (bmp.isNamed === true || connection !== undefined) emit(to.connected, labels, told.connected ? 1 : 0);
    for (const [type, n] of Object.entries(told.messages)) emit(to.messages, labels, n, { type });
    emit(to.peers, labels, told.peers);
    emit(to.routes, labels, told.routes);
    emit(to.inDoubt, labels, told.inDoubt);
    emit(to.leftOut, labels, told.leftOut);
    if (connection?.connected) emitLocRibs(emit, labels, connection);
  }
  emitSets(emit, circuits, snapshot);
  emit(to.routeLimit, {}, bmp.routes);
  for (const [reason, n] of Object.entries(from.closes)) emit(to.closes, {}, n, { reason });
  emit(to.refused, {}, from.refused);
  emit(to.doubts, {}, from.doubts);
  emit(to.attributeSets, {}, from.attributeSets);
  emit(to.memory, {}, from.memory);
  emit(to.memoryLimit, {}, from.memoryLimit);
}

function emitSets(emit: Emit, circuits: Estate["circuits"], snapshot: Snapshot): void {
  for (const circuit of circuits.values()) {
    for (const { name, paths } of circuit.peerings) {
      const isTold = linkNames.every((link) => {
        const { router, session } = paths[link];
        return snapshot.bmpPrefixes(router, session.remoteAddress) !== undefined;
      });
      for (const link of linkNames) {
        const { router, session } = paths[link];
        for (const { family, hasDefault } of snapshot.bmpPrefixes(router, session.remoteAddress)?.families ?? []) {
          emit(metrics.bmp.defaultRoute, pathLabels(paths[link]), hasDefault ? 1 : 0, { family });
        }
      }
      for (const { family, missing } of (isTold && snapshot.bmpSets(circuit.name, name)?.families) || []) {
        for (const link of linkNames)
          emit(metrics.bmp.missingPrefixes, pathLabels(paths[link]), missing[link], { family });
      }
    }
  }
}
