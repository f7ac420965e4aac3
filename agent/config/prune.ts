import type { Finding } from "./error.ts";

/** A copy of plain data without the values that the findings are about. List items keep their places. */
export function prune(data: unknown, findings: readonly Finding[]): unknown {
  const copy: unknown = structuredClone(data);
  for (const { path } of findings) {
    const last = path.at(-1);
    let parent = copy;
    for (const part of path.slice(0, -1)) {
      parent = isRecord(parent) && Object.hasOwn(parent, part) ? parent[part] : undefined;
    }
    if (last === undefined) return {};
    if (isRecord(parent) && Object.hasOwn(parent, last)) parent[last] = undefined;
  }
  return copy;
}

function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === "object" && value !== null;
}
