// One failure from injection to recovery: what the fault did by independent looks, what the agent said
// all the while, who was paged, and how long each took.

import { expect } from "vitest";
import type { Failure } from "./failures.ts";
import { differences, type History, type View } from "./history.ts";
import type { Page } from "./http.ts";
import type { Jump } from "./jump.ts";
import type { Measured } from "./report.ts";
import type { CePlan } from "./topology.ts";
import { until } from "./until.ts";

export interface Episode {
  readonly failure: Failure;
  /** The link that is struck. */
  readonly ce: CePlan;
  /** Series and word whose first showing is the detection, and the seconds that it may take. */
  readonly detected: { readonly series: string; readonly word: string; readonly within: number };
  /** Series that must go exactly this way from well to well. */
  readonly courses: Readonly<Record<string, readonly string[]>>;
  /** Series of the struck link that may move on the way. Everything else must not. */
  readonly mayMove: readonly string[];
  /** What the cause must be in the end. */
  readonly cause: string;
  /** The one alert. */
  readonly alert: string;
  readonly alertLabels: Readonly<Record<string, string>>;
  /** Looks at the machine while the failure lasts; throws when it is not as it should be. */
  readonly during: () => Promise<void>;
}

export interface Scene {
  readonly jump: Jump;
  readonly history: History;
  /** Everything watched, when all is well. */
  readonly well: View;
  /** Milliseconds since 1970 at which the episode before ended: nothing may happen in between. */
  readonly from: number;
}

export async function live({ jump, history, well, from }: Scene, episode: Episode): Promise<Measured> {
  const { failure, ce, detected } = episode;
  const firstPage = jump.pager.pages.length;
  const pages = () => jump.pager.pages.slice(firstPage);
  const cause = () => history.latest()[`cause ${ce.link}`];
  const now = () => ({ view: history.latest(), pages: pages().map(nameOf) });

  expect(await failure.proven(), `${failure.name} is there before it was injected`).toBe(false);
  const injectedAt = Date.now();
  await failure.inject();
  let undoneAt: number;
  let detectedAt: number;
  let paged: Page;
  let finalCause: string | undefined;
  try {
    await until(`${failure.name} is proven`, () => failure.proven(), { within: 20_000 });
    detectedAt = await until(
      `${detected.series} is ${detected.word}`,
      () => history.firstAt(detected.series, detected.word, injectedAt),
      { within: 30_000 },
      now,
    );
    paged = await until(
      `a page of ${episode.alert}`,
      () => pages().find((page) => page.status === "firing" && page.labels.alertname === episode.alert),
      { within: 45_000 },
      now,
    );
    finalCause = await until(
      `the cause is ${episode.cause}`,
      () => (cause()?.startsWith(episode.cause) ? cause() : undefined),
      { within: 15_000 },
      now,
    );
    await episode.during();
    expect(await failure.proven(), `${failure.name} is still there`).toBe(true);
  } finally {
    undoneAt = Date.now();
    await failure.undo();
  }
  const wellAt = await until(
    "all is well again",
    () => (differences(history.latest(), well).length === 0 ? Date.now() : undefined),
    { within: 60_000 },
    now,
  );
  const resolved = await until(
    `the resolution of ${episode.alert}`,
    () => pages().find((page) => page.status === "resolved" && page.fingerprint === paged.fingerprint),
    { within: 30_000 },
    now,
  );

  expect(pages().map(nameOf), "exactly one page and its resolution").toEqual([
    `firing ${episode.alert}`,
    `resolved ${episode.alert}`,
  ]);
  expect(paged.labels).toMatchObject(episode.alertLabels);
  const summary = paged.annotations.summary ?? "";
  expect(summary, "the page says where").toContain(episode.alertLabels.router ?? ce.link);
  expectOnly(episode, history, from);
  const seconds = (to: number, since: number) => Math.round((to - since) / 10) / 100;
  const measured: Measured = {
    failure: failure.name,
    state: detected.word,
    stateAfter: seconds(detectedAt, injectedAt),
    pageAfter: seconds(paged.at, injectedAt),
    wellAfter: seconds(wellAt, undoneAt),
    resolvedAfter: seconds(resolved.at, undoneAt),
    cause: finalCause,
    summary,
  };
  expect(measured.stateAfter, `seconds until ${detected.word}`).toBeLessThanOrEqual(detected.within);
  return measured;
}

/** The right series moved, in the right way, and nothing else did. */
function expectOnly({ courses, mayMove }: Episode, history: History, from: number): void {
  const moved = history
    .series(from)
    .filter((series) => !mayMove.includes(series))
    .map((series) => [series, history.course(series, from)] as const)
    .filter(([, course]) => course.length > 1);
  expect(Object.fromEntries(moved)).toEqual(courses);
}

const nameOf = ({ status, labels }: Page) => `${status} ${labels.alertname}`;
