// Routes counted by the communities that Microsoft gave them, as routes come and go. A set of attributes has the numbers of
// its communities beside it, so that a route costs one addition for each, and a number stays what it is for good.

import type { CommunityRoutes } from "../estate/bmp-observation.ts";
import { type Community, isMicrosofts, isNamed, namedCommunities } from "../estate/communities.ts";

/** Communities without a name in the catalogue that are told apart, of all routers. */
const mostUnnamed = 512;

/** The number of routes whose communities are not known, and of those with a community that there was no number for. */
export const unread: readonly number[] = [0];
const unnumbered = 1;
const firstOwn = 2;

/** Octets that the counts of one table take at most. */
export const communityOctets = 4 * 2 * (firstOwn + namedCommunities.length + mostUnnamed);

const none: readonly number[] = [];

export interface CommunityNumbers {
  /** Of those that are Microsoft's, each once. */
  of(communities: readonly Community[]): readonly number[];
  /** Undefined of the first two numbers. */
  community(number: number): Community | undefined;
}

export function createCommunityNumbers(): CommunityNumbers {
  const numbers = new Map<Community, number>();
  const communities: Community[] = [];
  let unnamed = 0;

  /** Given in the order of their coming, so that counts are short where few are seen. */
  function numberOf(community: Community): number {
    const known = numbers.get(community);
    if (known !== undefined) return known;
    if (!isNamed(community)) {
      if (unnamed >= mostUnnamed) return unnumbered;
      unnamed += 1;
    }
    const number = firstOwn + communities.length;
    communities.push(community);
    numbers.set(community, number);
    return number;
  }

  return {
    of(all) {
      const own = all.filter(isMicrosofts);
      return own.length === 0 ? none : [...new Set(own.map(numberOf))];
    },
    community: (number) => communities[number - firstOwn],
  };
}

export interface CommunityCounts {
  count(numbers: readonly number[], change: 1 | -1): void;
  read(): CommunityRoutes;
  memory(): number;
}

export function createCommunityCounts({ community }: Pick<CommunityNumbers, "community">): CommunityCounts {
  let counts = new Uint32Array(0);
  return {
    count(numbers, change) {
      for (const number of numbers) {
        if (number >= counts.length) {
          const larger = new Uint32Array(2 * (number + 1));
          larger.set(counts);
          counts = larger;
        }
        counts[number] = (counts[number] ?? 0) + change;
      }
    },
    read() {
      const routes = new Map<Community, number>();
      counts.forEach((n, number) => {
        const of = n === 0 ? undefined : community(number);
        if (of !== undefined) routes.set(of, n);
      });
      return { routes, unnumbered: counts[unnumbered] ?? 0, unread: counts[0] ?? 0 };
    },
    memory: () => counts.byteLength,
  };
}
