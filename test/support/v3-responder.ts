// A small SNMPv3 agent on loopback with one user: honest by default, and a script may do otherwise. Its engine id,
// boots and time are what the test sets.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createReader } from "../../agent/wire/ber.ts";
import { encodePdu, type Pdu, readPdu } from "../../agent/wire/snmp/message.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";
import { isAuthentic } from "../../agent/wire/snmp/usm.ts";
import { decrypt, mostPadding, saltOf } from "../../agent/wire/snmp/usm-privacy.ts";
import {
  createScopedPdu,
  createV3Header,
  encodeScopedPdu,
  encodeV3,
  flagAuth,
  flagPrivacy,
  levelOf,
  noKeys,
  readScopedPdu,
  readV3Header,
  type UsmKeys,
  type V3Envelope,
} from "../../agent/wire/snmp/v3.ts";
import { answerTo, type Mib } from "./snmp-responder.ts";

/** What the engine is now; the test changes it between requests. */
export interface Engine {
  id: Uint8Array;
  boots: number;
  /** Seconds. */
  time: number;
}

/** A message as it was received. */
export interface Heard {
  readonly messageId: number;
  readonly boots: number;
  readonly time: number;
  readonly salt: string;
  readonly level: number;
  readonly context: string;
  /** Undefined for one that was not understood. */
  readonly pdu: Pdu | undefined;
  readonly bytes: Uint8Array;
}

export interface V3Exchange {
  readonly n: number;
  readonly heard: Heard;
  /** The honest answer. */
  readonly answer: Uint8Array;
  /** Another one: what is given replaces the honest values. */
  make(pdu: Pdu, change?: Partial<V3Envelope>, context?: string): Uint8Array;
  /** A report of this counter, without authentication unless it is asked for. */
  report(counter: string, change?: Partial<V3Envelope>): Uint8Array;
  send(bytes: Uint8Array, from?: "own" | "other"): void;
}

export interface V3ResponderOptions {
  readonly engine: Engine;
  readonly user: string;
  /** The user's keys at an engine. */
  readonly keys: (engineId: Uint8Array) => UsmKeys;
  readonly context?: string;
  readonly mib: () => Mib;
  readonly script?: (exchange: V3Exchange) => void;
}

export interface V3Responder {
  readonly port: number;
  heard(): readonly Heard[];
  stop(): Promise<void>;
}

export const usmStats = "1.3.6.1.6.3.15.1.1";

export async function startV3Responder(options: V3ResponderOptions): Promise<V3Responder> {
  const own = createSocket("udp4");
  const other = createSocket("udp4");
  const all: Heard[] = [];
  let salt = 1n;

  own.on("message", (bytes, from) => {
    const h = createV3Header();
    const r = createReader(bytes);
    if (!readV3Header(h, r, bytes)) return;
    const { engine } = options;
    const keys = options.keys(engine.id);
    const text = (start: number, end: number) => Buffer.from(bytes.subarray(start, end)).toString("latin1");
    const level = h.flags & (flagAuth | flagPrivacy);

    function make(pdu: Pdu, change: Partial<V3Envelope> = {}, context = options.context ?? ""): Uint8Array {
      salt += 1n;
      const used = change.keys ?? keys;
      const envelope: V3Envelope = {
        messageId: h.messageId,
        reportable: false,
        engineId: engine.id,
        boots: engine.boots,
        time: engine.time,
        user: Buffer.from(options.user),
        keys: used,
        salt: used.privacy === undefined ? new Uint8Array(0) : saltOf(used.privacy.protocol, engine.boots, salt),
        ...change,
      };
      return encodeV3(envelope, encodeScopedPdu(envelope.engineId, Buffer.from(context), encodePdu(pdu)));
    }

    function report(counter: string, change: Partial<V3Envelope> = {}): Uint8Array {
      const varbinds = [{ oid: oid(`${counter}.0`), value: { type: "counter32", value: 1 } as const }];
      return make(
        { type: "report", requestId: 0, errorStatus: 0, errorIndex: 0, varbinds },
        { keys: noKeys, ...change },
      );
    }

    const request = understand();
    const answer =
      typeof request === "string"
        ? report(request, request === `${usmStats}.2` ? { keys: { ...keys, privacy: undefined } } : {})
        : make(answerTo({ version: "2c", community: new Uint8Array(0), pdu: request.pdu }, options.mib()).pdu);

    function understand(): string | { readonly pdu: Pdu; readonly context: string } {
      if (text(h.engineFrom, h.engineTo) !== Buffer.from(engine.id).toString("latin1")) return `${usmStats}.4`;
      if (text(h.userFrom, h.userTo) !== options.user) return `${usmStats}.3`;
      if (level !== levelOf(keys)) return `${usmStats}.1`;
      const { auth, privacy } = keys;
      if (auth !== undefined) {
        if (!isAuthentic(auth, bytes, h.macFrom, h.macTo)) return `${usmStats}.5`;
        if (h.boots !== engine.boots || Math.abs(h.time - engine.time) > 150) return `${usmStats}.2`;
      }
      const encryption = { boots: h.boots, time: h.time, salt: bytes.subarray(h.saltFrom, h.saltTo) };
      const data = bytes.subarray(h.dataFrom, h.dataTo);
      const plain = privacy === undefined ? data : decrypt(privacy, encryption, data);
      const scope = createScopedPdu();
      const padding = privacy === undefined ? 0 : mostPadding(privacy.protocol);
      if (plain === undefined || !readScopedPdu(scope, r, plain, 0, plain.length, padding)) return `${usmStats}.6`;
      const context = Buffer.from(plain.subarray(scope.contextFrom, scope.contextTo)).toString();
      const pdu = readPdu(r, scope.pduTo);
      if (pdu === undefined) return "1.3.6.1.6.3.11.2.1.2";
      return context === (options.context ?? "") ? { pdu, context } : "1.3.6.1.6.3.12.1.5";
    }

    const heard: Heard = {
      messageId: h.messageId,
      boots: h.boots,
      time: h.time,
      salt: Buffer.from(bytes.subarray(h.saltFrom, h.saltTo)).toString("hex"),
      level,
      context: typeof request === "string" ? "" : request.context,
      pdu: typeof request === "string" ? undefined : request.pdu,
      bytes,
    };
    const n = all.push(heard) - 1;
    const send = (octets: Uint8Array, by: "own" | "other" = "own") =>
      (by === "own" ? own : other).send(octets, from.port, from.address);
    if (options.script === undefined) send(answer);
    else options.script({ n, heard, answer, make, report, send });
  });

  await Promise.all([own, other].map((socket) => once(socket.bind(0, "127.0.0.1"), "listening")));
  return {
    port: own.address().port,
    heard: () => all,
    stop: async () => {
      await Promise.all([own, other].map((socket) => new Promise<void>((done) => socket.close(() => done()))));
    },
  };
}
