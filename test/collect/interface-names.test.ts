import { describe, expect, it } from "vitest";
import { matchNames } from "../../agent/collect/interface-names.ts";

const rows = (...names: readonly string[]) => names.map((name, i) => ({ ifIndex: i + 1, names: [name] }));

describe("names that a router does not have", () => {
  it("come with those that it has, the likeliest first, and not all of many", () => {
    const many = Array.from({ length: 20 }, (_, i) => `Gi0/0/${i}`);
    const { absent, shown } = matchNames("ce1", ["TenGigabitEthernet0/0/17"], rows("Null", ...many));
    expect(absent).toEqual(["TenGigabitEthernet0/0/17"]);
    expect(shown).toBe("Gi0/0/17, Null, Gi0/0/0, Gi0/0/1, Gi0/0/2, Gi0/0/3, Gi0/0/4, Gi0/0/5 and 13 more");
  });

  it("are no reason to list any where all are found", () => {
    expect(matchNames("ce1", ["er0"], rows("er0", "er1"))).toMatchObject({ absent: [], shown: "" });
  });

  it("are short, whatever a router calls its interfaces", () => {
    expect(matchNames("ce1", ["er0"], rows("x".repeat(500))).shown).toHaveLength(40);
  });
});
