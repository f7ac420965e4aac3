// Scalars of the configuration that have a unit in their text.

/** `50Mbps` or `1Gbps` to bits per second; undefined when the text is not of that form. */
export function parseSpeed(text: string): number | undefined {
  const match = /^([1-9]\d{0,5})(Mbps|Gbps)$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * (match[2] === "Gbps" ? 1e9 : 1e6);
}

/** The shortest text that `parseSpeed` reads back. */
export function formatSpeed(bitsPerSecond: number): string {
  return bitsPerSecond >= 1e9 && bitsPerSecond % 1e9 === 0
    ? `${bitsPerSecond / 1e9}Gbps`
    : `${bitsPerSecond / 1e6}Mbps`;
}

/** `5%` or `0.5%` to a ratio from 0 to 1; undefined when the text is not of that form. */
export function parsePercentage(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text);
  if (match === null) return undefined;
  const percent = Number(match[1]);
  return percent <= 100 ? percent / 100 : undefined;
}
