// The prober's turn: read what has arrived, send what is due, settle what has expired, report. It runs in the
// worker; sockets, time and randomness are handed in.

import type { KeyObject } from "node:crypto";
import type { ProbeObservation } from "../estate/observation.ts";
import type { Unsent } from "../estate/unsent.ts";
import { elapsed, type Instant, later } from "../lib/clock.ts";
import { createCounters } from "../lib/counters.ts";
import { milliseconds } from "../lib/duration.ts";
import { type Endpoint, parseEndpoint, sameEndpoint } from "../net/endpoint.ts";
import {
  clockOffset,
  epochBase,
  type Incoming,
  type Moment,
  type Outgoing,
  type ProbeSocket,
  type ProbeSockets,
  type SocketProfile,
} from "../net/probe-sockets.ts";
import { type EchoTypes, icmpEcho, icmpv6Echo, probePayloadLength, writeProbeRequest } from "../wire/icmp.ts";
import { estimateOf, ntpTimestamp, stampLength, writeSender } from "../wire/stamp.ts";
import { isAuthentic, stampKey, writeAuthenticatedSender } from "../wire/stamp-authenticated.ts";
import { writePadding } from "../wire/stamp-padding.ts";
import { type Claim, oneWayDelays, readEchoReply, readStampReply, type StampClaim } from "./answer.ts";
import { type FromWorker, type ProbeStream, probeDropKinds } from "./messages.ts";
import { createOutlet, type Outlet } from "./outlet.ts";
import { createOutletNews, type OutletNews } from "./outlet-news.ts";
import { createSchedule } from "./schedule.ts";
import { createSession, type FarEnd, type Nonce, type Session } from "./session.ts";
import { Slots, slotsOf } from "./slots.ts";
import { createSendTrouble, unsentBy } from "./trouble.ts";

/** The wall clock moved more than its reading is uncertain: it was set (facts on probing, 4, guard 2). In ns. */
const stepLimit = 100_000;
const reportEvery = milliseconds(250);

export interface EngineDeps {
  readonly sockets: ProbeSockets;
  /** 32 random bits, unpredictable to the far end. */
  readonly random: () => number;
  readonly emit: (message: FromWorker) => void;
  /** Its own where it is the only engine. */
  readonly news?: OutletNews;
}

export interface Engine {
  /** Opens the sockets. */
  open(): Promise<void>;
  /** Does what is to be done now; gives when the next is due. A promise only when a socket has to be opened. */
  turn(): Instant | Promise<Instant>;
  /** Reports what has settled since the last report. */
  report(): void;
  /** Gives the sockets back; nothing is reported any more. */
  close(): void;
}

/** A stream as the worker runs it. */
interface Running extends ProbeStream {
  readonly number: number;
  readonly to: Endpoint | undefined;
  /** Octets, as ProbeTarget counts them. */
  readonly size: number;
  readonly ssid: number;
  readonly key: KeyObject | undefined;
  readonly outlet: Outlet;
  readonly session: Session;
}

