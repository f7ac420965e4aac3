import { describe, expect, it } from "vitest";
import { edited, errorsOf, estateOf, estateYaml } from "./estate-yaml.ts";

const withSessions = (text: string) => edited(["site: ams\nsnmp:", `site: ams\nsessions: ${text}\nsnmp:`]);

describe("what is expected of sessions", () => {
  it("is a detection within 30 s and fewer than three drops in ten minutes, where the file says nothing", () => {
    expect(estateOf(estateYaml).sessions).toEqual({
      slowestDetection: 30_000,
      flapping: { drops: 3, within: 600_000, quiet: 900_000 },
    });
    expect(estateOf(withSessions("{ slowestDetection: 180s, flapping: { drops: 5, quiet: 1h } }")).sessions).toEqual({
      slowestDetection: 180_000,
      flapping: { drops: 5, within: 600_000, quiet: 3_600_000 },
    });
  });

  it.each([
    ["{ flapping: { drops: 1 } }", "sessions.flapping.drops"],
    ["{ flapping: { within: 2h } }", "sessions.flapping.within"],
    ["{ slowestDetection: soon }", "sessions.slowestDetection"],
    ["{ flaps: 3 }", "sessions.flaps"],
  ])("%s is refused", (text, key) => {
    expect(errorsOf(withSessions(text))).toMatchObject([expect.stringContaining(key)]);
  });
});
