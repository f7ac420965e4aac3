// What is reckoned from the probes besides what is judged, as the configuration file says it.

import { list } from "./keys.ts";
import * as s from "./scalars.ts";

/** Each costs memory for each stream of probes, and series for each path and pair. */
export const mostWindows = 4;
export const mostBuckets = 40;

/** Where the delays of circuits lie: a metro below 1 ms, a region below 10 ms, the other side of the world below 300 ms. */
const defaultBuckets = [
  "0.5ms",
  "1ms",
  "1.5ms",
  "2ms",
  "3ms",
  "5ms",
  "7.5ms",
  "10ms",
  "15ms",
  "20ms",
  "30ms",
  "50ms",
  "75ms",
  "100ms",
  "150ms",
  "200ms",
  "300ms",
  "500ms",
  "1s",
];

/** Keys of `probing`. */
export const statistics = {
  windows: list(s.duration({ is: "A window of the past.", example: "1m", least: "10s", most: "1h" }), {
    is: `Windows over which loss, loss bursts, delay and its variation are shown, beside the threshold window: at most ${mostWindows}, or none. They end now, and are up to a twelfth shorter than they say.`,
    examples: ["[1m, 5m]"],
    json: { maxItems: mostWindows },
  }).default(["1m", "5m"]),
  buckets: list(s.duration({ is: "Upper limit of a bucket.", example: "20ms", least: "0.01ms", most: "10s" }), {
    is: `Upper limits of the buckets of the round-trip delay's histogram, ascending: at most ${mostBuckets}. An empty list: no histogram.`,
    examples: ["[1ms, 2ms, 5ms, 10ms, 20ms, 50ms, 100ms]"],
    json: { maxItems: mostBuckets },
  }).default(defaultBuckets),
};
