// One socket for every technique and socket profile in use; opened again when it could not be.

import type { ProbeTechnique } from "../estate/estate.ts";
import type { Unsent } from "../estate/unsent.ts";
import { type Instant, later } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import { formatAddress } from "../net/endpoint.ts";
import type { Incoming, Outgoing, ProbeSocket, ProbeSockets, SocketProfile } from "../net/probe-sockets.ts";
import type { OutletNews } from "./outlet-news.ts";
import { createOverflow, type Overflow } from "./overflow.ts";

/** An address that did not exist may have come up: try again this often. */
const retryAfter = seconds(5);

/**
 * An interface that was deleted and made anew has another number, and a socket stays bound to the old one. The kernel says
 * so in several ways, all of which can have other causes.
 */
const interfaceGone: ReadonlySet<string> = new Set(["ENODEV", "ENXIO", "ENETUNREACH", "EADDRNOTAVAIL"]);

type Take = (datagram: Incoming, socket: ProbeSocket) => void;

export interface Outlet {
  readonly technique: ProbeTechnique;
  /** Its STAMP packets are those of the authenticated mode. */
  readonly authenticated: boolean;
  readonly family: SocketProfile["family"];
  /** Undefined while it cannot be opened. */
  socket(): ProbeSocket | undefined;
  /** Why it cannot be opened. */
  problem(): Unsent | undefined;
  /** There is a socket, and nothing speaks against it. */
  sound(): boolean;
  /** A send failed. */
  failed(code: string): void;
  /** Opens the socket where there is none or the one that there is will not do, unless that was tried a moment ago. */
  open(now: Instant): Promise<void>;
  /** Probes per second of its streams. */
  rate: number;
  /** What is to be sent in this turn. */
  readonly outbox: Outgoing[];
  /** Hands over what has arrived, and to which socket; false when it stopped before all was read. */
  receive(now: Instant, take: Take): boolean;
  /** Every arrival up to here has been read. */
  readUntil: Instant;
  /** Datagrams that its full receive buffer dropped since the time before. */
  countOverflow(now: Instant): number;
  readonly mayHaveDropped: Overflow["mayHaveTaken"];
  /** ICMP sequence of the next probe. */
  nextTag(): number;
  close(): void;
}

export function createOutlet(
  sockets: ProbeSockets,
  technique: ProbeTechnique,
  profile: SocketProfile,
  news: OutletNews,
  authenticated = false,
): Outlet {
  let socket: ProbeSocket | undefined;
  /** Whose place it took, read until it may be opened anew again: what left from there may still be answered. */
  let before: ProbeSocket | undefined;
  let problem: Unsent | undefined;
  let doubtful = false;
  let tryAt: Instant | undefined;
  let tag = 0;
  const overflow = createOverflow();
  let countedAt = 0 as Instant;

  const outlet: Outlet = {
    technique,
    authenticated,
    family: profile.family,
    rate: 0,
    socket: () => socket,
    problem: () => problem,
    outbox: [],
    receive(now, take) {
      if (before !== undefined && tryAt !== undefined && now >= tryAt) {
        before.close();
        before = undefined;
      }
      const isEmptied = before === undefined || receiveFrom(before, take);
      return (socket === undefined || receiveFrom(socket, take)) && isEmptied;
    },
    readUntil: 0 as Instant,
    countOverflow(now) {
      const count = (before?.overflowed() ?? 0) + (socket?.overflowed() ?? 0);
      overflow.dropped(count, countedAt, now);
      countedAt = now;
      return count;
    },
    mayHaveDropped: overflow.mayHaveTaken,
    nextTag() {
      tag = (tag + 1) & 0xffff;
      return tag;
    },
    close() {
      before?.close();
      socket?.close();
      before = undefined;
      socket = undefined;
      news.closed(outlet);
    },
    sound: () => socket !== undefined && !doubtful,
    failed(code) {
      doubtful ||= profile.interface !== undefined && interfaceGone.has(code);
    },
    async open(now) {
      if ((socket !== undefined && !doubtful) || (tryAt !== undefined && now < tryAt)) return;
      tryAt = later(now, retryAfter);
      before?.close();
      before = socket;
      socket = undefined;
      doubtful = false;
      const { rate } = outlet;
      const opened = technique === "icmp" ? sockets.openIcmp(profile, rate) : await sockets.openUdp(profile, rate);
      const fields = { technique, ...shown(profile) };
      if (opened.ok) {
        socket = opened.value;
        problem = undefined;
        news.opened(outlet, fields, socket.raw);
        return;
      }
      problem = { reason: opened.error.kind, says: opened.error.message };
      news.failed(outlet, fields, problem);
    },
  };
  return outlet;
}

function receiveFrom(socket: ProbeSocket, take: Take): boolean {
  return socket.receive((datagram) => take(datagram, socket));
}

/** A profile for people: what is not asked for is not named. */
function shown({ family, source, interface: name, dscp, dontFragment }: SocketProfile) {
  return {
    family,
    source: source === undefined ? "any" : formatAddress(source),
    ...(name === undefined ? {} : { interface: name }),
    ...(dscp === 0 ? {} : { dscp }),
    ...(dontFragment ? { dontFragment } : {}),
  };
}
