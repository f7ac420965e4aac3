// When to look again for what a router did not show. A look is a walk, and what is not there may never come.

/** Looks so far, and polls since the last of them. */
export interface Looks {
  readonly looks: number;
  readonly polls: number;
  /** Looks in a row that a sign asked for, and that found nothing. */
  readonly misled: number;
}

/** What appears is seen within so many polls, whatever the router tells. */
export const mostPollsBetweenLooks = 10;

export const noLooks: Looks = { looks: 0, polls: 0, misled: 0 };

export function pollPassed(of: Looks): Looks {
  return { ...of, polls: of.polls + 1 };
}

/** `sign`: the router said that something changed. One that says so at every poll is heard as often as one that is mute. */
export function isLookDue({ looks, polls, misled }: Looks, sign: boolean): boolean {
  // Two more at once, since a table that is being filled is complete soon.
  const gap = Math.min(mostPollsBetweenLooks, 2 ** Math.max(0, looks - 2));
  return polls >= (sign ? Math.min(gap, misled + 1) : gap);
}

/** After a look that did not find everything. */
export function lookFailed({ looks, misled }: Looks, sign: boolean): Looks {
  return { looks: looks + 1, polls: 0, misled: sign ? misled + 1 : 0 };
}
