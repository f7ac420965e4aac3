// Which of Microsoft's communities a service has, and which both links of a peering are to announce.

import { type Community, communitiesOfHost, parseCommunity } from "../estate/communities.ts";
import type { PeeringName } from "../estate/estate.ts";
import type { ServiceCheck } from "../estate/service.ts";
import type { Configuration } from "./schema.ts";

/** Every text was checked before: one that does not parse is our own bug. */
function read(texts: readonly string[] = []): readonly Community[] {
  return texts.map((text) => {
    const community = parseCommunity(text);
    if (community === undefined) throw new Error(`a community passed its check and cannot be read: ${text}`);
    return community;
  });
}

/** Those written, or what its checks say by the names of Microsoft's hosts. */
export function communitiesOfService(
  { communities, peering }: Configuration["services"][string],
  checks: readonly ServiceCheck[],
): readonly Community[] {
  if (communities !== undefined || peering !== "microsoft") return read(communities);
  return [...new Set(checks.flatMap((check) => communitiesOfHost(hostOf(check))))];
}

function hostOf(check: ServiceCheck): string {
  switch (check.technique) {
    case "tcp":
      return check.host;
    case "http":
      return new URL(check.url).hostname;
    case "dns":
      return check.name;
  }
}

/** What is written of the peering and of its services. A host's name alone is no word that its service is announced there. */
export function expectedCommunities(
  own: readonly string[] | undefined,
  of: { readonly circuit: string; readonly peering: PeeringName },
  { services }: Configuration,
): readonly Community[] {
  const ofServices = Object.values(services).flatMap(({ circuit, peering, communities }) =>
    circuit === of.circuit && peering === of.peering ? (communities ?? []) : [],
  );
  return [...new Set(read([...(own ?? []), ...ofServices]))].toSorted((a, b) => a - b);
}
