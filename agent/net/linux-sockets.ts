// Probe sockets on Linux through libc: ICMP datagram sockets (raw ones where those are not allowed) and
// UDP, of either family, with receive stamps by the kernel. Calls block only in `wait`.

import { type Instant, monotonicNow } from "../lib/clock.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { ipv4Payload } from "../wire/icmp.ts";
import type { Family } from "./endpoint.ts";
import { clockErrorOf, momentsOf } from "./linux-clock.ts";
import { createDepartureReader, createDepartures } from "./linux-departures.ts";
import type { Libc } from "./linux-libc.ts";
import {
  IP_MTU_DISCOVER,
  IP_PMTUDISC_DONT,
  IP_TOS,
  IPPROTO_UDP,
  IPV6_MTU_DISCOVER,
  IPV6_TCLASS,
  IPV6_V6ONLY,
  MSG_DONTWAIT,
  PMTUDISC_DO,
  POLLERR,
  POLLIN,
  PR_SET_TIMERSLACK,
  rxSoftwareStamps,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_TIMESTAMPING,
  SOCK_DGRAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from "./linux-libc.ts";
import { createMessageBatch } from "./linux-messages.ts";
import { openingOf } from "./linux-opening.ts";
import { receiveBuffersOf } from "./linux-receive-buffer.ts";
import {
  longestWait,
  type Outgoing,
  type ProbeSocket,
  type ProbeSocketError,
  type ProbeSockets,
  type SocketProfile,
} from "./probe-sockets.ts";

/** Datagrams of one sendmmsg share our own transmit stamp, so a longer batch would falsify the later ones. */
const sendBatch = 8;
/** Where the kernel stamps each of them, only the guard looks at ours. */
const stampedSendBatch = 32;
const receiveBatch = 64;
/** So many datagrams in one read are a flood, or work for a fast prober: from here on each arrival ends a wait. */
const manyArrivals = 32;
/** Else what has arrived, stamped by the kernel, waits so long at most, in ms: a wake-up for each answer costs more than it. */
const nap = 20;
/** Receive calls in a row before the others get their turn: a flood must not stop the sending. */
const receiveRounds = 32;
/** A send that took longer was preempted (facts on probing, 4, guard 1). In nanoseconds. */
const preemptionLimit = 200_000;
/** Datagrams per second of a socket above which the kernel's transmit stamps are not asked for (decision 22). */
const stampedRate = 60_000;
const receiveBuffer = 1 << 20;
const maxSockets = 256;

/** `random` gives 32 random bits. */
export function createLinuxSockets(libc: Libc, random: () => number): ProbeSockets {
  const polled = libc.arena(maxSockets * 8);
  const timeout = libc.arena(16);
  const outgoing = createMessageBatch(libc, stampedSendBatch);
  const incoming = createMessageBatch(libc, receiveBatch);
  const departureReader = createDepartureReader(libc);
  const now = momentsOf(libc);
  const receiveBufferOf = receiveBuffersOf(libc);
  const opening = openingOf(libc);
  const { option } = opening;
  /** Messages to prepare: at first all, then those that were filled at the last time, by whichever socket. */
  let filled = receiveBatch;
  let manyCame = false;
  let yieldedAt = 0;
  const open: { readonly fd: number; stamped: boolean }[] = [];

  /** Writes a struct pollfd. */
  function pollAlso(fd: number, place: number): void {
    polled.view.setInt32(place * 8, fd, true);
    polled.view.setInt16(place * 8 + 4, POLLIN, true);
  }

  /** What is to stand in the headers of all that is sent. */
  function mark(fd: number, { family, dscp, dontFragment }: SocketProfile): void {
    const [level, tos, discover] =
      family === 4 ? [SOL_IP, IP_TOS, IP_MTU_DISCOVER] : [SOL_IPV6, IPV6_TCLASS, IPV6_MTU_DISCOVER];
    // The other two bits are those of ECN.
    if (dscp !== 0) option(fd, level, tos, dscp << 2);
    if (dontFragment) option(fd, level, discover, PMTUDISC_DO);
    // Without this the kernel sets DF all the same where the packet fits. Routers never fragment IPv6.
    else if (family === 4) option(fd, level, discover, IP_PMTUDISC_DONT);
  }

  function prepared(fd: number, profile: SocketProfile): ProbeSocketError | undefined {
    if (option(fd, SOL_SOCKET, SO_RCVBUFFORCE, receiveBuffer) !== 0) {
      // Needs a capability; without it the kernel's limit holds (net.core.rmem_max).
      option(fd, SOL_SOCKET, SO_RCVBUF, receiveBuffer);
    }
    if (option(fd, SOL_SOCKET, SO_TIMESTAMPING, rxSoftwareStamps) !== 0) {
      return { kind: "failed", message: `the kernel gives no receive stamps: ${libc.lastError()}` };
    }
    mark(fd, profile);
    return opening.bind(fd, profile, "the probe's");
  }

  function finish(
    fd: number,
    profile: SocketProfile,
    rate: number,
    raw: { readonly identifier: number } | undefined,
  ): Result<ProbeSocket, ProbeSocketError> {
    const failed =
      open.length === maxSockets
        ? { kind: "failed" as const, message: `more than ${maxSockets} different sources and options of probes` }
        : prepared(fd, profile);
    if (failed !== undefined) {
      libc.close(fd);
      return err(failed);
    }
    pollAlso(fd, open.length);
    const place = { fd, stamped: false };
    open.push(place);
    const identifier = raw?.identifier ?? opening.localPort(fd);
    return ok(socketOver(place, profile.family, rate, identifier, raw !== undefined));
  }

  function socketOver(
    place: (typeof open)[number],
    family: Family,
    rate: number,
    identifier: number,
    raw: boolean,
  ): ProbeSocket {
    const { fd } = place;
    const departures = rate > stampedRate ? undefined : createDepartures(departureReader, option, fd);
    // A raw socket of IPv6 hands out no header (RFC 3542 section 3).
    const headed = raw && family === 4;
    const buffer = receiveBufferOf(fd);
    return {
      identifier,
      raw,
      send(batch) {
        const atOnce = departures === undefined ? sendBatch : stampedSendBatch;
        for (let first = 0; first < batch.length; first += atOnce) {
          const end = Math.min(batch.length, first + atOnce);
          const before = now();
          for (let i = first; i < end; i++) {
            const datagram = batch[i] as Outgoing;
            outgoing.address(i - first, datagram.to, datagram.write(outgoing.data(i - first), before));
          }
          for (let next = first; next < end; ) {
            const address = outgoing.headers.address + (next - first) * 64;
            const sent = libc.sendmmsg(fd, address, end - next, MSG_DONTWAIT);
            if (sent > 0) {
              const until = next + sent;
              for (; next < until; next++) departures?.sent(batch[next] as Outgoing);
            } else {
              // The errno is that of the first datagram not sent; the others get their own chance.
              const code = libc.lastError();
              if (code === "EINTR") continue;
              departures?.failed(now());
              batch[next]?.failed(code);
              next++;
            }
          }
          const after = now();
          if (after.realtime - before.realtime > preemptionLimit) {
            for (let i = first; i < end; i++) batch[i]?.preempted();
          }
          // Most drivers stamp within the call. What was preempted is sound again where the kernel knows when it left.
          departures?.read(after);
        }
      },
      receive(take) {
        for (let round = 0; round < receiveRounds; round++) {
          buffer.look();
          incoming.reset(filled);
          const count = libc.recvmmsg(fd, incoming.headers.address, receiveBatch, MSG_DONTWAIT, 0);
          filled = Math.max(0, count);
          if (count < 0) {
            if (libc.lastError() === "EAGAIN") {
              // Else its wait would end at once for ever.
              if (place.stamped) departures?.read(now());
              place.stamped = false;
              return true;
            }
            // An error that was pending on the socket; reading it has cleared it.
            continue;
          }
          manyCame ||= count >= manyArrivals;
          const readAt = now();
          // After the answers were fetched and before they are handed over: no answer is ahead of its probe's stamp.
          if (departures !== undefined && (place.stamped || departures.waiting())) departures.read(readAt);
          place.stamped = false;
          for (let i = 0; i < count; i++) {
            const { bytes, from, realtime } = incoming.received(i);
            if (raw) from.port = 0;
            take({ bytes: headed ? behindHeader(bytes) : bytes, from, realtime: realtime ?? readAt.realtime, readAt });
          }
          if (count < receiveBatch) return true;
        }
        return false;
      },
      overflowed: buffer.overflowed,
      close() {
        const at = open.indexOf(place);
        // Closed already: the number may be another file's by now.
        if (at < 0) return;
        open.splice(at, 1);
        libc.close(fd);
        open.forEach((other, i) => {
          pollAlso(other.fd, i);
        });
      },
    };
  }

  function notOpened(code: string, family: Family): ProbeSocketError {
    return code === "EAFNOSUPPORT"
      ? { kind: "unavailable", message: `this host has no IPv${family}` }
      : { kind: "failed", message: `cannot open a socket: ${code}` };
  }

  function openRawIcmp(profile: SocketProfile, rate: number): Result<ProbeSocket, ProbeSocketError> {
    const { family } = profile;
    const fd = opening.rawIcmp(family);
    if (fd < 0) {
      const code = libc.lastError();
      if (code !== "EPERM" && code !== "EACCES") return err(notOpened(code, family));
      return err({
        kind: "noPermission",
        message:
          "ICMP is not permitted: set the sysctl net.ipv4.ping_group_range (IPv6 heeds it too) to the group of this " +
          `process ("${process.getgid?.() ?? 0} ${process.getgid?.() ?? 0}", in this network namespace), or give it CAP_NET_RAW`,
      });
    }
    return finish(fd, profile, rate, { identifier: 1 + (random() % 0xffff) });
  }

  function block(until: Instant, from: Instant): undefined {
    const left = Math.min(Math.max(until - from, 0), manyCame ? longestWait : nap);
    const watched = manyCame ? open.length : 0;
    manyCame = false;
    // Less than a second, and so less than 2^31 nanoseconds.
    timeout.view.setInt32(8, Math.round(left * 1e6), true);
    if (libc.ppoll(polled.address, watched, timeout.address, 0) <= 0) return;
    open.forEach((place, i) => {
      if ((polled.view.getInt16(i * 8 + 6, true) & POLLERR) !== 0) place.stamped = true;
    });
  }

  libc.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);

  return {
    now,
    clockError: clockErrorOf(libc),
    openIcmp(profile, rate) {
      const fd = opening.icmp(profile.family);
      return fd < 0 ? openRawIcmp(profile, rate) : finish(fd, profile, rate, undefined);
    },
    async openUdp(profile, rate) {
      const fd = opening.socket(profile.family, SOCK_DGRAM, IPPROTO_UDP);
      if (fd < 0) return err(notOpened(libc.lastError(), profile.family));
      // Else it would take what comes over IPv4 as well.
      if (profile.family === 6) option(fd, SOL_IPV6, IPV6_V6ONLY, 1);
      return finish(fd, profile, rate, undefined);
    },
    wait(until) {
      const from = monotonicNow();
      if (from - yieldedAt < longestWait) return block(until, from);
      // A turn of the event loop: control messages come by it, and ppoll blocks the thread. It costs as much as the rest.
      yieldedAt = from;
      return new Promise<void>((resolve) => setImmediate(resolve)).then(() => block(until, monotonicNow()));
    },
    close() {
      for (const { fd } of open.splice(0)) libc.close(fd);
    },
  };
}

/** Empty where there is no such thing. */
function behindHeader(datagram: Uint8Array): Uint8Array {
  const payload = ipv4Payload(datagram);
  return payload.ok ? payload.value : datagram.subarray(0, 0);
}
