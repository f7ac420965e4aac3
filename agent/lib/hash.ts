/**
 * FNV-1a, 32 bits, then the finalizer of MurmurHash3: alone, FNV-1a leaves names that differ in their last letters, as those of
 * routers do, next to each other. Spreads polls and probes over their interval, the same way at every start.
 */
export function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A phase in [0, 1) for a name. */
export function phase(name: string): number {
  return hash32(name) / 0x1_0000_0000;
}
