// Requests in flight: sending, sending again, and deciding which datagram answers which request.
// A datagram that does not fit is counted by kind and the request keeps waiting, so that no damaged
// or forged one can end it.

import { type Clock, elapsed, type Instant } from "../lib/clock.ts";
import { type Counters, createCounters } from "../lib/counters.ts";
import { versionV2c } from "../wire/snmp/message.ts";
import { type RequestTemplate, withRequestId } from "../wire/snmp/request.ts";
import { createResponseReader, type ResponseReader, readResponse, sameOctets } from "../wire/snmp/response.ts";
import type { ExchangeFailure } from "./snmp-error.ts";
import { createRequestIds } from "./snmp-request-ids.ts";
import type { RetransmissionTimeout } from "./snmp-timeout.ts";
import { type AddressFamily, createUdpSocket, type UdpSocket } from "./udp.ts";

/** Why a received datagram was not used. */
export const snmpDrops = [
  "malformed",
  "version",
  "unknownId",
  "community",
  "source",
  "wrongOid",
  "duplicate",
  "late",
] as const;
export type SnmpDrop = (typeof snmpDrops)[number];

/** `received` = `answered` + all drops; `sent` includes `retransmitted`. */
export const snmpRequestCounts = [
  "sent",
  "retransmitted",
  "received",
  "answered",
  "timedOut",
  "unsendable",
  "aborted",
  "socketErrors",
] as const;
export type SnmpRequestCount = (typeof snmpRequestCounts)[number];

/** Whom to ask, and from where its answers must come. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  readonly family: AddressFamily;
  readonly anySource: boolean;
  readonly community: Uint8Array;
  /** Which of the shared sockets. */
  readonly slot: number;
  /** Malformed datagrams that came from its address and port. */
  malformed: number;
}

/** Requests of one router and group: they share a measured round-trip time and a limit. */
export interface Lane {
  readonly timeout: RetransmissionTimeout;
  inFlight: number;
  readonly waiting: Pending[];
}

/** What a request does with an answer that is from the right router: takes it, or has it dropped. */
export type Accept = (r: ResponseReader) => "accepted" | "wrongOid" | "malformed";

export interface Pending {
  readonly peer: Peer;
  readonly lane: Lane;
  readonly template: RequestTemplate;
  readonly accept: Accept;
  readonly done: (failure: ExchangeFailure | undefined) => void;
  id: number;
  bytes: Uint8Array;
  sent: number;
  sentAt: Instant;
  startedAt: Instant;
  holdsWindow: boolean;
  finished: boolean;
  cancel: () => void;
  malformedBefore: number;
  otherSource: string | undefined;
  otherCommunity: boolean;
  malformed: boolean;
  wrongOid: boolean;
}

export interface ExchangeLimits {
  /** Sockets per address family. */
  readonly sockets: number;
  /** Requests in flight per socket: 64 lose nothing in the kernel's default receive buffer, 128 do. */
  readonly window: number;
  /** Requests in flight per router and group. */
  readonly perLane: number;
  readonly retries: number;
}

export interface Exchange {
  start(): Promise<void>;
  stop(): Promise<void>;
  submit(
    peer: Peer,
    lane: Lane,
    template: RequestTemplate,
    accept: Accept,
    done: (failure: ExchangeFailure | undefined) => void,
  ): Pending;
  abort(pending: Pending): void;
  readonly dropped: Counters<SnmpDrop>;
  readonly requests: Counters<SnmpRequestCount>;
}

interface SharedSocket {
  readonly udp: UdpSocket;
  /** Bound; until then its requests wait. */
  ready: boolean;
  inFlight: number;
  readonly waiting: Pending[];
}

const noCancel = () => {};

