// Series of the prefixes that are declared of a path, and of what is noted of it.

import { metrics } from "../catalog/metrics.ts";
import type { PathVerdict } from "../estate/judgement.ts";
import type { Snapshot } from "../state/state.ts";
import type { Emit, LabelText } from "./series.ts";

export function emitRoutes(
  emit: Emit,
  labels: LabelText,
  { path, conditions }: PathVerdict,
  snapshot: Pick<Snapshot, "bmpPrefixes">,
): void {
  const to = metrics.routes;
  for (const { state, effect, cause } of conditions) {
    if (state === "firing" && effect === "none") emit(to.note, labels, 1, { cause });
  }
  const { declared } = path;
  if (declared === undefined) return;
  for (const direction of ["received", "advertised"] as const) {
    emit(to.declared, labels, declared[direction].length, { direction });
  }
  for (const { family, missing } of snapshot.bmpPrefixes(path.router, path.session.remoteAddress)?.families ?? []) {
    const received = missing?.accepted ?? missing?.received;
    if (received !== undefined) emit(to.declaredMissing, labels, received.length, { direction: "received", family });
    const advertised = missing?.advertised;
    if (advertised !== undefined)
      emit(to.declaredMissing, labels, advertised.length, { direction: "advertised", family });
  }
}
