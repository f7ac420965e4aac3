// Requests in flight: sending, sending again, and deciding which datagram answers which request.
// A datagram that does not fit is counted by kind and the request keeps waiting, so that no damaged
// or forged one can end it.

import { type Clock, elapsed } from "../lib/clock.ts";
import { type Counters, createCounters } from "../lib/counters.ts";
import { createDeadlines } from "../lib/deadlines.ts";
import { createIdTable } from "../lib/id-table.ts";
import { versionV1, versionV2c } from "../wire/snmp/message.ts";
import { type RequestTemplate, setRequestId } from "../wire/snmp/request.ts";
import { createResponseReader, readResponse, sameOctets } from "../wire/snmp/response.ts";
import { createV3Header, readV3Header, versionV3 } from "../wire/snmp/v3.ts";
import type { SocketKind } from "./probe-open.ts";
import { type SnmpDrop, type SnmpRequestCount, snmpDrops, snmpRequestCounts } from "./snmp-counts.ts";
import type { ExchangeFailure } from "./snmp-error.ts";
import type { Accept, Lane, Peer, Pending } from "./snmp-pending.ts";
import { createRequestIds } from "./snmp-request-ids.ts";
import { backOff, takeSample, timeoutAfter } from "./snmp-timeout.ts";
import { createAttempt } from "./snmp-v3.ts";
import { createWindow, type Window, type WindowLimits } from "./snmp-window.ts";
import type { AddressFamily, Sender, UdpSocket } from "./udp.ts";
import { openUdp, type UdpFactory } from "./udp-open.ts";

export interface ExchangeLimits extends WindowLimits {
  /** Sockets per address family. */
  readonly sockets: number;
  /** Requests in flight per router and group. */
  readonly perLane: number;
  readonly retries: number;
  readonly socketKind: SocketKind;
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
    retries?: number,
  ): Pending;
  abort(pending: Pending): void;
  /** Requests sent and neither answered nor given up. */
  waiting(): number;
  readonly dropped: Counters<SnmpDrop>;
  readonly requests: Counters<SnmpRequestCount>;
}

interface SharedSocket {
  readonly udp: UdpSocket;
  /** Opens when the socket is bound; until then its requests wait. */
  readonly window: Window<Pending>;
}

const noIds: readonly number[] = [];