export function createExchange(
  { clock, random }: { readonly clock: Clock; readonly random?: (() => number) | undefined },
  families: () => ReadonlySet<AddressFamily>,
  peerAt: (address: string, port: number) => Peer | undefined,
  limits: ExchangeLimits,
): Exchange {
  const dropped = createCounters(snmpDrops);
  const requests = createCounters(snmpRequestCounts);
  const inFlight = new Map<number, Pending>();
  const reader = createResponseReader();
  const sockets = new Map<AddressFamily, SharedSocket[]>();
  const ids = createRequestIds(random);
  const isInFlight = (id: number) => inFlight.has(id);
  let running = false;

  /** Sockets of a family open with its first peer: most estates need one family only. */
  function socketOf(peer: Peer): SharedSocket | undefined {
    const shared = sockets.get(peer.family) ?? (running ? openFamily(peer.family).shared : undefined);
    return shared?.[peer.slot % shared.length];
  }

  function openFamily(family: AddressFamily): { readonly shared: SharedSocket[]; readonly opened: Promise<unknown> } {
    const shared = Array.from({ length: limits.sockets }, () => {
      const socket: SharedSocket = {
        udp: createUdpSocket(
          { family },
          {
            message: (bytes, address, port) => receive(socket, bytes, address, port),
            error: () => requests.add("socketErrors"),
          },
        ),
        ready: false,
        inFlight: 0,
        waiting: [],
      };
      return socket;
    });
    sockets.set(family, shared);
    const opened = Promise.all(shared.map((socket) => openSocket(socket)));
    // `start` hears of the failure; a request that came later ends with it.
    opened.catch(() => sockets.delete(family));
    return { shared, opened };
  }

  async function openSocket(socket: SharedSocket): Promise<void> {
    try {
      await socket.udp.start();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
      for (const pending of socket.waiting.splice(0)) finish(pending, { kind: "unreachable", code });
      throw error;
    }
    socket.ready = true;
    while (running && socket.inFlight < limits.window) {
      const next = socket.waiting.shift();
      if (next === undefined) break;
      enter(next);
    }
  }

  function enter(pending: Pending): void {
    const socket = socketOf(pending.peer);
    if (socket === undefined) {
      finish(pending, { kind: "unreachable", code: "EAFNOSUPPORT" });
      return;
    }
    if (!socket.ready || socket.inFlight >= limits.window) {
      socket.waiting.push(pending);
      return;
    }
    socket.inFlight += 1;
    pending.holdsWindow = true;
    pending.id = ids.next(isInFlight);
    pending.bytes = withRequestId(pending.template, pending.id);
    pending.startedAt = clock.now();
    pending.malformedBefore = pending.peer.malformed;
    inFlight.set(pending.id, pending);
    transmit(pending, socket);
  }

  function transmit(pending: Pending, socket: SharedSocket): void {
    pending.sent += 1;
    pending.sentAt = clock.now();
    requests.add("sent");
    if (pending.sent > 1) requests.add("retransmitted");
    pending.cancel = clock.after(pending.lane.timeout.current(pending.sent), () => expire(pending, socket));
    socket.udp.send(pending.bytes, pending.peer.port, pending.peer.address, (code) => {
      // A full queue is no statement about the router: the retransmission will do.
      if (!pending.finished && code !== "ENOBUFS" && code !== "EAGAIN") finish(pending, { kind: "unreachable", code });
    });
  }

  function expire(pending: Pending, socket: SharedSocket): void {
    pending.lane.timeout.expired();
    // The window guards the receive buffer against many answers at once. An overdue answer is none of
    // them, and a dead router must not hold the place of a living one.
    leaveWindow(pending);
    if (pending.sent <= limits.retries) {
      transmit(pending, socket);
      return;
    }
    finish(pending, {
      kind: "timeout",
      waited: elapsed(pending.startedAt, clock.now()),
      sent: pending.sent,
      otherSource: pending.otherSource,
      otherCommunity: pending.otherCommunity,
      malformed: pending.malformed || pending.peer.malformed > pending.malformedBefore,
      wrongOid: pending.wrongOid,
    });
  }

  function leaveWindow(pending: Pending): void {
    if (!pending.holdsWindow) return;
    pending.holdsWindow = false;
    const socket = socketOf(pending.peer);
    if (socket === undefined) return;
    socket.inFlight -= 1;
    const next = running ? socket.waiting.shift() : undefined;
    if (next !== undefined) enter(next);
  }

  const ending = { timeout: "timedOut", unreachable: "unsendable", aborted: "aborted" } as const;

  function finish(pending: Pending, failure: ExchangeFailure | undefined): void {
    if (pending.finished) return;
    pending.finished = true;
    pending.cancel();
    if (pending.sent > 0) {
      inFlight.delete(pending.id);
      ids.end(pending.id, failure === undefined ? "duplicate" : "late");
    }
    requests.add(failure === undefined ? "answered" : ending[failure.kind]);
    leaveWindow(pending);
    const { lane } = pending;
    lane.inFlight -= 1;
    const next = running ? lane.waiting.shift() : undefined;
    if (next !== undefined) {
      lane.inFlight += 1;
      enter(next);
    }
    pending.done(failure);
  }

  function receive(socket: SharedSocket, bytes: Uint8Array, address: string, port: number): void {
    requests.add("received");
    const drop = judge(socket, bytes, address, port);
    if (drop !== undefined) dropped.add(drop);
  }

  function judge(socket: SharedSocket, bytes: Uint8Array, address: string, port: number): SnmpDrop | undefined {
    const readable = readResponse(reader, bytes);
    if (!readable) {
      const from = peerAt(address, port);
      if (from !== undefined) from.malformed += 1;
      return reader.fault === "version" ? "version" : "malformed";
    }
    const id = reader.requestId;
    const pending = inFlight.get(id);
    if (pending === undefined) return ids.endedAs(id) ?? "unknownId";
    const { peer } = pending;
    const fromPeer = peer.anySource || (port === peer.port && address === peer.address);
    if (reader.version !== versionV2c) {
      if (fromPeer) pending.otherCommunity = true;
      return "version";
    }
    if (!sameOctets(bytes, reader.communityFrom, reader.communityTo, peer.community)) {
      if (fromPeer) pending.otherCommunity = true;
      return "community";
    }
    if (!fromPeer || socketOf(peer) !== socket) {
      pending.otherSource = `${address} port ${port}`;
      return "source";
    }
    const verdict = pending.accept(reader);
    if (verdict !== "accepted") {
      pending[verdict] = true;
      return verdict;
    }
    if (pending.sent === 1) pending.lane.timeout.sample(elapsed(pending.sentAt, clock.now()));
    finish(pending, undefined);
    return undefined;
  }

  return {
    dropped,
    requests,
    async start() {
      running = true;
      await Promise.all([...families()].map((family) => openFamily(family).opened));
    },
    async stop() {
      running = false;
      const all = [...sockets.values()].flat();
      for (const pending of [...inFlight.values(), ...all.flatMap((socket) => socket.waiting)]) {
        const waiting = pending.lane.waiting.splice(0);
        finish(pending, { kind: "aborted" });
        for (const behind of waiting) {
          behind.lane.inFlight += 1;
          finish(behind, { kind: "aborted" });
        }
      }
      sockets.clear();
      await Promise.all(all.map((socket) => socket.udp.stop()));
    },
    submit(peer, lane, template, accept, done) {
      const now = clock.now();
      const pending: Pending = {
        peer,
        lane,
        template,
        accept,
        done,
        id: 0,
        bytes: template.bytes,
        sent: 0,
        sentAt: now,
        startedAt: now,
        holdsWindow: false,
        finished: false,
        cancel: noCancel,
        malformedBefore: peer.malformed,
        otherSource: undefined,
        otherCommunity: false,
        malformed: false,
        wrongOid: false,
      };
      if (!running) {
        lane.inFlight += 1;
        finish(pending, { kind: "aborted" });
      } else if (lane.inFlight >= limits.perLane) {
        lane.waiting.push(pending);
      } else {
        lane.inFlight += 1;
        enter(pending);
      }
      return pending;
    },
    abort(pending) {
      if (pending.finished) return;
      const queued = pending.lane.waiting.indexOf(pending);
      if (queued >= 0) {
        pending.lane.waiting.splice(queued, 1);
        pending.lane.inFlight += 1;
      } else {
        const waiting = socketOf(pending.peer)?.waiting;
        const place = waiting?.indexOf(pending) ?? -1;
        if (place >= 0) waiting?.splice(place, 1);
      }
      finish(pending, { kind: "aborted" });
    },
  };
}
