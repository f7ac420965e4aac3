// What a path announces, by Microsoft's communities, in the status and in words.

import { nameOfCommunity } from "../estate/communities.ts";
import { type Estate, type LinkName, linkNames } from "../estate/estate.ts";
import type { PathVerdict } from "../estate/judgement.ts";
import type { Service } from "../estate/service.ts";
import { type ShownCommunity, shownCommunities } from "../export/communities.ts";
import { announcedOver } from "../state/communities.ts";
import type { Snapshot } from "../state/state.ts";

export interface CommunityStatus extends Pick<ShownCommunity, "family" | "view" | "prefixes"> {
  /** Of the catalogue, or `12076:N`; `other`: all further ones together. */
  readonly service: string;
  /** Empty where it is of no region. */
  readonly region: string;
  /** `Exchange Online (12076:5010)`. */
  readonly name: string;
}

export function communityStatuses(
  verdict: PathVerdict,
  estate: Estate,
  snapshot: Snapshot,
): readonly CommunityStatus[] {
  return shownCommunities(verdict, estate, snapshot).map(({ community, ...counted }) => {
    if (community === undefined) return { ...counted, service: "other", region: "", name: "others" };
    const { service, region, words } = nameOfCommunity(community);
    return { ...counted, service, region, name: words };
  });
}

/** How many are written in a line. */
const mostInLine = 12;

/** The line of one path: before policy where that is told. Undefined: nothing to say. */
export function communityWords(statuses: readonly CommunityStatus[]): string | undefined {
  const parts = (["ipv4", "ipv6"] as const).flatMap((family) => {
    const own = statuses.filter((one) => one.family === family);
    const received = own.filter(({ view }) => view === "received");
    const told = received.length > 0 ? received : own;
    if (told.length === 0) return [];
    const some = told.slice(0, mostInLine).map(({ name, prefixes }) => `${name} ${prefixes}`);
    const more = told.length > mostInLine ? ` and ${told.length - mostInLine} more` : "";
    return [`${family} ${some.join(", ")}${more}`];
  });
  return parts.length === 0 ? undefined : parts.join("; ");
}

/** Whether each link announces what a service is reached by: its prefixes now, null where no BMP tells it. */
export interface AnnouncedStatus {
  readonly name: string;
  readonly prefixes: Readonly<Record<LinkName, number | null>>;
}

export function announcedStatuses(
  { circuit, peering, communities = [] }: Service,
  { circuits }: Pick<Estate, "circuits">,
  snapshot: Snapshot,
): readonly AnnouncedStatus[] {
  if (communities.length === 0) return [];
  const paths = circuits.get(circuit)?.peerings.find(({ name }) => name === peering)?.paths;
  const told = linkNames.map((link) => [link, paths && announcedOver(paths[link], snapshot)] as const);
  return communities.map((community) => {
    const countOf = (of: ReturnType<typeof announcedOver>) => {
      const count = of?.routes.get(community) ?? 0;
      // Prefixes that cannot be told apart may be of it.
      return of === undefined || (count === 0 && of.unread + of.unnumbered > 0) ? null : count;
    };
    const prefixes = Object.fromEntries(told.map(([link, of]) => [link, countOf(of)]));
    return { name: nameOfCommunity(community).words, prefixes: prefixes as AnnouncedStatus["prefixes"] };
  });
}

export function announcedWords({ name, prefixes }: AnnouncedStatus): string {
  const words = linkNames.map((link) => {
    const count = prefixes[link];
    return `${link} ${count === null ? "not known" : count === 0 ? "not announced" : `${count} prefixes`}`;
  });
  return `${name}: ${words.join(", ")}`;
}
