// A BGP session as its router would tell it (bgpPeerTable, RFC 4273), without the protocol.

import type { BgpState } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import type { BgpError } from "./network.ts";

export interface SimulatedSession {
  readonly established: boolean;
  /** Since when it is, or since it dropped: bgpPeerFsmEstablishedTime counts from here either way. */
  readonly since: Instant;
  readonly transitions: number;
  readonly lastError: BgpError;
  /** When nothing has been in the way any more since the drop; undefined while something is. */
  readonly possibleSince: Instant | undefined;
}

/** What lies in the way of a session. */
export interface Obstacle {
  readonly carrier: boolean;
  readonly closedWith: BgpError | undefined;
}

/** From the obstacle's end to Established: the connect timer of routers that are tuned for quick recovery. */
const reconnectAfter = seconds(3);

/** When the session will establish by itself; undefined when it will not. */
export function returnsAt(session: SimulatedSession): Instant | undefined {
  if (session.established || session.possibleSince === undefined) return undefined;
  return (session.possibleSince + reconnectAfter) as Instant;
}

/** The session after `at`, given what has been in its way since the step before. */
export function stepSession(session: SimulatedSession, obstacle: Obstacle, at: Instant): SimulatedSession {
  const blocked = !obstacle.carrier || obstacle.closedWith !== undefined;
  if (session.established) {
    if (!blocked) return session;
    return {
      established: false,
      since: at,
      transitions: session.transitions,
      // Carrier loss leaves the last error as it was; a NOTIFICATION of the far end is remembered.
      lastError: obstacle.closedWith ?? session.lastError,
      possibleSince: undefined,
    };
  }
  if (blocked) return session.possibleSince === undefined ? session : { ...session, possibleSince: undefined };
  if (session.possibleSince === undefined) return { ...session, possibleSince: at };
  if (at < session.possibleSince + reconnectAfter) return session;
  return {
    established: true,
    since: at,
    transitions: session.transitions + 1,
    lastError: session.lastError,
    possibleSince: undefined,
  };
}

/** bgpPeerState: a session that is not established wanders as its router tries again. */
export function bgpStateOf(session: SimulatedSession, carrier: boolean, at: Instant): BgpState {
  if (session.established) return "established";
  if (!carrier || at - session.since < seconds(1)) return "idle";
  if (session.possibleSince !== undefined && at - session.possibleSince > reconnectAfter - seconds(1)) {
    return "openconfirm";
  }
  return Math.floor((at - session.since) / seconds(2)) % 2 === 0 ? "connect" : "active";
}
