import { describe, expect, it } from "vitest";
import type { NeighborState } from "../../agent/estate/link-observation.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { bfdOf, neighborOf } from "../support/link-observations.ts";
import { type Scene, scene } from "./scene.ts";

const router = "ams-ce1";
const tells = (bfd: "down" | "up" | "adminDown", neighbor: NeighborState) => (far: string, at: Instant) => [
  bfdOf(router, far, at, { state: bfd, diagnostic: "controlDetectionTimeExpired" }),
  neighborOf(router, far, at, neighbor),
];

function sessionReason(played: Scene): string {
  return played.path("primary").reasons.find(({ cause }) => cause === "sessionDown")?.evidence ?? "";
}

describe("BFD and the neighbour's entry", () => {
  it("stand in the evidence of a session that is down", () => {
    const s = scene();
    s.primary.session = { state: "idle" };
    s.primary.tells = tells("down", "incomplete");
    s.play(3);
    expect(sessionReason(s)).toContain("its ARP entry is incomplete");
    expect(sessionReason(s)).toContain("BFD is down (controlDetectionTimeExpired)");
    expect(s.path("primary").reasons[0]?.owner).toBe("providerOrMicrosoft");
  });

  it("say nothing when they are well, or not told", () => {
    const s = scene();
    s.primary.session = { state: "idle" };
    s.play(3);
    const without = sessionReason(s);
    s.primary.tells = tells("up", "present");
    s.play(3);
    expect(sessionReason(s)).toBe(without);
    expect(without).not.toMatch(/ARP|BFD/);
  });

  it("never bring a path down by themselves", () => {
    const s = scene();
    s.primary.tells = tells("down", "absent");
    s.play(10);
    expect(s.states("primary").filter((state) => state !== "unknown")).toEqual(["up"]);
  });

  it("are not told of a time that is over", () => {
    const s = scene();
    s.primary.session = { state: "idle" };
    s.primary.tells = tells("down", "absent");
    s.play(3);
    expect(sessionReason(s)).toMatch(/ARP.*BFD/);
    s.primary.tells = () => [];
    s.play(6);
    expect(sessionReason(s)).not.toMatch(/ARP|BFD/);
    expect(s.path("primary").state).toBe("down");
  });
});
