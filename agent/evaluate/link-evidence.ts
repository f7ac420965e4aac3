// What BFD and the neighbour's entry add to the evidence of a session that is down. They never make a verdict:
// many routers show neither, entries outlive their neighbour, and a router may take its BFD session away with BGP.

import { isFresh } from "../estate/freshness.ts";
import type { PathContext } from "./path-checks.ts";

/** Parts of a sentence, each with a comma before it; empty where nothing fresh speaks against the link. */
export function linkEvidence({ path, router, snapshot, now }: PathContext): string {
  const { remoteAddress } = path.session;
  const bfd = snapshot.bfd(router.name, remoteAddress);
  const neighbor = snapshot.neighbor(router.name, remoteAddress);
  const parts: string[] = [];
  if (neighbor !== undefined && neighbor.state !== "present" && isFresh(router, neighbor.at, now, "neighbors")) {
    parts.push(`its ${remoteAddress.includes(":") ? "neighbour discovery" : "ARP"} entry is ${neighbor.state}`);
  }
  if (bfd?.present === true && bfd.state !== "up" && isFresh(router, bfd.at, now, "bfd")) {
    parts.push(`BFD is ${bfd.state}${bfd.diagnostic === undefined ? "" : ` (${bfd.diagnostic})`}`);
  }
  return parts.map((part) => `, ${part}`).join("");
}