export function createExchange(
  { clock, random }: { readonly clock: Clock; readonly random?: (() => number) | undefined },
  families: () => ReadonlySet<AddressFamily>,
  peerAt: (from: Sender) => Peer | undefined,
  limits: ExchangeLimits,
): Exchange {
  const dropped = createCounters(snmpDrops);
  const requests = createCounters(snmpRequestCounts);
  const inFlight = createIdTable<Pending>();
  const timeouts = createDeadlines<Pending>(clock, expire);
  const reader = createResponseReader();
  const header = createV3Header();
  const sockets = new Map<AddressFamily, SharedSocket[]>();
  const requestIds = createRequestIds(random);
  const isInFlight = (id: number) => inFlight.get(id) !== undefined;
  let createSocket: UdpFactory | undefined;

  /** Sockets of a family open with its first peer: most estates need one family only. */
  function socketOf(peer: Peer): SharedSocket | undefined {
    const shared =
      sockets.get(peer.family) ??
      (createSocket === undefined ? undefined : openFamily(peer.family, createSocket).shared);
    return shared?.[peer.slot % shared.length];
  }

  function openFamily(
    family: AddressFamily,
    create: UdpFactory,
  ): { readonly shared: SharedSocket[]; readonly opened: Promise<unknown> } {
    const shared = Array.from({ length: limits.sockets }, () => {
      const socket: SharedSocket = {
        udp: create(
          { family },
          {
            message: (bytes, from) => receive(socket, bytes, from),
            error: () => requests.add("socketErrors"),
          },
        ),
        window: createWindow(clock, limits, (pending) => begin(pending, socket)),
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
      for (const pending of socket.window.close()) finish(pending, { kind: "unreachable", code });
      throw error;
    }
    if (createSocket !== undefined) socket.window.open();
  }

  function enter(pending: Pending): void {
    const socket = socketOf(pending.peer);
    if (socket === undefined) {
      finish(pending, { kind: "unreachable", code: "EAFNOSUPPORT" });
      return;
    }
    socket.window.enter(pending);
  }

  function begin(pending: Pending, socket: SharedSocket): void {
    pending.malformedBefore = pending.peer.malformed;
    transmit(pending, socket);
  }

  function transmit(pending: Pending, socket: SharedSocket): void {
    pending.sent += 1;
    pending.sentAt = clock.now();
    const message = makeMessage(pending);
    requests.add("sent");
    timeouts.set(pending, timeoutAfter(pending.lane, triesOf(pending)));
    socket.udp.send(message, pending.peer.destination, (code) => {
      // A full queue is no statement about the router: the retransmission will do.
      if (!pending.finished && code !== "ENOBUFS" && code !== "EAGAIN") finish(pending, { kind: "unreachable", code });
    });
  }

  /** An SNMPv3 message is made anew each time: a time that passed and a salt that was used are refused. */
  function makeMessage(pending: Pending): Uint8Array {
    const { attempt, peer, template } = pending;
    if (attempt !== undefined || pending.ids.length === 0) {
      const fresh = requestIds.next(isInFlight);
      pending.ids = [...pending.ids, fresh];
      inFlight.set(fresh, pending);
    }
    const request = setRequestId(template, pending.ids[0] ?? 0);
    if (attempt === undefined || peer.security.version !== 3) return request;
    return peer.security.session.seal(
      request,
      pending.ids.at(-1) ?? 0,
      attempt,
      pending.retries + 1 - triesOf(pending),
    );
  }

  /** Times that it was sent into silence. */
  function triesOf({ sent, attempt }: Pending): number {
    return attempt === undefined ? sent : sent - attempt.corrections;
  }

  function expire(pending: Pending): void {
    backOff(pending.lane);
    const socket = socketOf(pending.peer);
    socket?.window.leave(pending);
    const refusal = pending.attempt?.refusal;
    if (refusal !== undefined) {
      finish(pending, { kind: "refused", refusal });
      return;
    }
    if (socket !== undefined && triesOf(pending) <= pending.retries) {
      requests.add("retransmitted");
      transmit(pending, socket);
      return;
    }
    finish(pending, {
      kind: "timeout",
      waited: elapsed(pending.startedAt, clock.now()),
      sent: pending.sent,
      otherSource: pending.otherSource,
      otherCommunity: pending.otherCommunity,
      otherVersion: pending.otherVersion,
      malformed: pending.malformed || pending.peer.malformed > pending.malformedBefore,
      wrongOid: pending.wrongOid,
      disbelieved: pending.disbelieved,
      unanswered: pending.peer.security.version === 3 && pending.peer.security.session.unanswered(),
    });
  }

  const ending = { timeout: "timedOut", refused: "refused", unreachable: "unsendable", aborted: "aborted" } as const;

  function finish(pending: Pending, failure: ExchangeFailure | undefined): void {
    if (pending.finished) return;
    pending.finished = true;
    timeouts.clear(pending);
    for (const id of pending.ids) {
      inFlight.delete(id);
      requestIds.end(id, failure === undefined ? "duplicate" : "late");
    }
    requests.add(failure === undefined ? "answered" : ending[failure.kind]);
    if (pending.holdsWindow) socketOf(pending.peer)?.window.leave(pending);
    const { lane } = pending;
    lane.inFlight -= 1;
    const next = createSocket !== undefined ? lane.waiting?.shift() : undefined;
    if (next !== undefined) {
      lane.inFlight += 1;
      enter(next);
    }
    pending.done(failure);
  }

  function receive(socket: SharedSocket, bytes: Uint8Array, from: Sender): void {
    requests.add("received");
    const drop = judge(socket, bytes, from);
    if (drop !== undefined) dropped.add(drop);
  }

  function judge(socket: SharedSocket, bytes: Uint8Array, sender: Sender): SnmpDrop | undefined {
    const readable = readResponse(reader, bytes);
    if (!readable) {
      const isV3 = reader.fault === "version" && reader.version === versionV3;
      if (isV3) return judgeV3(socket, bytes, sender);
      const from = peerAt(sender);
      if (from !== undefined) from.malformed += 1;
      return reader.fault === "version" ? "version" : "malformed";
    }
    const id = reader.requestId;
    const pending = inFlight.get(id);
    if (pending === undefined) return requestIds.endedAs(id) ?? "unknownId";
    const { peer } = pending;
    const { security } = peer;
    if (security.version === 3 || reader.version !== (security.version === 1 ? versionV1 : versionV2c)) {
      if (isFrom(peer, sender)) pending.otherVersion = reader.version === versionV1 ? "1" : "2c";
      return "version";
    }
    if (!sameOctets(bytes, reader.communityFrom, reader.communityTo, security.community)) {
      if (isFrom(peer, sender)) pending.otherCommunity = true;
      return "community";
    }
    return isFromAsked(pending, socket, sender) ? take(pending, id) : "source";
  }

  function judgeV3(socket: SharedSocket, bytes: Uint8Array, sender: Sender): SnmpDrop | undefined {
    const from = peerAt(sender);
    const isExpected = from === undefined || from.security.version === 3;
    if (!readV3Header(header, reader, bytes)) {
      if (from !== undefined) from.malformed += 1;
      return isExpected ? "malformed" : "version";
    }
    const id = header.messageId;
    const pending = inFlight.get(id);
    if (pending === undefined) return requestIds.endedAs(id) ?? (isExpected ? "unknownId" : "version");
    const { attempt, peer } = pending;
    if (attempt === undefined || peer.security.version !== 3) return "version";
    if (!isFromAsked(pending, socket, sender)) return "source";
    const outdated = pending.ids.indexOf(id) < attempt.outdated;
    const verdict = peer.security.session.judge(header, reader, attempt, pending.ids[0] ?? id, outdated);
    if (verdict === "answer") return take(pending, id);
    if (verdict !== "again" && verdict !== "refused") {
      if (verdict === "malformed") pending.malformed = true;
      else pending.disbelieved = verdict;
      return verdict;
    }
    requests.add("reports");
    if (verdict === "again") {
      attempt.corrections += 1;
      attempt.outdated = pending.ids.length;
      attempt.refusal = undefined;
      transmit(pending, socket);
    }
    return undefined;
  }

  function isFrom(peer: Peer, sender: Sender): boolean {
    return peer.anySource || sender.is(peer.destination);
  }

  function isFromAsked(pending: Pending, socket: SharedSocket, sender: Sender): boolean {
    const { peer } = pending;
    if (isFrom(peer, sender) && socketOf(peer) === socket) return true;
    pending.otherSource = `${sender.address()} port ${sender.port()}`;
    return false;
  }

  /** The reader stands before the bindings of a response to message `id` that is from the right router. */
  function take(pending: Pending, id: number): SnmpDrop | undefined {
    const verdict = pending.accept(reader);
    if (verdict !== "accepted") {
      pending[verdict] = true;
      return verdict;
    }
    const toItsLast = pending.sent === 1 || (pending.attempt !== undefined && pending.ids.at(-1) === id);
    if (toItsLast) takeSample(pending.lane, elapsed(pending.sentAt, clock.now()));
    finish(pending, undefined);
    return undefined;
  }

  return {
    dropped,
    requests,
    waiting: timeouts.size,
    async start() {
      const create = await openUdp(limits.socketKind);
      createSocket = create;
      await Promise.all([...families()].map((family) => openFamily(family, create).opened));
    },
    async stop() {
      createSocket = undefined;
      const all = [...sockets.values()].flat();
      for (const pending of [...all.flatMap(({ window }) => window.close()), ...inFlight.values()]) {
        const waiting = pending.lane.waiting?.splice(0) ?? [];
        finish(pending, { kind: "aborted" });
        for (const behind of waiting) {
          behind.lane.inFlight += 1;
          finish(behind, { kind: "aborted" });
        }
      }
      timeouts.stop();
      sockets.clear();
      await Promise.all(all.map((socket) => socket.udp.stop()));
    },
    submit(peer, lane, template, accept, done, retries = limits.retries) {
      const now = clock.now();
      const pending: Pending = {
        peer,
        lane,
        template,
        accept,
        done,
        retries,
        ids: noIds,
        attempt: peer.security.version === 3 ? createAttempt() : undefined,
        sent: 0,
        sentAt: now,
        startedAt: now,
        holdsWindow: false,
        finished: false,
        deadline: now,
        heapPlace: -1,
        malformedBefore: peer.malformed,
        otherSource: undefined,
        otherCommunity: false,
        otherVersion: undefined,
        malformed: false,
        wrongOid: false,
        disbelieved: undefined,
      };
      if (createSocket === undefined) {
        lane.inFlight += 1;
        finish(pending, { kind: "aborted" });
      } else if (lane.inFlight >= limits.perLane) {
        lane.waiting ??= [];
        lane.waiting.push(pending);
      } else {
        lane.inFlight += 1;
        enter(pending);
      }
      return pending;
    },
    abort(pending) {
      if (pending.finished) return;
      const { waiting } = pending.lane;
      const queued = waiting?.indexOf(pending) ?? -1;
      if (queued >= 0) {
        waiting?.splice(queued, 1);
        pending.lane.inFlight += 1;
      }
      finish(pending, { kind: "aborted" });
    },
  };
}
