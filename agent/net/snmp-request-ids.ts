// Request ids: unpredictable, so that nobody can answer in a router's stead without seeing the request, and
// remembered for a while after their request ended, to tell a late answer from an answer to nothing.

import { randomFillSync } from "node:crypto";
import { greatestRequestId, leastRequestId } from "../wire/snmp/request.ts";

export interface RequestIds {
  /** An id that is neither in use nor remembered. */
  next(isInUse: (id: number) => boolean): number;
  /** What a further answer to the id of a request that ended is. */
  end(id: number, later: "duplicate" | "late"): void;
  /** Undefined for an id that was not used, or too long ago. */
  endedAs(id: number): "duplicate" | "late" | undefined;
}

const remembered = 4_096;

/** `random` gives unsigned 32-bit numbers. */
export function createRequestIds(random: () => number = cryptoRandom()): RequestIds {
  let recent = new Map<number, "duplicate" | "late">();
  let older = new Map<number, "duplicate" | "late">();
  const endedAs = (id: number) => recent.get(id) ?? older.get(id);
  return {
    endedAs,
    next(isInUse) {
      for (;;) {
        const id = leastRequestId + (random() % (greatestRequestId - leastRequestId + 1));
        if (!isInUse(id) && endedAs(id) === undefined) return id;
      }
    },
    end(id, later) {
      if (recent.size >= remembered) {
        older = recent;
        recent = new Map();
      }
      recent.set(id, later);
    },
  };
}

/** Fetched in blocks: one call for each id would cost more than encoding the request. */
function cryptoRandom(): () => number {
  const block = new Uint32Array(256);
  let used = block.length;
  return () => {
    if (used === block.length) {
      randomFillSync(block);
      used = 0;
    }
    used += 1;
    return block[used - 1] ?? 0;
  };
}
