// SNMPv3 notifications (RFC 3414 section 3.2). Of a trap its sender is the authoritative engine, whose time we follow; of
// an inform we are, so it is told our engine id and time, and why a message of it is not taken. No I/O.

import { type Clock, elapsed, type Instant } from "../lib/clock.ts";
import { createCounters } from "../lib/counters.ts";
import { createReader } from "../wire/ber.ts";
import { encodePdu, type Pdu, readPdu, versionV2c } from "../wire/snmp/message.ts";
import { type Notification, readNotification } from "../wire/snmp/notification.ts";
import { oid } from "../wire/snmp/oid.ts";
import { sameOctets } from "../wire/snmp/response.ts";
import { greatestBoots, isAuthentic, timeWindow } from "../wire/snmp/usm.ts";
import { decrypt, mostPadding, saltOf } from "../wire/snmp/usm-privacy.ts";
import {
  createScopedPdu,
  createV3Header,
  encodeScopedPdu,
  encodeV3,
  flagAuth,
  flagPrivacy,
  flagReportable,
  leastEngineId,
  noKeys,
  readScopedPdu,
  readV3Header,
  type UsmKeys,
} from "../wire/snmp/v3.ts";
import type { Heard } from "./snmp-notification-community.ts";
import type { NotificationDrop } from "./snmp-notification-counts.ts";
import type { OwnEngine } from "./snmp-own-engine.ts";
import type { LocalKeys, UsmUser } from "./snmp-usm-keys.ts";
import { reportCounters } from "./snmp-v3-report.ts";

/** An engine that sent an authentic trap: its keys, and its time as it told it last (RFC 3414 section 2.3). */
interface SendingEngine {
  readonly keys: UsmKeys;
  boots: number;
  /** Seconds, at the instant `at`. */
  time: number;
  at: Instant;
  /** latestReceivedEngineTime */
  latest: number;
}

/** A user that may notify from some address. */
export interface NotifyingUser {
  readonly user: UsmUser;
  readonly name: Uint8Array;
  /** By engine id in hexadecimal; none that did not send an authentic trap. */
  readonly engines: Map<string, SendingEngine>;
}

export function notifyingUser(user: UsmUser): NotifyingUser {
  return { user, name: new TextEncoder().encode(user.name), engines: new Map() };
}

export interface V3NotificationReceiver {
  receive<U extends NotifyingUser>(bytes: Uint8Array, users: readonly U[]): Heard<U>;
}

/** A router has one engine; a chassis with several supervisors a few. More are forgotten, the oldest first. */
const mostEngines = 8;

const nothing = new Uint8Array(0);
const usmReports = [
  "unsupportedSecurityLevel",
  "notInTimeWindow",
  "unknownUser",
  "unknownEngineId",
  "wrongDigest",
  "decryptionError",
] as const;
type UsmReport = (typeof usmReports)[number];

