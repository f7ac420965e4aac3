import { describe, expect, it } from "vitest";
import { healthy, packetsLost, serviceWithheld } from "../../agent/lab/network.ts";
import { momentAt, networkIn, story, storyLength, tell } from "../../agent/lab/story.ts";
import { milliseconds, seconds } from "../../agent/lib/duration.ts";

describe("the story", () => {
  it("lasts about a quarter of an hour, one chapter after the other without a gap", () => {
    expect(storyLength).toBe(seconds(930));
    let end = 0;
    for (const chapter of story) {
      expect(chapter.at).toBe(end);
      expect(chapter.duration).toBeGreaterThan(0);
      end = chapter.at + chapter.duration;
    }
  });

  it("begins with at least half a minute in which nothing is broken", () => {
    expect(story[0]?.effects).toEqual([]);
    expect(story[0]?.duration).toBeGreaterThanOrEqual(30);
  });

  it("has every failure it promises, and each of them breaks something", () => {
    const broken = story.filter((c) => c.effects.length > 0);
    const kinds = new Set(broken.map((c) => c.title.split(":")[0]));
    expect(kinds).toEqual(
      new Set([
        "Link failure",
        "BGP reset",
        "Silent loss",
        "Silent blackhole",
        "Latency step",
        "Drain",
        "Prefix leak",
        "Service withdrawn",
        "Global Reach",
        "Monitoring gap",
        "Service failure",
        "Internet dependency",
      ]),
    );
    for (const chapter of broken) expect(networkIn(chapter), chapter.title).not.toEqual(healthy);
  });

  it("leaves the time to clear between two failures", () => {
    const failing = (i: number) => (story[i]?.effects.length ?? 0) > 0;
    const kind = (i: number) => story[i]?.title.split(":")[0];
    for (let i = 1; i < story.length; i++) {
      if (!failing(i) || kind(i) === kind(i - 1)) continue;
      expect(failing(i - 1), story[i]?.title).toBe(false);
      expect(story[i - 1]?.duration, story[i]?.title).toBeGreaterThanOrEqual(30);
    }
  });

  it("repairs at the end of a chapter everything that the chapter broke", () => {
    for (const chapter of story.filter((c) => c.effects.length === 0)) expect(networkIn(chapter)).toEqual(healthy);
  });

  it("repeats", () => {
    for (const at of [0, 62_000, 599_999]) {
      expect(momentAt(milliseconds(at + 3 * storyLength)).chapter).toBe(momentAt(milliseconds(at)).chapter);
    }
    expect(momentAt(storyLength).chapter).toBe(story[0]);
  });

  it("says what happens and how long it goes on", () => {
    expect(tell(seconds(160))).toBe(
      "Silent loss: 12 % of packets on the secondary link of fra-1 vanish; link and BGP stay up (40 s to the next: recovery)",
    );
    expect(tell(milliseconds(199_400))).toContain("(1 s to the next: recovery)");
  });

  it("refuses an effect on what the plan does not have", () => {
    expect(() => packetsLost("fra-9", "azurePrivate", "primary", 1)(healthy)).toThrow("fra-9 azurePrivate primary");
    expect(() => serviceWithheld("ams-1", "microsoft", "primary", "exchange")).toThrow('"exchange"');
  });
});
