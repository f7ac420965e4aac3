// What the agent said over time: /metrics sampled several times a second, so that a state that was
// shown only for a moment is seen too.

import { metrics } from "../../../agent/catalog/metrics.ts";
import { pathStates, redundancies } from "../../../agent/estate/judgement.ts";

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the text exposition format; comments and lines that are not samples are skipped. */
export function parseMetrics(text: string): readonly Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split("\n")) {
    const [, name, labels = "", value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = "", text = ""]) => [key, text]);
    samples.push({ name, labels: Object.fromEntries(pairs), value: Number(value) });
  }
  return samples;
}

/** The series that are followed, each under a short name, its value as a word. */
const watched: Readonly<Record<string, (sample: Sample) => readonly [series: string, word: string]>> = {
  [metrics.path.state.name]: ({ labels, value }) => [`path ${labels.link}`, pathStates[value] ?? `${value}`],
  [metrics.circuit.redundancy.name]: ({ value }) => ["redundancy", redundancies[value] ?? `${value}`],
  [metrics.router.up.name]: ({ labels, value }) => [`router ${labels.router}`, value === 1 ? "answers" : "silent"],
  [metrics.session.up.name]: ({ labels, value }) => [`session ${labels.link}`, value === 1 ? "up" : "down"],
  [metrics.interface.oper.name]: ({ labels, value }) => [`interface ${labels.link}`, value === 1 ? "up" : "down"],
  [metrics.path.cause.name]: ({ labels }) => [`cause ${labels.link}`, `${labels.cause} (${labels.owner})`],
  [metrics.agent.isolated.name]: ({ value }) => ["isolated", `${value}`],
};

/** Series name -> word, at one moment; a series that is not exported has no entry. */
export type View = Readonly<Record<string, string>>;

/** Everything that is followed, when all is well: a series that is missing or added shows as a difference. */
export const well: View = {
  "interface primary": "up",
  "interface secondary": "up",
  isolated: "0",
  "path primary": "up",
  "path secondary": "up",
  redundancy: "redundant",
  "router ams-ce1": "answers",
  "router ams-ce2": "answers",
  "session primary": "up",
  "session secondary": "up",
};

interface Moment {
  /** Milliseconds since 1970 at which the sample had arrived. */
  readonly at: number;
  readonly view: View;
}

export interface History {
  latest(): View;
  /**
   * The words that a series showed since a moment, beginning with the one it showed then, repetitions
   * left out; `absent` where it was not exported.
   */
  course(series: string, since: number): readonly string[];
  /** When a series first showed a word after a moment; undefined when it has not yet. */
  firstAt(series: string, word: string, since: number): number | undefined;
  /** Each moment since another at which a series showed a word. */
  shown(series: string, word: string, since: number): readonly number[];
  /** Every series seen since a moment. */
  series(since: number): readonly string[];
  /** Scrapes that failed. */
  failures(): readonly string[];
  stop(): Promise<void>;
}

export function record(scrape: () => Promise<string>, every = 250): History {
  const moments: Moment[] = [];
  const failures: string[] = [];
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();

  const sample = async () => {
    try {
      const text = await scrape();
      moments.push({ at: Date.now(), view: viewOf(text) });
    } catch (failure) {
      failures.push(`${new Date().toISOString()} ${String(failure)}`);
    }
    if (!stopped) timer = setTimeout(next, every);
  };
  const next = () => {
    last = sample();
  };
  next();

  const since = (at: number) => {
    const first = moments.findIndex((moment) => moment.at >= at);
    return first < 0 ? moments.slice(-1) : moments.slice(Math.max(0, first - 1));
  };
  return {
    latest: () => moments.at(-1)?.view ?? {},
    course: (series, from) =>
      since(from)
        .map(({ view }) => view[series] ?? "absent")
        .filter((word, i, words) => word !== words[i - 1]),
    firstAt: (series, word, from) => moments.find(({ at, view }) => at >= from && view[series] === word)?.at,
    shown: (series, word, from) =>
      moments.filter(({ at, view }) => at >= from && view[series] === word).map(({ at }) => at),
    series: (from) => [...new Set(since(from).flatMap(({ view }) => Object.keys(view)))].sort(),
    failures: () => failures,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await last;
    },
  };
}

function viewOf(text: string): View {
  return Object.fromEntries(
    parseMetrics(text).flatMap((sample) => {
      const word = watched[sample.name]?.(sample);
      return word === undefined ? [] : [word];
    }),
  );
}

/** Series that differ between two views: another word, or missing in one. */
export function differences(a: View, b: View): readonly string[] {
  const series = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...series].filter((name) => a[name] !== b[name]);
}
