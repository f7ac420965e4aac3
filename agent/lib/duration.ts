/** A span of time in milliseconds; may be fractional. */
export type Duration = number & { readonly __unit: "ms" };

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function milliseconds(n: number): Duration {
  return n as Duration;
}

export function seconds(n: number): Duration {
  return (n * 1_000) as Duration;
}

/** Reads `200ms`, `5s`, `1m30s`, `2h`, `1d`; undefined when the text is not of that form. */
export function parseDuration(text: string): Duration | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, n, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(n) * (unitMs[unit as string] ?? 0);
  }
  return milliseconds(total);
}

/** The two largest units, as a person says it: `4h 12m`, `9s`, `350ms`. */
export function formatDuration(d: Duration): string {
  if (d < 1_000) return `${Math.round(d)}ms`;
  let rest = Math.floor(d / 1_000);
  const parts: string[] = [];
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0 || (unit === "s" && parts.length === 0)) parts.push(`${n}${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}
