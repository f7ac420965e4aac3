// FRR's recorded stream (test/captures/bmp/): what it says of sessions and routes, against what the routers were told to do.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAttributeSets } from "../../agent/collect/bmp-attributes.ts";
import type { BmpPeer, PeerState } from "../../agent/collect/bmp-peer.ts";
import { bmpMessageKinds, createBmpSession } from "../../agent/collect/bmp-session.ts";
import { createCounters } from "../../agent/lib/counters.ts";
import { shutdownReason } from "../../agent/wire/bgp/notification.ts";
import { recordedMessages } from "../support/bmp-capture.ts";
import { at } from "../support/estate.ts";
import { eventually } from "../support/eventually.ts";
import { msee, type Scene, startScene } from "./bmp-scene.ts";

const messages = recordedMessages();

describe("what FRR told, message by message", () => {
  const sets = createAttributeSets(1 << 20, 1);
  const budget = { most: 1_000, used: 0 };
  const counters = createCounters(bmpMessageKinds);
  const states = new Map<string, PeerState[]>();
  /** Routes of the IPv4 session after each message: before policy, after it, and by prepends. */
  const counts: { readonly pre: number; readonly post: number; readonly prepends: readonly number[] }[] = [];
  const doubted: BmpPeer[] = [];
  const session = createBmpSession({
    sets,
    budget,
    seed: 1,
    messages: counters,
    keepsRoutes: () => true,
    keepsLocRib: true,
    gauged: () => {},
    changed(peer) {
      const before = states.get(peer.address) ?? [];
      if (before.at(-1) !== peer.state()) states.set(peer.address, [...before, peer.state()]);
    },
    routed: () => {},
    doubted: (peer) => doubted.push(peer),
  });
  const faults = messages.map((bytes, i) => session.take(bytes, 0, bytes.length, at(i))).filter(Boolean);

  beforeAll(() => {
    session.close();
    for (const [i, bytes] of messages.entries()) {
      session.take(bytes, 0, bytes.length, at(i));
      const peer = session.peerAt(msee.address);
      const [pre, post] = [peer?.view("inPre")?.ipv4, peer?.view("inPost")?.ipv4];
      counts.push({ pre: pre?.table.size() ?? 0, post: post?.table.size() ?? 0, prepends: [...(pre?.prepends ?? [])] });
    }
  });

  it("was read without a fault", () => {
    expect(faults).toEqual([]);
    expect(doubted).toEqual([]);
    expect(session.sysDescr()).toBe("FRRouting 8.4.4");
    expect(session.sysName()).toBe("r");
  });

  it("has the session down, up, shut by its far end, up, and gone with the link, each once", () => {
    const story = (states.get(msee.address) ?? []).slice(0, 5);
    expect(story.map((state) => (state.kind === "down" ? state.down.reason : state.kind))).toEqual([
      "localFsmEvent",
      "up",
      "remoteNotification",
      "up",
      "localFsmEvent",
    ]);
    expect(story[1]).toMatchObject({ localAsn: 65010, holdTime: 180 });
    const shut = story[2]?.kind === "down" ? story[2].down.notification : undefined;
    expect(shut && [shut.code, shut.subcode, shutdownReason(shut)]).toEqual([6, 2, "planned work 4711"]);
    expect(story[4]).toMatchObject({ down: { fsmEvent: 18 } });
  });

  it("has as many prefixes as FRR announced, with how often 12076 stands in front", () => {
    // 0/0, 10.10/16 (our own, looped), 10.20/16 (prepended twice), 10.30/16, 10.70.1/25, 10.80/15, 10.80.4/24, 10.81.4/24.
    const most = counts.find(({ pre }) => pre === 8);
    expect(Math.max(...counts.map(({ pre }) => pre))).toBe(8);
    expect(most?.prepends.slice(0, 5)).toEqual([0, 7, 0, 1, 0]);
    // The looped one is not accepted, and of the two paths for 10.30/16 one is told.
    expect(Math.max(...counts.map(({ post }) => post))).toBe(7);
    // When the session was up again, 10.70.1/25 was not there any more.
    const downAt = counts.findLastIndex(({ pre }) => pre > 0);
    expect(counts[downAt]).toMatchObject({ pre: 7, post: 6 });
    expect(counts.at(-1)).toMatchObject({ pre: 0, post: 0 });
  });

  it("leaves nothing behind", () => {
    session.close();
    expect([budget.used, sets.size(), sets.memory()]).toEqual([0, 0, 0]);
  });
});

describe("the station", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene();
  });
  afterAll(() => scene.stop());

  it("takes the stream from a socket", async () => {
    const router = await scene.connect("ams-ce1");
    router.send(...messages);
    router.socket.end();
    await eventually("the stream has ended", () => scene.state.bmp("ams-ce1")?.connected === false);
    expect(scene.station.read()).toMatchObject({ closes: { malformed: 0, ended: 1 }, doubts: 0, attributeSets: 0 });
    const told = scene.station.read()?.routers.get("ams-ce1")?.messages;
    expect(told).toMatchObject({ initiation: 1, peerUp: 4, unknownType: 0 });
    expect(Object.values(told ?? {}).reduce((sum, n) => sum + n, 0)).toBe(messages.length);
  });
});
