/** `a, b and 3 more`: the first `most` of them, so that evidence can be read. */
export function someOf(names: readonly string[], most: number): string {
  const more = names.length - most;
  const some = names.slice(0, most).join(", ");
  return more > 0 ? `${some} and ${more} more` : some;
}
