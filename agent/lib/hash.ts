/** FNV-1a, 32 bits. Spreads polls and probes over their interval, the same way at every start. */
export function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  return h >>> 0;
}

/** A phase in [0, 1) for a name. */
export function phase(name: string): number {
  return hash32(name) / 0x1_0000_0000;
}
