// The keys of `probing` that say what is reckoned from the probes.

import { describe, expect, it } from "vitest";
import { seconds } from "../../agent/lib/duration.ts";
import { edited, errorsOf, estateOf, estateYaml } from "./estate-yaml.ts";

type Case = readonly [
  title: string,
  edits: readonly (readonly [from: string, to: string])[],
  expected: readonly string[],
];

describe("the windows and buckets of the figures of probes", () => {
  const probing = (text: string) => [["site: ams\nsnmp:", `site: ams\nprobing: { ${text} }\nsnmp:`] as const];

  it("are a minute, five minutes, and delays from below a millisecond to a second, when the file says nothing", () => {
    const { windows, buckets } = estateOf(estateYaml).statistics;
    expect(windows).toEqual([
      { name: "1m", span: seconds(60) },
      { name: "5m", span: seconds(300) },
    ]);
    expect([buckets[0], buckets.at(-1), buckets.length]).toEqual([0.0005, 1, 19]);
  });

  it("are those of the file, in seconds as they read there; or none", () => {
    const given = estateOf(edited(...probing("windows: [90s], buckets: [0.3ms, 7.5ms, 0.1s]"))).statistics;
    expect(given).toEqual({ windows: [{ name: "90s", span: seconds(90) }], buckets: [0.0003, 0.0075, 0.1] });
    expect(estateOf(edited(...probing("windows: [], buckets: []"))).statistics).toEqual({ windows: [], buckets: [] });
  });

  it.each<Case>([
    [
      "the same window twice",
      probing("windows: [1m, 60s]"),
      ["2:26: probing.windows[1]: 60s is as long as 1m; keep one of them"],
    ],
    [
      "more windows than there may be",
      probing("windows: [10s, 20s, 30s, 40s, 50s]"),
      ["2:42: probing.windows[4]: is one of more than 4; remove those that nobody looks at"],
    ],
    [
      "a window that is too short",
      probing("windows: [1s, 1m]"),
      ["2:22: probing.windows[0]: 1s is too short; use 10s or longer"],
    ],
    [
      "buckets out of order",
      probing("buckets: [1ms, 5ms, 2ms]"),
      ["2:32: probing.buckets[2]: 2ms is not above 5ms, which stands before it; write the limits in ascending order"],
    ],
    [
      "a bucket that stands twice",
      probing("buckets: [1ms, 0.001s]"),
      [
        "2:27: probing.buckets[1]: 0.001s is not above 1ms, which stands before it; write the limits in ascending order",
      ],
    ],
    [
      "more buckets than there may be",
      probing(`buckets: [${Array.from({ length: 41 }, (_, i) => `${i + 1}ms`).join(", ")}]`),
      ["2:253: probing.buckets[40]: is one of more than 40; use fewer: each is a series of each path"],
    ],
    [
      "a bucket in seconds without a unit",
      probing("buckets: [0.001]"),
      ["2:22: probing.buckets[0]: 0.001 is not a duration; add the unit: 0.001s, or ms, m, h, d"],
    ],
  ])("says what is wrong with %s", (_, edits, expected) => {
    expect(errorsOf(edited(...edits))).toEqual(expected.map((line) => `estate.yaml:${line}`));
  });
});
