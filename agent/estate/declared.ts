// Prefixes that are declared of a peering: what Microsoft is to announce to us over each of its paths, and we to Microsoft.

import type { Subnet } from "./address.ts";

export const pathUses = ["activeActive", "activePassive"] as const;
/** Whether both links carry traffic in normal operation, or the secondary only stands by. */
export type PathUse = (typeof pathUses)[number];

export interface DeclaredPrefixes {
  /** Microsoft announces them: address spaces of virtual networks, prefixes of the other site of a Global Reach. */
  readonly received: readonly Subnet[];
  /** Our routers announce them: prefixes of the site, or the default route. */
  readonly advertised: readonly Subnet[];
  readonly use: PathUse;
}

export const isDefault = ({ length }: Pick<Subnet, "length">) => length === 0;
