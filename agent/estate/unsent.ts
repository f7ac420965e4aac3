// Why probes cannot leave this host. It says nothing of their path, of which nobody would hear that it is not watched.

/** Closed: a metric label. `forbidden`: by a firewall or route of this host. `failed`: for another reason. */
export const unsentReasons = [
  "noPermission",
  "unavailable",
  "noSuchSource",
  "sourceMismatch",
  "noSuchInterface",
  "interfaceDown",
  "noRoute",
  "nextHopSilent",
  "forbidden",
  "tooBig",
  "queueFull",
  "failed",
] as const;
export type UnsentReason = (typeof unsentReasons)[number];

export interface Unsent {
  readonly reason: UnsentReason;
  /** With its remedy. */
  readonly says: string;
}
