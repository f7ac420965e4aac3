import type { Judgement, PathState } from "../estate/judgement.ts";
import { type SubjectKey, subject } from "../estate/observation.ts";

const bad: readonly PathState[] = ["degraded", "down"];

/** Paths and Global Reach pairs that became degraded or down since the judgement before. */
export function worsened(before: Judgement | undefined, after: Judgement): readonly SubjectKey[] {
  const became = (was: PathState | undefined, is: PathState) => is !== was && bad.includes(is);
  return [
    ...after.paths.flatMap(({ path, state }, i) => (became(before?.paths[i]?.state, state) ? subject.path(path) : [])),
    ...after.pairs.flatMap(({ pair, state }, i) => (became(before?.pairs[i]?.state, state) ? subject.pair(pair) : [])),
  ];
}
