// SNMPv3 around the answers of the responder: each request is verified and decrypted, each answer encrypted and
// authenticated, as a router does.

import { createReader } from "../../../agent/wire/ber.ts";
import { encodePdu } from "../../../agent/wire/snmp/message.ts";
import { oid } from "../../../agent/wire/snmp/oid.ts";
import { isAuthentic } from "../../../agent/wire/snmp/usm.ts";
import { decrypt, saltOf } from "../../../agent/wire/snmp/usm-privacy.ts";
import {
  createScopedPdu,
  createV3Header,
  encodeScopedPdu,
  encodeV3,
  flagPrivacy,
  noKeys,
  readScopedPdu,
  readV3Header,
} from "../../../agent/wire/snmp/v3.ts";
import { engineIdOf, keysAt, userName } from "./security.ts";

const nothing = new Uint8Array(0);
const boots = 1;

/** usmStatsUnknownEngineIDs (RFC 3414 section 5): how a client learns the engine id. */
const unknownEngineId = encodePdu({
  type: "report",
  requestId: 0,
  errorStatus: 0,
  errorIndex: 0,
  varbinds: [{ oid: oid("1.3.6.1.6.3.15.1.1.4.0"), value: { type: "counter32", value: 1 } }],
});

/** `answerPdu` answers a request PDU with a response PDU. What cannot be believed is not answered. */
export function createV3Engine(port: number, answerPdu: (pdu: Uint8Array) => Uint8Array | undefined) {
  const engineId = engineIdOf(port);
  const keys = keysAt(engineId);
  const user = Buffer.from(userName);
  const header = createV3Header();
  const scope = createScopedPdu();
  const reader = createReader(nothing);
  let salt = 0n;

  return (request: Uint8Array): Uint8Array | undefined => {
    if (!readV3Header(header, reader, request)) return undefined;
    const time = Math.floor(process.uptime());
    const about = { messageId: header.messageId, reportable: false, engineId, boots, time };
    if (header.engineFrom === header.engineTo) {
      const anonymous = { ...about, user: nothing, keys: noKeys, salt: nothing };
      return encodeV3(anonymous, encodeScopedPdu(engineId, nothing, unknownEngineId));
    }
    const { auth, privacy } = keys;
    if (auth === undefined || privacy === undefined || (header.flags & flagPrivacy) === 0) return undefined;
    if (!isAuthentic(auth, request, header.macFrom, header.macTo)) return undefined;
    const encryption = {
      boots: header.boots,
      time: header.time,
      salt: request.subarray(header.saltFrom, header.saltTo),
    };
    const plain = decrypt(privacy, encryption, request.subarray(header.dataFrom, header.dataTo));
    if (plain === undefined || !readScopedPdu(scope, reader, plain, 0, plain.length, 0)) return undefined;
    const pdu = answerPdu(plain.subarray(scope.pduFrom, scope.pduTo));
    if (pdu === undefined) return undefined;
    salt += 1n;
    const envelope = { ...about, user, keys, salt: saltOf(privacy.protocol, boots, salt) };
    return encodeV3(envelope, encodeScopedPdu(engineId, nothing, pdu));
  };
}
