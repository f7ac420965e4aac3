// Routes counted by community: over any history as somebody counts who looks through all of them, and as the station tells.

import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { createAttributeSets } from "../../agent/collect/bmp-attributes.ts";
import { communityOctets, createCommunityCounts, createCommunityNumbers } from "../../agent/collect/bmp-communities.ts";
import type { CommunityRoutes } from "../../agent/estate/bmp-observation.ts";
import { type Community, namedCommunities } from "../../agent/estate/communities.ts";
import { createUpdateLayout, readUpdate } from "../../agent/wire/bgp/update.ts";
import * as w from "../support/bmp.ts";
import { eventually } from "../support/eventually.ts";
import { counted, msee, opens, type Scene, startScene } from "./bmp-scene.ts";

const of = (low: number): Community => 12076 * 65_536 + low;
const [exchange, sharePoint, storage, custom] = [of(5010), of(5020), of(52_002), of(20_001)];
const foreign = 65_010 * 65_536 + 5_010;
const post = { ...msee, flags: w.postPolicy };

let scene: Scene | undefined;
afterEach(() => scene?.stop());

const prefixOf = (n: number) => w.prefix(`10.${n >> 8}.${n & 255}.0/24`);
const announced = (n: number, communities: readonly Community[], peer: w.Peer = msee) =>
  w.routeMonitoring(peer, {
    attributes: [
      w.origin(0),
      w.sequence(12076),
      w.nextHop("172.16.0.2"),
      ...(communities.length === 0 ? [] : [w.communities(...communities)]),
    ],
    nlri: [prefixOf(n)],
  });
const withdrawn = (n: number, peer: w.Peer = msee) => w.routeMonitoring(peer, { withdrawn: [prefixOf(n)] });

async function told(...messages: readonly Uint8Array[]): Promise<Scene> {
  scene = await startScene();
  const router = await scene.connect("ams-ce1");
  router.send(w.initiation("ce1", ""), w.peerUp(msee, opens()), ...messages);
  return scene;
}
const seen = (of: Scene) => counted(of, "ams-ce1", msee.address)?.[0]?.communities;
const only = (routes: Readonly<Record<number, number>>): CommunityRoutes => ({
  routes: new Map(Object.entries(routes).map(([community, n]) => [Number(community), n])),
  unnumbered: 0,
  unread: 0,
});

describe("the station", () => {
  it("counts prefixes by Microsoft's communities, in each view, and nobody else's", async () => {
    const s = await told(
      announced(1, [exchange, foreign]),
      announced(2, [exchange, storage]),
      announced(3, [sharePoint, sharePoint]),
      announced(4, [custom]),
      announced(5, []),
      announced(2, [storage], post),
    );
    await eventually("they are counted", () => seen(s)?.accepted !== undefined);
    expect(seen(s)).toEqual({
      received: only({ [exchange]: 2, [storage]: 1, [sharePoint]: 1, [custom]: 1 }),
      accepted: only({ [storage]: 1 }),
    });
  });

  it("follows what is announced again with others, and what is withdrawn", async () => {
    const s = await told(
      announced(1, [exchange]),
      announced(2, [exchange]),
      announced(1, [sharePoint]),
      announced(1, [sharePoint]),
      withdrawn(2),
      withdrawn(2),
    );
    await eventually("they are counted", () => seen(s)?.received?.routes.get(sharePoint) === 1);
    expect(seen(s)).toEqual({ received: only({ [sharePoint]: 1 }), accepted: undefined });
  });

  it("begins anew when the session does", async () => {
    const s = await told(announced(1, [exchange]), w.peerUp(msee, opens()), announced(2, [sharePoint]));
    await eventually("they are counted", () => seen(s)?.received?.routes.get(sharePoint) === 1);
    expect(seen(s)?.received).toEqual(only({ [sharePoint]: 1 }));
  });

  it("says how many routes have communities that cannot be read, and how many have some beyond the 512 without a name", async () => {
    const unreadable = { attributes: [w.attribute(2, Uint8Array.of(9, 9)), w.communities(exchange)] };
    const many = Array.from({ length: 600 }, (_, i) => of(i));
    const s = await told(
      w.routeMonitoring(msee, { ...unreadable, nlri: [prefixOf(1)] }),
      announced(2, many),
      announced(3, [of(700)]),
      announced(4, [of(700), exchange]),
    );
    await eventually("they are counted", () => seen(s)?.received?.routes.get(exchange) === 1);
    // Of the 600, those beyond the room are one route together, as are the two others.
    expect(seen(s)?.received).toMatchObject({ unnumbered: 3, unread: 1 });
    expect(seen(s)?.received?.routes.size).toBe(512 + 1);
  });

  it("keeps its promise of memory with every community that there is", async () => {
    const everyone = Array.from({ length: 70 }, (_, i) =>
      announced(
        i,
        Array.from({ length: 950 }, (_, j) => of(i * 950 + j)).filter((one) => one <= of(65_535)),
      ),
    );
    const s = await told(...everyone);
    await eventually("they are counted", () => (seen(s)?.received?.routes.size ?? 0) === 512 + namedCommunities.length);
    const { memory, memoryLimit } = s.station.read() ?? { memory: Number.NaN, memoryLimit: Number.NaN };
    expect(memory).toBeLessThan(memoryLimit);
  });
});