export function createEngine(
  { sockets, random, emit, news = createOutletNews(emit) }: EngineDeps,
  streams: readonly ProbeStream[],
  lastReceivedAt: readonly (Instant | undefined)[] = [],
): Engine {
  const start = sockets.now().monotonic;
  const outlets = new Map<string, Outlet>();
  const firstSsid = random() & 0xffff;
  const slots = new Slots(streams.reduce((sum, { target }) => sum + slotsOf(target), 0));
  const running: readonly Running[] = streams.map((stream, number) => {
    const { technique, address, port, size, key } = stream.target;
    const there = parseEndpoint(address, technique === "icmp" ? 0 : port);
    const profile = profileOf(stream.target, there);
    // Not from any other source than the one that is asked for.
    const to = stream.target.source !== undefined && profile.source === undefined ? undefined : there;
    const authenticated = key !== undefined;
    // The two modes of STAMP have different layouts, and no octet that says which: each has its sockets.
    const place = JSON.stringify([technique, profile, authenticated]);
    const outlet = outlets.get(place) ?? createOutlet(sockets, technique, profile, news, authenticated);
    outlets.set(place, outlet);
    outlet.rate += 1_000 / stream.target.interval;
    return {
      ...stream,
      number,
      to,
      size: size ?? (technique === "icmp" ? probePayloadLength : stampLength),
      // 0 would say that there is none. Beyond 65,535 sessions they repeat, and the nonce decides.
      ssid: 1 + ((firstSsid + number) % 0xffff),
      key: key && stampKey(key),
      outlet,
      session: createSession(stream.target, lastReceivedAt[number], slots),
    };
  });
  const schedule = createSchedule(
    streams.map(({ target }) => target.interval),
    start,
  );
  const reflected = running.filter(({ target }) => target.technique === "stamp");
  const bySsid = Map.groupBy(reflected, ({ ssid }) => ssid);
  const byEndpoint = Map.groupBy(reflected, ({ to }) => endpointKey(to));
  const trouble = createSendTrouble(emit);
  /** By stream: why a probe of it did not leave since the last report. */
  const unsent: (Unsent | undefined)[] = streams.map(() => undefined);
  let dropped = createCounters(probeDropKinds);
  let skippedTold = 0;
  let clockError = sockets.clockError();
  let estimate = estimateOf(clockError);
  let reportAt = later(start, reportEvery);

  function take(outlet: Outlet, datagram: Incoming, socket: ProbeSocket): void {
    if (outlet.technique === "icmp") {
      const claim = readEchoReply(echoTypes(outlet), datagram.bytes, socket);
      if (claim === "notOurs") return;
      if (typeof claim === "string") dropped.add(claim);
      else {
        const stream = running[claim.stream];
        // What is cut or lengthened is no echo; over IPv6 no checksum that is seen here says so.
        if (stream !== undefined && claim.size !== stream.size) dropped.add("malformed");
        else settle(outlet, datagram, claim, [stream]);
      }
    } else {
      const claim = readStampReply(datagram.bytes, outlet.authenticated);
      if (typeof claim === "string") dropped.add(claim);
      else {
        const candidates = claim.ssid === 0 ? byEndpoint.get(endpointKey(datagram.from)) : bySsid.get(claim.ssid);
        settle(outlet, datagram, claim, candidates ?? []);
      }
    }
  }

  function settle(
    outlet: Outlet,
    datagram: Incoming,
    claim: Claim | StampClaim,
    candidates: readonly (Running | undefined)[],
  ): void {
    let miss: "foreign" | "forged" | "wrongSource" | "unauthenticated" = "foreign";
    for (const stream of candidates) {
      if (stream === undefined || stream.outlet !== outlet) continue;
      const match = stream.session.find(claim.sequence, claim.nonce, claim.tag);
      if (match === "unknown") continue;
      if (stream.key !== undefined && !isAuthentic(datagram.bytes, stream.key)) {
        miss = "unauthenticated";
        continue;
      }
      if (match === "forged") miss = "forged";
      else if (stream.to === undefined || !sameEndpoint(stream.to, datagram.from)) {
        miss = "wrongSource";
      } else {
        const realtime = datagram.realtime - match.realtime;
        const stepped = isStep(match, datagram.readAt);
        const took = stepped ? elapsed(match.monotonic, datagram.readAt.monotonic) : milliseconds(realtime / 1e6);
        const delay = took / 1_000 - claim.turnaround;
        // A turnaround that is negative or longer than the whole trip is a fault of the far end's clock.
        const trusted = match.trusted && !stepped && claim.turnaround >= 0 && delay >= 0;
        const far = "reflector" in claim ? farEnd(claim, match.realtime, datagram.realtime) : undefined;
        stream.session.answered(match, took, trusted ? delay : undefined, later(match.monotonic, took), far);
        return;
      }
    }
    dropped.add(miss);
  }

  function farEnd({ reflector }: StampClaim, left: number, arrived: number): FarEnd {
    return { reflected: reflector.sequence, oneWay: oneWayDelays(reflector, left, arrived, clockError) };
  }

  function write(stream: Running, identifier: number, into: Uint8Array, at: Moment): number {
    const { session, outlet, size } = stream;
    if (outlet.technique === "icmp") {
      const cookie: Nonce = [random(), random()];
      const tag = outlet.nextTag();
      const sequence = session.depart(cookie, tag, at);
      const head = { identifier, sequence: tag };
      return writeProbeRequest(into, echoTypes(outlet), head, { stream: stream.number, sequence, cookie }, size);
    }
    const whole = Math.floor(at.realtime / 1e9);
    const { seconds, fraction: exact } = ntpTimestamp(epochBase + whole, at.realtime - whole * 1e9);
    // The last 15 µs are random: who answers must have seen the probe. Our own reckoning uses `at`.
    const fraction = ((exact & 0xffff_0000) | (random() & 0xffff)) >>> 0;
    const sequence = session.depart([seconds, fraction], 0, at);
    const packet = { sequence, timestamp: { seconds, fraction }, errorEstimate: estimate, ssid: stream.ssid };
    if (stream.key !== undefined) return writeAuthenticatedSender(into, packet, stream.key);
    writeSender(into, packet);
    return writePadding(into, size);
  }

  /** A class: the closures of a probe would be six objects. */
  class Departing implements Outgoing {
    readonly to: Endpoint;
    readonly stream: Running;
    readonly identifier: number;
    sequence = 0;
    stamp: Moment | undefined;

    constructor(stream: Running, to: Endpoint, identifier: number) {
      this.to = to;
      this.stream = stream;
      this.identifier = identifier;
    }

    write(into: Uint8Array, at: Moment): number {
      this.stamp = at;
      this.sequence = this.stream.session.nextSequence();
      return write(this.stream, this.identifier, into, at);
    }

    preempted(): void {
      this.stream.session.preempted(this.sequence);
    }

    left(realtime: number, readAt: Moment): void {
      const stamp = this.stamp;
      // Across a step the two stamps do not compare, and our own is what shows the step when the answer comes. One that is
      // earlier than our own is of another datagram.
      if (stamp === undefined || isStep(stamp, readAt) || realtime < stamp.realtime) return;
      this.stream.session.left(this.sequence, realtime);
    }

    failed(code: string): void {
      const { session, outlet } = this.stream;
      session.failed(this.sequence);
      outlet.failed(code);
      couldNotSend(this.stream, code);
    }
  }

  function couldNotSend({ number, target }: Running, code: string): void {
    unsent[number] = unsentBy(code);
    trouble.failed(number, target, code);
  }

  function send(now: Instant): void {
    for (const number of schedule.due(now)) {
      const stream = running[number];
      if (stream === undefined) continue;
      const { outlet, session, to } = stream;
      const socket = outlet.socket();
      if (to === undefined || socket === undefined) {
        session.failed(undefined);
        if (to === undefined) couldNotSend(stream, "not an IP address");
        // The outlet has said why it has no socket.
        else unsent[number] = outlet.problem();
        continue;
      }
      // Unless it fails now, it works again.
      trouble.trying(number);
      outlet.outbox.push(new Departing(stream, to, socket.identifier));
    }
    for (const outlet of outlets.values()) {
      if (outlet.outbox.length > 0) outlet.socket()?.send(outlet.outbox.splice(0));
    }
  }

  function read(now: Instant): void {
    for (const outlet of outlets.values()) {
      let lastArrival = outlet.readUntil;
      const isEmptied = outlet.receive(now, (datagram, socket) => {
        lastArrival = later(
          datagram.readAt.monotonic,
          milliseconds((datagram.realtime - datagram.readAt.realtime) / 1e6),
        );
        take(outlet, datagram, socket);
      });
      // What is still in the buffer arrived after what was read last, and must not be called lost. By a wall clock that was set
      // back meanwhile that arrived in the future.
      outlet.readUntil = isEmptied ? now : (Math.min(lastArrival, now) as Instant);
    }
  }

  function report(): void {
    clockError = sockets.clockError();
    estimate = estimateOf(clockError);
    const at = sockets.now().monotonic;
    for (const outlet of outlets.values()) dropped.add("overflow", outlet.countOverflow(at));
    const observations: ProbeObservation[] = [];
    for (const { of, index, number, target, session, outlet } of running) {
      session.expire(outlet.readUntil, outlet.mayHaveDropped);
      const counts = session.drain();
      if (counts === undefined) continue;
      const { technique } = target;
      const observation: ProbeObservation = { kind: "probe", of, index, technique, at, ...counts };
      const why = unsent[number];
      // Most are sent, and each field more is copied from thread to thread.
      observations.push(why === undefined ? observation : { ...observation, unsent: why });
      unsent[number] = undefined;
    }
    emit({ kind: "batch", observations, dropped: dropped.read(), skipped: schedule.skipped() - skippedTold });
    dropped = createCounters(probeDropKinds);
    skippedTold = schedule.skipped();
    trouble.report();
  }

  async function openAll(now: Instant): Promise<void> {
    for (const outlet of outlets.values()) await outlet.open(now);
  }

  /** The rest of a turn, when what can be opened is open. */
  function finish(now: Instant): Instant {
    send(now);
    if (now >= reportAt) {
      report();
      reportAt = later(now, reportEvery);
    }
    return Math.min(schedule.next(), reportAt) as Instant;
  }

  return {
    open: () => openAll(start),
    turn() {
      const now = sockets.now().monotonic;
      read(now);
      for (const outlet of outlets.values()) if (!outlet.sound()) return openAll(now).then(() => finish(now));
      return finish(now);
    },
    report,
    close() {
      for (const outlet of outlets.values()) outlet.close();
    },
  };
}

/** The wall clock was set between the two. */
function isStep(from: Moment, to: Moment): boolean {
  return Math.abs(clockOffset(to) - clockOffset(from)) > stepLimit;
}

/** Streams of equal profiles share a socket. */
function profileOf(
  { source, interface: name, dscp = 0, dontFragment = false }: ProbeStream["target"],
  to: Endpoint | undefined,
): SocketProfile {
  return {
    family: to?.family ?? 4,
    source: source === undefined ? undefined : parseEndpoint(source, 0),
    interface: name,
    dscp,
    dontFragment,
  };
}

function echoTypes({ family }: Outlet): EchoTypes {
  return family === 4 ? icmpEcho : icmpv6Echo;
}

/** Where the answers to a stream come from. */
function endpointKey(from: Endpoint | undefined): string {
  return from === undefined ? "" : `${from.words} ${from.port}`;
}
