// What the ports of a simulated router count of Ethernet's own errors: dot3StatsTable (RFC 3635). Nothing in the story damages
// a frame, so that they stand at zero; both ends of each port speak full duplex.

import { type Oid, oid } from "../wire/snmp/oid.ts";
import { columns, counter32, type Instance, integer } from "./instances.ts";
import type { SimulatedInterface } from "./interfaces.ts";

const dot3StatsTable = "1.3.6.1.2.1.10.7.2.1";

/** Its entry. */
export const ethernetTable: Oid = oid(dot3StatsTable);

const none = () => counter32(0);
const fullDuplex = () => integer(3);

export function ethernetRows(interfaces: readonly SimulatedInterface[]): readonly Instance[] {
  return interfaces
    .filter(({ connector }) => connector)
    .flatMap(({ index }) =>
      columns(dot3StatsTable, [index], {
        2: none,
        3: none,
        8: none,
        10: none,
        13: none,
        16: none,
        18: none,
        19: fullDuplex,
      }),
    );
}
