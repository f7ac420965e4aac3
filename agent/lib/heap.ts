// How V8 is to treat the heap of an agent. It learns in the first minute which allocations live long, when every
// router is looked over and much waits, and from then on puts all of their kind among the old: there each poll's
// garbage stays, with all that it refers to, until a full collection. Measured with 10,000 routers: the memory of the
// process falls from 880 to 520 MB without this learning.

import { setFlagsFromString } from "node:v8";

/** To be called before anything that allocates much. */
export function treatAllAsShortLived(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
