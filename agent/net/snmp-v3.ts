// One SNMPv3 engine as its manager sees it (RFC 3414): finding its id, keeping its time, making messages for it,
// and deciding which answers are to be believed. No I/O: the exchange sends and receives.

import { type Clock, elapsed, type Instant } from "../lib/clock.ts";
import { pduTags } from "../wire/snmp/message.ts";
import { encodeRequestPdu, setRequestId } from "../wire/snmp/request.ts";
import { nextBinding, type ResponseReader, readResponsePdu, sameOctets } from "../wire/snmp/response.ts";
import { authProtocols, greatestBoots, isAuthentic, timeWindow } from "../wire/snmp/usm.ts";
import { decrypt, mostPadding, saltLength, saltOf } from "../wire/snmp/usm-privacy.ts";
import {
  createScopedPdu,
  encodeScopedPdu,
  encodeV3,
  flagAuth,
  flagPrivacy,
  greatestEngineId,
  leastEngineId,
  levelOf,
  noKeys,
  readScopedPdu,
  type UsmKeys,
  type V3Header,
} from "../wire/snmp/v3.ts";
import type { LocalKeys, UsmUser } from "./snmp-usm-keys.ts";
import { type Refusal, reportOf, type SecurityName, securityName } from "./snmp-v3-report.ts";

export interface V3SessionConfig {
  readonly user: UsmUser;
  readonly context: string;
}

export interface V3SessionDeps {
  readonly clock: Clock;
  readonly keys: LocalKeys;
  /** Never gives a number twice. */
  readonly nextSalt: () => bigint;
  /** The engine started again with boots that it had before: it does not keep them. */
  readonly forgotBoots: () => void;
}

/** The engine id, time and keys that a router's messages are made with. */
interface Engine {
  readonly id: Uint8Array;
  readonly keys: UsmKeys;
  boots: number;
  /** Its time in seconds at the instant `at`; it runs on with our monotonic clock. */
  time: number;
  at: Instant;
  /** The greatest time that an authentic message had (RFC 3414 section 2.3, latestReceivedEngineTime). */
  latest: number;
  /** Boots and time are from an authentic message. Until then they are only what we send. */
  synchronised: boolean;
  /** It took a message with our time and answered with another: the next message makes it say its time. */
  doubted: boolean;
}

/** What one request has been through. */
export interface V3Attempt {
  /** The engine its last message was made for; undefined for discovery. */
  engine: object | undefined;
  /** How often the engine set us right. */
  corrections: number;
  /** Messages before the last correction, to which reports say nothing new. */
  outdated: number;
  refusal: Refusal | undefined;
  /** Tries left when the request itself was first sent to `engine`. */
  askedAt: number;
  /** Messages that were sent to learn why the request itself meets silence. */
  readonly suspicions: Map<number, Suspicion>;
}

export function createAttempt(): V3Attempt {
  return {
    engine: undefined,
    corrections: 0,
    outdated: 0,
    refusal: undefined,
    askedAt: 0,
    suspicions: new Map(),
  };
}

/**
 * An engine that cannot decrypt finds no request to which it could report, and some agents (net-snmp) are silent about
 * an unknown context too. Silence is told from silence by asking without the part that is suspected.
 */
type Suspicion = "context" | "privacy";

/** Why a message is not believed. */
export type V3Drop = "malformed" | "digest" | "level" | "engine" | "window" | "decryption" | "unknownId" | "duplicate";

/**
 * - `answer`: the reader stands before the bindings of a response that is to be believed.
 * - `again`: the engine said what was wrong, and it was put right: send again.
 * - `refused`: the reason, if there is one, is in the attempt. It may be forged, so the request keeps waiting for
 *   the time it has.
 */
export type V3Verdict = "answer" | "again" | "refused" | V3Drop;

export interface V3Session {
  readonly name: SecurityName;
  /** Octets around a PDU, at most: fewer once the engine's id is known. */
  overhead(): number;
  /** The engine is known, but has never given a response that was believed. */
  unanswered(): boolean;
  /** The message for a PDU: with the engine unknown, the discovery of it (RFC 3414 section 4). `left`: tries after this. */
  seal(pdu: Uint8Array, messageId: number, attempt: V3Attempt, left: number): Uint8Array;
  /** `outdated`: another message of the same request was sent since, for a better reason than silence. */
  judge(h: V3Header, r: ResponseReader, attempt: V3Attempt, requestId: number, outdated: boolean): V3Verdict;
}

