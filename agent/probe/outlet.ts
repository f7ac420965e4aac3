// One socket for every technique and socket profile in use; opened again when it could not be.

import type { ProbeTechnique } from "../estate/estate.ts";
import { type Instant, later } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import { formatAddress } from "../net/endpoint.ts";
import type { Outgoing, ProbeSocket, ProbeSockets, SocketProfile } from "../net/probe-sockets.ts";
import type { ProbeLog } from "./messages.ts";

/** An address that did not exist may have come up: try again this often. */
const retryAfter = seconds(5);

export interface Outlet {
  readonly technique: ProbeTechnique;
  readonly family: SocketProfile["family"];
  /** Undefined while it cannot be opened. */
  socket(): ProbeSocket | undefined;
  /** Opens the socket, or does nothing when it is open or was tried a moment ago. */
  open(now: Instant): Promise<void>;
  /** What is to be sent in this turn. */
  readonly outbox: Outgoing[];
  /** Every arrival up to here has been read. */
  readUntil: Instant;
  /** ICMP sequence of the next probe. */
  nextTag(): number;
}

export function createOutlet(
  sockets: ProbeSockets,
  technique: ProbeTechnique,
  profile: SocketProfile,
  log: (line: ProbeLog) => void,
): Outlet {
  let socket: ProbeSocket | undefined;
  let problem = "";
  let tryAt: Instant | undefined;
  let tag = 0;

  return {
    technique,
    family: profile.family,
    socket: () => socket,
    outbox: [],
    readUntil: 0 as Instant,
    nextTag() {
      tag = (tag + 1) & 0xffff;
      return tag;
    },
    async open(now) {
      if (socket !== undefined || (tryAt !== undefined && now < tryAt)) return;
      tryAt = later(now, retryAfter);
      const opened = technique === "icmp" ? sockets.openIcmp(profile) : await sockets.openUdp(profile);
      const fields = { technique, ...told(profile) };
      if (opened.ok) {
        socket = opened.value;
        log({ kind: "log", level: "info", fields: { ...fields, raw: socket.raw }, message: "probe socket open" });
      } else if (opened.error.message !== problem) {
        problem = opened.error.message;
        log({
          kind: "log",
          level: "warn",
          fields: { ...fields, reason: opened.error.kind },
          message: `cannot probe: ${problem}`,
        });
      }
    },
  };
}

/** A profile for people: what is not asked for is not named. */
function told({ family, source, interface: name, dscp, dontFragment }: SocketProfile) {
  return {
    family,
    source: source === undefined ? "any" : formatAddress(source),
    ...(name === undefined ? {} : { interface: name }),
    ...(dscp === 0 ? {} : { dscp }),
    ...(dontFragment ? { dontFragment } : {}),
  };
}
