// Estates of which prefixes are declared.

import { parseSubnet, type Subnet } from "../../agent/estate/address.ts";
import type { PathUse } from "../../agent/estate/declared.ts";
import type { Estate } from "../../agent/estate/estate.ts";

export function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  if (!parsed.ok) throw new Error(`${text} is no subnet`);
  return parsed.value;
}

/** The estate with these prefixes declared of each of its peerings. */
export function declaring(
  estate: Estate,
  received: readonly string[],
  { advertised = [], use = "activeActive" }: { readonly advertised?: readonly string[]; readonly use?: PathUse } = {},
): Estate {
  const declared = { received: received.map(subnet), advertised: advertised.map(subnet), use };
  const circuits = [...estate.circuits].map(([name, circuit]) => {
    const peerings = circuit.peerings.map((peering) => {
      const { primary, secondary } = peering.paths;
      return { ...peering, paths: { primary: { ...primary, declared }, secondary: { ...secondary, declared } } };
    });
    return [name, { ...circuit, peerings }] as const;
  });
  return { ...estate, circuits: new Map(circuits) };
}
