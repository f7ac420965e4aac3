// The figures of the windows, for people: as a table on the page, as lines in a ticket.

import { lossWays, type Spread } from "../estate/probe-figures.ts";
import { type Html, html, nothing } from "./html.ts";
import type { ProbeStatus, WindowStatus } from "./probe-status.ts";
import { inMilliseconds, ms, percent } from "./words.ts";

/** Loss is never said without its sample size. */
function lossOf({ loss: { ratio, probes } }: WindowStatus): string {
  return ratio === null ? "–" : `${percent(ratio)} of ${probes}`;
}

function burstsOf({ loss: { bursts, longestBurst } }: WindowStatus): string {
  return bursts === 0 ? "none" : `${bursts}, longest ${longestBurst}`;
}

const figure = (spread: Spread | null, name: "median" | "p95" | "p99" | "max") =>
  spread === null ? "–" : inMilliseconds(spread[name]);

/** Of each stream; where there are several, each table says whose it is. */
export function figuresTables({ who, windows, others }: ProbeStatus, of: string): Html {
  const several = others.length > 0;
  const judging = who === null ? [] : [{ who: `${who}, by which it is judged`, windows }];
  const tables = [...judging, ...others].filter((one) => one.windows.length > 0);
  if (tables.length === 0) return nothing;
  return html`${tables.map((one) => html`${several ? html`<p class="quiet">${one.who}</p>` : nothing}${figuresTable(one.windows, of)}`)}`;
}

function figuresTable(windows: readonly WindowStatus[], of: string): Html {
  return html`<div class="scroll"><table class="figures">
<caption class="hidden">Loss, delay and its variation over the last while, ${of}</caption>
<thead><tr><th scope="col">Last</th><th scope="col">Loss of probes</th><th scope="col">Loss bursts</th><th scope="col">Median ms</th><th scope="col">p95 ms</th><th scope="col">p99 ms</th><th scope="col">Max ms</th><th scope="col"><abbr title="Variation of the delay from one probe to the next (RFC 3393), 95th percentile">ipdv</abbr> p95 ms</th></tr></thead>
<tbody>${windows.map(
    (w) =>
      html`<tr><th scope="row">${w.window}</th><td>${lossOf(w)}${lossWays(w.loss)}</td><td>${burstsOf(w)}</td><td>${figure(w.delay, "median")}</td><td>${figure(w.delay, "p95")}</td><td>${figure(w.delay, "p99")}</td><td>${figure(w.delay, "max")}</td><td>${figure(w.delayVariation, "p95")}</td></tr>`,
  )}</tbody>
</table></div>`;
}

/** In a cell of a matrix: `5m: 0 % of 1490 lost · p99 165 ms`. */
export function cellWords(w: WindowStatus): string {
  const burst = w.loss.bursts === 0 ? "" : `, longest burst ${w.loss.longestBurst}`;
  return `${w.window}: ${lossOf(w)} lost${lossWays(w.loss)}${burst} · p99 ${w.delay === null ? "–" : ms(w.delay.p99)}`;
}

/** `Last 5m`, and all of its figures in one line; `Also 5m` with whose they are, where there are other streams. */
export function windowLines({ windows, others }: ProbeStatus): readonly (readonly [label: string, words: string])[] {
  return [
    ...windows.map((w) => [`Last ${w.window}`, windowWords(w)] as const),
    ...others.flatMap(({ who, windows: of }) =>
      of.map((w) => [`Also ${w.window}`, `${who}: ${windowWords(w)}`] as const),
    ),
  ];
}

function windowWords(w: WindowStatus): string {
  const { delay, delayVariation, late, duplicate, reordered } = w;
  const others = Object.entries({ late, duplicate, reordered }).filter(([, count]) => count > 0);
  return [
    w.loss.ratio === null ? "no probe settled" : `${lossOf(w)} probes lost${lossWays(w.loss)}, bursts ${burstsOf(w)}`,
    ...others.map(([what, count]) => `${count} ${what}`),
    ...(delay === null ? [] : [`round trip of ${delay.samples}: ${spreadWords(delay)}`]),
    ...(delayVariation === null ? [] : [`variation (ipdv) p95 ${ms(delayVariation.p95)}`]),
  ].join("; ");
}

function spreadWords({ min, median, p95, p99, max }: Spread): string {
  return `min ${ms(min)}, median ${ms(median)}, p95 ${ms(p95)}, p99 ${ms(p99)}, max ${ms(max)}`;
}