export function createV3NotificationReceiver(deps: {
  readonly clock: Clock;
  readonly keys: LocalKeys;
  readonly nextSalt: () => bigint;
  readonly engine: OwnEngine;
}): V3NotificationReceiver {
  const { clock, keys, nextSalt, engine: own } = deps;
  const startedAt = clock.now();
  const ownKeys = new Map<UsmUser, UsmKeys>();
  const h = createV3Header();
  const r = createReader(nothing);
  const scope = createScopedPdu();
  const usmStats = createCounters(usmReports);

  const ownTime = () => Math.min(greatestBoots, Math.floor(elapsed(startedAt, clock.now()) / 1_000));

  function ownKeysOf(user: UsmUser): UsmKeys {
    let local = ownKeys.get(user);
    if (local === undefined) {
      local = keys(user, own.id);
      ownKeys.set(user, local);
    }
    return local;
  }

  function seal(bytes: Uint8Array, using: UsmKeys, scoped: Uint8Array): Uint8Array {
    const salt = using.privacy === undefined ? nothing : saltOf(using.privacy.protocol, own.boots, nextSalt());
    const user = bytes.subarray(h.userFrom, h.userTo);
    const now = { engineId: own.id, boots: own.boots, time: ownTime() };
    return encodeV3({ messageId: h.messageId, reportable: false, ...now, user, keys: using, salt }, scoped);
  }

  /** RFC 3412 section 7.1 step 3. */
  function report(bytes: Uint8Array, what: UsmReport, using: UsmKeys): Uint8Array {
    usmStats.add(what);
    const counted = {
      oid: oid(reportCounters[what]),
      value: { type: "counter32", value: usmStats.read()[what] % 2 ** 32 },
    } as const;
    const pdu: Pdu = {
      type: "report",
      requestId: requestIdOf(bytes),
      errorStatus: 0,
      errorIndex: 0,
      varbinds: [counted],
    };
    return seal(bytes, using, encodeScopedPdu(own.id, nothing, encodePdu(pdu)));
  }

  /** 0 where it is encrypted, or cannot be read. */
  function requestIdOf(bytes: Uint8Array): number {
    if ((h.flags & flagPrivacy) !== 0 || !readScopedPdu(scope, r, bytes, h.dataFrom, h.dataTo, 0)) return 0;
    return readPdu(r, scope.pduTo)?.requestId ?? 0;
  }

  function dropped(
    bytes: Uint8Array,
    drop: NotificationDrop,
    what: UsmReport | undefined,
    using = noKeys,
  ): Heard<never> {
    // What does not ask for a report gets none: it may be a trap, whose sender does not listen.
    const answer = what !== undefined && (h.flags & flagReportable) !== 0 ? report(bytes, what, using) : undefined;
    return { kind: "dropped", drop, answer };
  }

  function receive<U extends NotifyingUser>(bytes: Uint8Array, users: readonly U[]): Heard<U> {
    if (!readV3Header(h, r, bytes)) return { kind: "dropped", drop: "malformed", answer: undefined };
    const isOurs = sameOctets(bytes, h.engineFrom, h.engineTo, own.id);
    const reportable = (h.flags & flagReportable) !== 0;
    if (!isOurs && h.engineTo - h.engineFrom < leastEngineId) {
      return reportable
        ? { kind: "discovery", answer: report(bytes, "unknownEngineId", noKeys) }
        : dropped(bytes, "engine", undefined);
    }
    if (isOurs) return receiveAsAuthority(bytes, users);
    const heard = receiveFromAuthority(bytes, users);
    // Some senders ask for reports of their traps, so it is the PDU that counts (RFC 3412 section 6.4). Whatever
    // was not taken may have been an inform: then its sender needs our engine id.
    if (heard.kind !== "dropped" || !reportable) return heard;
    return { ...heard, answer: report(bytes, "unknownEngineId", noKeys) };
  }

  /** The users that the message may be of; why there is none otherwise. */
  function claimed<U extends NotifyingUser>(bytes: Uint8Array, users: readonly U[]): readonly U[] | "user" | "level" {
    const named = users.filter(({ name }) => sameOctets(bytes, h.userFrom, h.userTo, name));
    if (named.length === 0) return "user";
    const level = h.flags & (flagAuth | flagPrivacy);
    const levelled = named.filter(({ user }) => levelOfUser(user) === level);
    return levelled.length === 0 ? "level" : levelled;
  }

  /** To our own engine. */
  function receiveAsAuthority<U extends NotifyingUser>(bytes: Uint8Array, users: readonly U[]): Heard<U> {
    const candidates = claimed(bytes, users);
    if (candidates === "user") return dropped(bytes, "user", "unknownUser");
    if (candidates === "level") return dropped(bytes, "level", "unsupportedSecurityLevel");
    const by = candidates.find(({ user }) => isBy(bytes, ownKeysOf(user)));
    if (by === undefined) return dropped(bytes, "digest", "wrongDigest");
    const local = ownKeysOf(by.user);
    if (local.auth !== undefined) {
      const timely = own.boots < greatestBoots && h.boots === own.boots && Math.abs(h.time - ownTime()) <= timeWindow;
      // The report is authentic, so that the sender may set its time by it.
      if (!timely) return dropped(bytes, "window", "notInTimeWindow", { ...local, privacy: undefined });
    }
    const read = open(bytes, local);
    if (typeof read === "string")
      return dropped(bytes, read, read === "decryption" ? "decryptionError" : undefined, {
        ...local,
        privacy: undefined,
      });
    if (!read.confirmed) return { kind: "notification", by, notification: read, answer: undefined };
    const { requestId, varbinds } = read;
    const context = r.bytes.subarray(scope.contextFrom, scope.contextTo);
    const contextEngine = r.bytes.subarray(scope.engineFrom, scope.engineTo);
    const response = encodePdu({ type: "response", requestId, errorStatus: 0, errorIndex: 0, varbinds });
    const answer = seal(bytes, local, encodeScopedPdu(contextEngine, context, response));
    return { kind: "notification", by, notification: read, answer };
  }

  /** From an engine that is its own authority: a trap. */
  function receiveFromAuthority<U extends NotifyingUser>(bytes: Uint8Array, users: readonly U[]): Heard<U> {
    const candidates = claimed(bytes, users);
    if (typeof candidates === "string") return dropped(bytes, candidates, undefined);
    const engineId = bytes.subarray(h.engineFrom, h.engineTo);
    const id = Buffer.from(engineId).toString("hex");
    for (const by of candidates) {
      let sender = by.engines.get(id);
      // The key of privacy may take a thousand times as long as that of authentication: only for whom is authentic.
      const known = sender?.keys ?? keys({ ...by.user, privacy: undefined }, engineId);
      if (!isBy(bytes, known)) continue;
      if (sender === undefined) {
        const local = keys(by.user, Uint8Array.from(engineId));
        sender = { keys: local, boots: 0, time: 0, at: clock.now(), latest: 0 };
        const [oldest] = by.engines.keys();
        if (by.engines.size >= mostEngines && oldest !== undefined) by.engines.delete(oldest);
        by.engines.set(id, sender);
      }
      if (sender.keys.auth !== undefined && !isTimely(sender)) return dropped(bytes, "window", undefined);
      const read = open(bytes, sender.keys);
      if (typeof read === "string") return dropped(bytes, read, undefined);
      // An inform with an engine id that is not ours: nobody could check its answer.
      if (read.confirmed) return dropped(bytes, "engine", undefined);
      return { kind: "notification", by, notification: read, answer: undefined };
    }
    return dropped(bytes, "digest", undefined);
  }

  function isBy(bytes: Uint8Array, { auth }: UsmKeys): boolean {
    return auth === undefined || isAuthentic(auth, bytes, h.macFrom, h.macTo);
  }

  /** RFC 3414 section 3.2 step 7b. */
  function isTimely(of: SendingEngine): boolean {
    const { boots, time } = h;
    if (boots > of.boots || (boots === of.boots && time > of.latest)) {
      Object.assign(of, { boots, time, latest: time, at: clock.now() });
    }
    const timeNow = of.time + elapsed(of.at, clock.now()) / 1_000;
    return of.boots !== greatestBoots && boots === of.boots && time >= timeNow - timeWindow;
  }

  /** The notification in an authentic message, or why there is none. `scope` then says where its parts lie in `r.bytes`. */
  function open(bytes: Uint8Array, { privacy }: UsmKeys): Notification | NotificationDrop {
    if (privacy === undefined) {
      if (!readScopedPdu(scope, r, bytes, h.dataFrom, h.dataTo, 0)) return "malformed";
    } else {
      const encryption = { boots: h.boots, time: h.time, salt: bytes.subarray(h.saltFrom, h.saltTo) };
      const plain = decrypt(privacy, encryption, bytes.subarray(h.dataFrom, h.dataTo));
      if (plain === undefined) return "decryption";
      if (!readScopedPdu(scope, r, plain, 0, plain.length, mostPadding(privacy.protocol))) return "decryption";
    }
    const read = readNotification(r, scope.pduTo, versionV2c);
    if (read.ok) return read.value;
    return read.error.kind === "pdu" ? "pdu" : "malformed";
  }

  return { receive };
}

function levelOfUser({ auth, privacy }: UsmUser): number {
  return (auth === undefined ? 0 : flagAuth) | (privacy === undefined ? 0 : flagPrivacy);
}
