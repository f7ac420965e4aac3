import { parseCommunity, peeringOfCommunity } from "../../estate/communities.ts";
import { type PeeringName, peeringNames } from "../../estate/estate.ts";
import { type KeyPath, quote } from "../error.ts";
import { items, present, type Rule } from "./rule.ts";

/** A virtual network is announced over the private peering, and all else over the other. */
export const communitiesFitTheirPeering: Rule = ({ draft, report }) => {
  const check = (path: KeyPath, texts: readonly (string | undefined)[] | undefined, peering: PeeringName) => {
    for (const [i, text] of items(texts)) {
      const community = parseCommunity(text);
      const own = community === undefined ? undefined : peeringOfCommunity(community);
      if (own === undefined || own === peering) continue;
      const fix = `remove it, or write it under ${own}`;
      report([...path, "communities", i], `${quote(text)} is announced over ${own}, never over ${peering}`, fix);
    }
  };
  for (const [name, circuit] of present(draft.circuits)) {
    for (const peering of peeringNames) {
      const path = ["circuits", name, "peerings", peering];
      check(path, circuit.peerings?.[peering]?.communities, peering);
    }
  }
  for (const [name, { communities, peering }] of present(draft.services)) {
    if (peering !== undefined) check(["services", name], communities, peering);
  }
};
