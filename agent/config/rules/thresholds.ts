import { peeringNames } from "../../estate/estate.ts";
import { parseDuration } from "../../lib/duration.ts";
import type { KeyPath } from "../error.ts";
import { thresholdDefaults } from "../thresholds-schema.ts";
import { parsePercentage } from "../values.ts";
import { probeLists } from "./probes.ts";
import { type ConfigurationDraft, present, type Rule } from "./rule.ts";

type ThresholdsDraft = NonNullable<NonNullable<ConfigurationDraft["thresholds"]>["path"]>;
type Of = "path" | "globalReach";

/** The thresholds that one path or pair adds to those of the estate. */
interface Own {
  readonly path: KeyPath;
  readonly of: Of;
  readonly thresholds: ThresholdsDraft | undefined;
}

function owns(draft: ConfigurationDraft): readonly Own[] {
  const peerings = present(draft.circuits).flatMap(([circuit, entry]) =>
    peeringNames.map(
      (peering): Own => ({
        path: ["circuits", circuit, "peerings", peering, "thresholds"],
        of: "path",
        thresholds: entry.peerings?.[peering]?.thresholds,
      }),
    ),
  );
  const pairs = present(draft.globalReach).map(
    ([name, entry]): Own => ({
      path: ["globalReach", name, "thresholds"],
      of: "globalReach",
      thresholds: entry.thresholds,
    }),
  );
  return [...peerings, ...pairs];
}

const limits = [
  { limit: "loss", parse: parsePercentage },
  { limit: "delay", parse: (text: string): number | undefined => parseDuration(text) },
] as const;

/** A limit that clears above where it fires would fire and clear at once, for ever. */
export const clearIsNotAboveRaise: Rule = ({ draft, report }) => {
  const places: readonly Own[] = [
    ...(["path", "globalReach"] as const).map((of) => ({
      path: ["thresholds", of],
      of,
      thresholds: draft.thresholds?.[of],
    })),
    ...owns(draft),
  ];
  for (const { path, of, thresholds } of places) {
    const isEstate = path[0] === "thresholds";
    for (const { limit, parse } of limits) {
      const here = thresholds?.[limit];
      if (here?.raise === undefined && here?.clear === undefined) continue;
      const estate = isEstate ? undefined : draft.thresholds?.[of]?.[limit];
      const raise = here.raise ?? estate?.raise ?? thresholdDefaults[of][limit].raise;
      const clear = here.clear ?? estate?.clear ?? thresholdDefaults[of][limit].clear;
      const [high, low] = [parse(raise), parse(clear)];
      if (high === undefined || low === undefined || low <= high) continue;
      const from = (key: "raise" | "clear") => {
        if (here[key] !== undefined) return "";
        return estate?.[key] === undefined ? " (the default)" : ` (of thresholds.${of}.${limit})`;
      };
      const problem = `clears below ${clear}${from("clear")}, which is above raise, ${raise}${from("raise")}`;
      const key = here.clear === undefined ? "raise" : "clear";
      report([...path, limit, key], problem, `write a clear of at most ${raise} here`);
    }
  }
};

/** Fewer than this many probes in the window judge nothing. */
const leastProbes = 5;

/** A silence shorter than the pause between two probes would call every pause a failure. */
export const probesAreOftenEnough: Rule = ({ draft, report }) => {
  const fallback = draft.probing?.interval ?? "200ms";
  const check = (path: KeyPath, of: Of, own: ThresholdsDraft | undefined, interval: string) => {
    const every = parseDuration(interval);
    if (every === undefined) return;
    const estate = draft.thresholds?.[of];
    for (const [key, least] of [
      ["silence", 2],
      ["window", leastProbes],
    ] as const) {
      const text = own?.[key] ?? estate?.[key] ?? thresholdDefaults[of][key];
      const span = parseDuration(text);
      if (span === undefined || span >= every * least) continue;
      const problem = `${interval} between probes is too long for a ${key} of ${text}`;
      const place = own?.[key] === undefined || path.at(-1) === "interval" ? path : [...path, key];
      const where = own?.[key] === undefined ? `thresholds.${of}.${key}` : key;
      report(place, problem, `probe at least ${least} times in it: shorten the interval, or lengthen ${where}`);
    }
  };
  check(["probing", "interval"], "path", undefined, fallback);
  check(["probing", "interval"], "globalReach", undefined, fallback);

  const lists = probeLists(draft);
  for (const { path, of, thresholds } of owns(draft)) {
    const parent = path.slice(0, -1);
    const under = lists.filter((list) => parent.every((part, i) => list.path[i] === part) && list.probes.length > 0);
    if (under.length === 0 && thresholds !== undefined) check(path, of, thresholds, fallback);
    for (const { path: listPath, probes } of under) {
      const own = probes.filter(([, { interval }]) => interval !== undefined);
      // The fastest stream counts: a slow one beside it is no harm.
      const fastest = own.toSorted(([, a], [, b]) => span(a.interval) - span(b.interval))[0];
      if (own.length < probes.length || fastest?.[1].interval === undefined) {
        if (thresholds !== undefined) check(path, of, thresholds, fallback);
      } else check([...listPath, fastest[0], "interval"], of, thresholds, fastest[1].interval);
    }
  }
};

const span = (text: string | undefined): number => parseDuration(text ?? "") ?? Number.POSITIVE_INFINITY;
