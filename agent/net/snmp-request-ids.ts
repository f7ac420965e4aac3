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

/** The last so many, or up to twice as many: some seconds, as long as answers are ever late, with 10,000 routers. */
const remembered = 16_384;

/** `random` gives unsigned 32-bit numbers. */
export function createRequestIds(random: () => number = cryptoRandom()): RequestIds {
  let recent = createMemory();
  let older = createMemory();
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
      if (recent.size() === remembered) {
        [recent, older] = [older, recent];
        recent.clear();
      }
      recent.add(id, later);
    },
  };
}

/** A hash table that is only added to and cleared, so that remembering leaves no garbage. Half of it stays free. */
function createMemory() {
  const ids = new Int32Array(remembered * 2);
  const late = new Uint8Array(ids.length);
  const mask = ids.length - 1;
  let size = 0;
  const placeOf = (id: number) => {
    let place = id & mask;
    while (ids[place] !== 0 && ids[place] !== id) place = (place + 1) & mask;
    return place;
  };
  return {
    size: () => size,
    get(id: number): "duplicate" | "late" | undefined {
      const place = placeOf(id);
      if (ids[place] !== id) return undefined;
      return late[place] === 1 ? "late" : "duplicate";
    },
    add(id: number, later: "duplicate" | "late"): void {
      const place = placeOf(id);
      if (ids[place] !== id) size += 1;
      ids[place] = id;
      late[place] = later === "late" ? 1 : 0;
    },
    clear(): void {
      ids.fill(0);
      size = 0;
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
