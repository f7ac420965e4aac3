// What is answered to which path. Paths are looked up whole: nothing of a request is ever made into
// a file name, or sent back.

import type { Estate } from "../estate/estate.ts";
import type { Judgement } from "../estate/judgement.ts";
import type { PackedText } from "../export/packed-text.ts";
import type { Clock, Instant } from "../lib/clock.ts";
import type { Snapshot } from "../state/state.ts";
import { type Health, healthOf, readinessOf } from "./health.ts";
import { renderPage } from "./page.ts";
import { statusOf } from "./status.ts";

export interface RouteDeps {
  readonly estate: Estate;
  readonly metrics: { readonly contentType: string; render(): Promise<PackedText> };
  readonly judgement: () => Judgement | undefined;
  readonly snapshot: Snapshot;
  readonly clock: Clock;
  readonly version: string;
  /** What the simulated story is doing now; undefined on a real estate. */
  readonly simulation: (() => string) | undefined;
  readonly startedAt: Instant;
}

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | PackedText;
}

/** The files of the page, as text. */
export interface Assets {
  readonly script: string;
  readonly style: string;
}

export type Routes = ReadonlyMap<string, () => Reply | Promise<Reply>>;

export const plainText = "text/plain; charset=utf-8";

export function createRoutes(deps: RouteDeps, assets: Assets): Routes {
  const { estate, metrics, snapshot, clock, startedAt } = deps;
  const status = () => {
    const judgement = deps.judgement();
    return judgement === undefined ? undefined : statusOf(deps, judgement);
  };
  const page = perMoment(deps, () => renderPage(status(), deps.version));
  const json = perMoment(deps, () => JSON.stringify(status() ?? { error: "nothing judged yet" }));
  return new Map<string, () => Reply | Promise<Reply>>([
    ["/", () => ({ status: 200, contentType: "text/html; charset=utf-8", body: page() })],
    ["/status.js", () => ({ status: 200, contentType: "text/javascript; charset=utf-8", body: assets.script })],
    ["/status.css", () => ({ status: 200, contentType: "text/css; charset=utf-8", body: assets.style })],
    ["/metrics", async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.render() })],
    ["/healthz", () => health(healthOf(deps.judgement(), startedAt, clock.now()))],
    ["/readyz", () => health(readinessOf(estate, snapshot, deps.judgement()))],
    [
      "/api/v1/status",
      () => ({
        status: deps.judgement() === undefined ? 503 : 200,
        contentType: "application/json; charset=utf-8",
        body: `${json()}\n`,
      }),
    ],
  ]);
}

function health({ ok, text }: Health): Reply {
  return { status: ok ? 200 : 503, contentType: plainText, body: `${text}\n` };
}

/** Milliseconds for which an answer is good, so that neither many viewers nor a flood draw it over and over. */
const moment = 250;

function perMoment({ judgement, clock }: RouteDeps, draw: () => string): () => string {
  let drawn: { readonly text: string; readonly from: Judgement | undefined; readonly at: Instant } | undefined;
  return () => {
    const from = judgement();
    const at = clock.now();
    if (drawn === undefined || drawn.from !== from || at - drawn.at >= moment) drawn = { text: draw(), from, at };
    return drawn.text;
  };
}
