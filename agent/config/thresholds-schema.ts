// Limits of paths and of Global Reach pairs: those of the estate, and those of one peering or pair.

import { keys } from "./keys.ts";
import * as s from "./scalars.ts";

const thresholdSpan = { least: "100ms", most: "1h" };

const limitOf = (what: string, value: typeof s.percentage, example: string, lower: string) => ({
  raise: value({ is: `${what} at or above this, for as long as \`for\` says, is degraded.`, example }),
  clear: value({
    is: `${what} below this ends it; at most raise, so that a value at the limit does not flap.`,
    example: lower,
  }),
  for: s.duration({ is: "How long it must last before it counts.", example: "3s", least: "0s", most: "1h" }),
});

const lossLimit = limitOf("Loss", s.percentage, "5%", "2%");
const delayLimit = limitOf(
  "Median round-trip delay",
  (described) => s.duration({ ...described, least: "0.1ms", most: "10s" }),
  "100ms",
  "80ms",
);

const spans = {
  silence: s.duration({
    is: "No probe answered for this long, though they were before: down.",
    example: "2s",
    ...thresholdSpan,
  }),
  window: s.duration({ is: "Loss and delay are judged over this much of the past.", example: "10s", ...thresholdSpan }),
  keepFiringFor: s.duration({
    is: "A condition that ended keeps firing this long, so that a flap is one page.",
    example: "10s",
    least: "0s",
    most: "1h",
  }),
};

const lossIs = "Limit on the loss of probes.";
const delayIs = "Limit on the median round-trip delay.";

/** Limits of one path or pair: what is absent is taken from the estate's. */
export const ownThresholds = keys(
  {
    loss: keys(
      { raise: lossLimit.raise.optional(), clear: lossLimit.clear.optional(), for: lossLimit.for.optional() },
      { is: lossIs },
    ).optional(),
    delay: keys(
      { raise: delayLimit.raise.optional(), clear: delayLimit.clear.optional(), for: delayLimit.for.optional() },
      { is: delayIs },
    ).optional(),
    silence: spans.silence.optional(),
    window: spans.window.optional(),
    keepFiringFor: spans.keepFiringFor.optional(),
  },
  { is: "Limits of its own; each that is absent is taken from the top-level thresholds." },
);

const commonDefaults = {
  loss: { raise: "5%", clear: "2%", for: "3s" },
  silence: "2s",
  window: "10s",
  keepFiringFor: "10s",
} as const;

export const thresholdDefaults = {
  path: { ...commonDefaults, delay: { raise: "100ms", clear: "80ms", for: "5s" } },
  globalReach: { ...commonDefaults, delay: { raise: "300ms", clear: "250ms", for: "5s" } },
} as const;

export const estateThresholds = (
  is: string,
  { loss, delay, ...rest }: (typeof thresholdDefaults)[keyof typeof thresholdDefaults],
) =>
  keys(
    {
      loss: keys(
        {
          raise: lossLimit.raise.default(loss.raise),
          clear: lossLimit.clear.default(loss.clear),
          for: lossLimit.for.default(loss.for),
        },
        { is: lossIs },
      ).prefault({}),
      delay: keys(
        {
          raise: delayLimit.raise.default(delay.raise),
          clear: delayLimit.clear.default(delay.clear),
          for: delayLimit.for.default(delay.for),
        },
        { is: delayIs },
      ).prefault({}),
      silence: spans.silence.default(rest.silence),
      window: spans.window.default(rest.window),
      keepFiringFor: spans.keepFiringFor.default(rest.keepFiringFor),
    },
    { is },
  ).prefault({});