describe("the counts", () => {
  const communities = fc.array(fc.constantFrom(exchange, sharePoint, storage, custom, of(0), of(65_535), foreign), {
    maxLength: 4,
  });

  it("are those of somebody who looks through all routes, over any history", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.option(communities)), { maxLength: 60 }), (steps) => {
        const numbers = createCommunityNumbers();
        const counts = createCommunityCounts(numbers);
        const routes = new Map<number, readonly Community[]>();
        for (const [route, next] of steps) {
          const before = routes.get(route);
          if (before !== undefined) counts.count(numbers.of(before), -1);
          if (next === null) routes.delete(route);
          else {
            counts.count(numbers.of(next), 1);
            routes.set(route, next);
          }
        }
        const naive = new Map<Community, number>();
        for (const all of routes.values())
          for (const one of new Set(all)) if (one !== foreign) naive.set(one, (naive.get(one) ?? 0) + 1);
        expect(counts.read()).toEqual({ routes: naive, unnumbered: 0, unread: 0 });
        expect(counts.memory()).toBeLessThanOrEqual(communityOctets);
      }),
    );
  });

  it("of a set stay what they are when the set comes again after the room is gone", () => {
    const numbers = createCommunityNumbers();
    const early = numbers.of([custom]);
    for (let i = 0; i < 600; i++) numbers.of([of(i)]);
    expect(numbers.of([custom])).toEqual(early);
    expect(numbers.of([of(599)])).toEqual(numbers.of([of(598)]));
    // Those with a name always have a place.
    const counts = createCommunityCounts(numbers);
    counts.count(numbers.of([exchange]), 1);
    expect(counts.read().routes).toEqual(new Map([[exchange, 1]]));
  });

  it("take more memory of a set that has some, as it is counted", () => {
    const sizes = [[], [exchange], [exchange, storage]].map((all) => {
      const sets = createAttributeSets(1 << 20, 7);
      const message = w.update({ attributes: [w.origin(0), w.communities(...all)], nlri: [prefixOf(1)] });
      const layout = createUpdateLayout();
      expect(readUpdate(message, 0, message.length, () => false, layout)).toBeUndefined();
      const id = sets.take(message, layout, 4);
      const taken = sets.memory();
      sets.release(id);
      expect(sets.memory()).toBe(0);
      return taken;
    });
    expect(sizes.map((size, i) => size - (sizes[i - 1] ?? size))).toEqual([0, 56 + 8 + 4, 8 + 4]);
  });
});
