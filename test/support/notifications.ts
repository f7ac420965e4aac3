// Notifications as their senders write them: v1 by hand after RFC 1157, v2c and v3 with the project's encoders.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import {
  createWriter,
  putAround,
  putInteger,
  tagInteger,
  tagOctets,
  tagOid,
  tagSequence,
  takeWritten,
  written,
} from "../../agent/wire/ber.ts";
import { encodeMessage, encodePdu, type Pdu } from "../../agent/wire/snmp/message.ts";
import { encodeOid, oid } from "../../agent/wire/snmp/oid.ts";
import { encodeScopedPdu, encodeV3, type UsmKeys, type V3Envelope } from "../../agent/wire/snmp/v3.ts";
import { putPrimitive, putValue, tagIpAddress, tagTimeTicks, type VarBind } from "../../agent/wire/snmp/value.ts";

export const octets = (text: string) => Uint8Array.from(Buffer.from(text));

export const trapOids = {
  coldStart: "1.3.6.1.6.3.1.1.5.1",
  linkDown: "1.3.6.1.6.3.1.1.5.3",
  linkUp: "1.3.6.1.6.3.1.1.5.4",
  authenticationFailure: "1.3.6.1.6.3.1.1.5.5",
  bgpBackward: "1.3.6.1.2.1.15.0.2",
} as const;

export interface TrapV1 {
  readonly community: string;
  readonly enterprise: string;
  readonly generic: number;
  readonly specific: number;
  readonly upTime?: number;
  readonly varbinds?: readonly VarBind[];
  readonly agentAddress?: readonly number[];
}

export function trapV1(of: TrapV1): Uint8Array {
  const { community, enterprise, generic, specific, upTime = 100, varbinds = [], agentAddress = [192, 0, 2, 1] } = of;
  const w = createWriter();
  for (const { oid: name, value } of varbinds.toReversed()) {
    const before = written(w);
    putValue(w, value);
    putPrimitive(w, tagOid, encodeOid(name));
    putAround(w, tagSequence, before);
  }
  putAround(w, tagSequence, 0);
  putInteger(w, tagTimeTicks, upTime);
  putInteger(w, tagInteger, specific);
  putInteger(w, tagInteger, generic);
  putPrimitive(w, tagIpAddress, Uint8Array.from(agentAddress));
  putPrimitive(w, tagOid, encodeOid(oid(enterprise)));
  putAround(w, 0xa4, 0);
  putPrimitive(w, tagOctets, octets(community));
  putInteger(w, tagInteger, 0);
  putAround(w, tagSequence, 0);
  return takeWritten(w);
}

export interface NotificationPdu {
  readonly trap: string;
  readonly inform?: boolean;
  readonly requestId?: number;
  readonly upTime?: number;
  readonly varbinds?: readonly VarBind[];
}

export function notificationPdu({
  trap,
  inform = false,
  requestId = 1,
  upTime = 100,
  varbinds = [],
}: NotificationPdu): Pdu {
  return {
    type: inform ? "informRequest" : "snmpV2Trap",
    requestId,
    errorStatus: 0,
    errorIndex: 0,
    varbinds: [
      { oid: oid("1.3.6.1.2.1.1.3.0"), value: { type: "timeTicks", value: upTime } },
      { oid: oid("1.3.6.1.6.3.1.1.4.1.0"), value: { type: "oid", value: oid(trap) } },
      ...varbinds,
    ],
  };
}

export function notificationV2c(community: string, of: NotificationPdu): Uint8Array {
  return encodeMessage({ version: "2c", community: octets(community), pdu: notificationPdu(of) });
}

/** A message of `engineId` by `user`; what is given in `change` replaces the honest values. */
export function notificationV3(
  { engineId, user, keys }: { readonly engineId: Uint8Array; readonly user: string; readonly keys: UsmKeys },
  pdu: Pdu,
  change: Partial<V3Envelope> = {},
): Uint8Array {
  const envelope = { messageId: 77, reportable: false, engineId, boots: 1, time: 100, user: octets(user), keys };
  return encodeV3(
    { ...envelope, salt: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), ...change },
    encodeScopedPdu(engineId, new Uint8Array(0), encodePdu(pdu)),
  );
}

/** A router's socket: it sends to a port of this host, and keeps what comes back. */
export async function startNotifier(address = "127.0.0.1") {
  const six = isIPv6(address);
  const socket = createSocket(six ? "udp6" : "udp4");
  const answers: Uint8Array[] = [];
  socket.on("message", (bytes) => void answers.push(bytes));
  await once(socket.bind(0, address), "listening");
  return {
    answers,
    send: (bytes: Uint8Array, port: number) =>
      new Promise<void>((resolve, reject) => {
        socket.send(bytes, port, six ? "::1" : "127.0.0.1", (error) => (error ? reject(error) : resolve()));
      }),
    stop: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}