/** A new engine id, then its time, then a restart in between; more means that nothing will help. */
const mostCorrections = 4;

/** Tags, lengths and numbers around a PDU at their longest (RFC 3412 section 6, RFC 3414 section 2.4). */
const fixedOverhead = 65;

const nothing = new Uint8Array(0);
const emptyPdu = encodeRequestPdu({ type: "getRequest", maxRepetitions: 0 }, []);

export function createV3Session({ user, context }: V3SessionConfig, deps: V3SessionDeps): V3Session {
  const { clock, keys, nextSalt, forgotBoots } = deps;
  const userName = new TextEncoder().encode(user.name);
  const contextName = new TextEncoder().encode(context);
  const scope = createScopedPdu();
  const ownOverhead =
    fixedOverhead +
    userName.length +
    contextName.length +
    (user.auth === undefined ? 0 : authProtocols[user.auth.protocol].mac) +
    (user.privacy === undefined ? 0 : saltLength + mostPadding(user.privacy.protocol));
  const name = securityName(user, context);
  const suspicions: readonly Suspicion[] = [
    ...(context === "" ? [] : (["context"] as const)),
    ...(user.privacy === undefined ? [] : (["privacy"] as const)),
  ];
  let engine: Engine | undefined;
  let answered = false;
  /** Requests that ended with a suspicion: each takes the next. */
  let suspected = 0;

  function timeOf({ time, at }: Engine): number {
    return Math.min(greatestBoots, time + Math.floor(elapsed(at, clock.now()) / 1_000));
  }

  function setTime(of: Engine, boots: number, time: number): void {
    of.boots = boots;
    of.time = time;
    of.latest = time;
    of.at = clock.now();
    of.synchronised = true;
    of.doubted = false;
  }

  /** What to leave out of a last try: nothing, unless the request itself met silence, as every one did before. */
  function suspicionOf(attempt: V3Attempt, left: number): Suspicion | undefined {
    if (answered || attempt.engine !== engine || left > 0 || attempt.askedAt === 0) return undefined;
    suspected += 1;
    return suspicions[(suspected - 1) % suspicions.length];
  }

  function seal(pdu: Uint8Array, messageId: number, attempt: V3Attempt, left: number): Uint8Array {
    const suspicion = suspicionOf(attempt, left);
    if (attempt.engine !== engine) attempt.askedAt = left;
    attempt.engine = engine;
    if (engine === undefined) {
      const scoped = encodeScopedPdu(nothing, nothing, setRequestId(emptyPdu, messageId));
      const unknown = { engineId: nothing, boots: 0, time: 0, user: nothing, keys: noKeys, salt: nothing };
      return encodeV3({ messageId, reportable: true, ...unknown }, scoped);
    }
    const local = suspicion === "privacy" ? { ...engine.keys, privacy: undefined } : engine.keys;
    const { auth, privacy } = local;
    if (suspicion !== undefined) attempt.suspicions.set(messageId, suspicion);
    // RFC 3414 section 3.1 step 6: without authentication there is no time.
    const timeless = auth === undefined || engine.doubted;
    const boots = timeless ? 0 : engine.boots;
    const time = timeless ? 0 : timeOf(engine);
    const salt = privacy === undefined ? nothing : saltOf(privacy.protocol, boots, nextSalt());
    const envelope = { engineId: engine.id, boots, time, user: userName, keys: local, salt };
    // Asked without privacy, it must not tell anything: an answer to an empty request is enough.
    const scoped =
      suspicion === undefined
        ? encodeScopedPdu(engine.id, contextName, pdu)
        : encodeScopedPdu(engine.id, nothing, setRequestId(emptyPdu, messageId));
    return encodeV3({ messageId, reportable: true, ...envelope }, scoped);
  }

  function judge(h: V3Header, r: ResponseReader, attempt: V3Attempt, requestId: number, outdated: boolean): V3Verdict {
    const { bytes } = r;
    const level = h.flags & (flagAuth | flagPrivacy);
    const isOurs =
      engine !== undefined &&
      sameOctets(bytes, h.engineFrom, h.engineTo, engine.id) &&
      sameOctets(bytes, h.userFrom, h.userTo, userName);
    if (level !== 0) {
      if (engine === undefined || !isOurs) return "engine";
      const { auth } = engine.keys;
      if (auth === undefined) return "level";
      if (!isAuthentic(auth, bytes, h.macFrom, h.macTo)) return "digest";
    }
    if ((level & flagPrivacy) === 0) {
      if (!readScopedPdu(scope, r, bytes, h.dataFrom, h.dataTo, 0)) return "malformed";
      if (!readResponsePdu(r, scope.pduTo)) return "malformed";
    } else {
      const privacy = engine?.keys.privacy;
      if (privacy === undefined) return "level";
      const salt = bytes.subarray(h.saltFrom, h.saltTo);
      const secret = bytes.subarray(h.dataFrom, h.dataTo);
      const plain = decrypt(privacy, { boots: h.boots, time: h.time, salt }, secret);
      if (plain === undefined) return "decryption";
      const padding = mostPadding(privacy.protocol);
      if (!readScopedPdu(scope, r, plain, 0, plain.length, padding)) return "decryption";
      if (!readResponsePdu(r, scope.pduTo)) return "decryption";
    }
    if (r.pduTag === pduTags.report) return outdated ? "duplicate" : judgeReport(h, r, bytes, attempt, level !== 0);
    if (engine === undefined || !isOurs) return "engine";
    const suspicion = attempt.suspicions.get(h.messageId);
    if (suspicion !== undefined && level !== 0) {
      attempt.refusal = { report: suspicion === "context" ? "silentAboutContext" : "silentAboutPrivacy", of: name };
      return "refused";
    }
    if (level !== levelOf(engine.keys)) return "level";
    if (!sameOctets(r.bytes, scope.engineFrom, scope.engineTo, engine.id)) return "engine";
    if (!sameOctets(r.bytes, scope.contextFrom, scope.contextTo, contextName)) return "engine";
    if (r.requestId !== requestId) return "unknownId";
    if (level !== 0 && !isTimely(engine, h)) return "window";
    answered = true;
    return "answer";
  }

  /** RFC 3414 section 3.2 step 7b, for an authentic message. */
  function isTimely(of: Engine, { boots, time }: V3Header): boolean {
    if (!of.synchronised || boots > of.boots || (boots === of.boots && time > of.latest)) {
      setTime(of, boots, time);
    }
    if (of.boots !== greatestBoots && boots === of.boots && time >= timeOf(of) - timeWindow) return true;
    of.doubted = true;
    return false;
  }

  function judgeReport(
    h: V3Header,
    r: ResponseReader,
    bytes: Uint8Array,
    attempt: V3Attempt,
    authentic: boolean,
  ): V3Verdict {
    if (!nextBinding(r)) return "malformed";
    const report = reportOf(r.bytes, r.oidFrom, r.oidTo);
    const refuse = (): V3Verdict => {
      // What is said of a message with a part left out says nothing of the request.
      if (!attempt.suspicions.has(h.messageId)) attempt.refusal = { report, of: name };
      return "refused";
    };
    if (attempt.corrections >= mostCorrections) return refuse();
    if (report === "unknownEngineId") {
      if (h.engineTo - h.engineFrom < leastEngineId) return "malformed";
      if (engine === undefined || !sameOctets(bytes, h.engineFrom, h.engineTo, engine.id)) {
        discovered(Uint8Array.from(bytes.subarray(h.engineFrom, h.engineTo)), h);
      } else if (attempt.engine === engine) {
        return refuse();
      }
      return "again";
    }
    // Only an authentic report sets the time. It cannot be a replay, for it names a message of ours that waits.
    if (report !== "notInTimeWindow" || !authentic || engine === undefined) return refuse();
    const isBack = h.boots < engine.boots || (h.boots === engine.boots && h.time < timeOf(engine) - timeWindow);
    if (engine.synchronised && isBack) forgotBoots();
    setTime(engine, h.boots, h.time);
    return "again";
  }

  /** Nobody vouches for boots and time in the answer to discovery: they save a round trip when they are right. */
  function discovered(id: Uint8Array, { boots, time }: V3Header): void {
    const times = { boots, time, at: clock.now(), latest: time, synchronised: false, doubted: false };
    engine = { id, keys: keys(user, id), ...times };
    answered = false;
  }

  return {
    name,
    overhead: () => ownOverhead + 2 * (engine?.id.length ?? greatestEngineId),
    unanswered: () => engine !== undefined && !answered,
    seal,
    judge,
  };
}
