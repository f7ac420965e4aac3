// A page with what is emitted on it, as text.

import { allMetrics } from "../../agent/catalog/metrics.ts";
import { createKeptPage } from "../../agent/export/kept-page.ts";
import { packedText } from "../../agent/export/packed-text.ts";
import type { Emit } from "../../agent/export/series.ts";
import { inOne } from "../../agent/lib/slices.ts";
import { textOf } from "./packed-text.ts";

export function pageOf(write: (emit: Emit) => Iterable<void> | void): string {
  const pieces = createKeptPage(allMetrics).render((emit) => write(emit) ?? []);
  return textOf(packedText(inOne(pieces)));
}
