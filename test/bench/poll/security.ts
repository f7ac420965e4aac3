// Who may ask the routers of the benchmark: a community, and a user with SHA-256 and AES-128.

import { longestResponse } from "../../../agent/lab/snmp-agent.ts";
import { Secret } from "../../../agent/lib/secret.ts";
import type { SnmpTargetCredentials } from "../../../agent/net/snmp-client.ts";
import { createLocalKeys, type UsmUser } from "../../../agent/net/snmp-usm-keys.ts";
import { encodeMessage, encodePdu, type Pdu, varBindLength } from "../../../agent/wire/snmp/message.ts";
import { saltLength } from "../../../agent/wire/snmp/usm-privacy.ts";
import { encodeScopedPdu, encodeV3, type UsmKeys } from "../../../agent/wire/snmp/v3.ts";
import type { VarBind } from "../../../agent/wire/snmp/value.ts";

export type Version = "2c" | "3";

export const community = "benchmark";
export const userName = "benchmark";
export const authPassword = "authentication-of-the-benchmark";
export const privacyPassword = "privacy-of-the-benchmark";

export const user: UsmUser = {
  name: userName,
  auth: { protocol: "sha256", password: new Secret(authPassword) },
  privacy: { protocol: "aes128", password: new Secret(privacyPassword) },
};

export function credentialsOf(version: Version): SnmpTargetCredentials {
  if (version === "2c") return { version, community: new Secret(community) };
  return { version: 3, user: userName, auth: user.auth, privacy: user.privacy, context: "" };
}

/** Of 12 octets, as net-snmp makes them; each router has its own, and with it its own keys. */
export function engineIdOf(port: number): Uint8Array {
  const id = Buffer.from("80001f88040000000000cafe", "hex");
  id.writeUInt16BE(port, 8);
  return id;
}

const keys = createLocalKeys();
export const keysAt = (engineId: Uint8Array): UsmKeys => keys(user, engineId);

/** Octets of an answer around its variable bindings, where these nearly fill a datagram. */
export function octetsAround(version: Version): number {
  const filler: VarBind = { oid: [1, 3], value: { type: "octets", value: new Uint8Array(1_000) } };
  const pdu = { type: "response", requestId: 0x7fff_ffff, errorStatus: 0, errorIndex: 0, varbinds: [filler] } as const;
  return encode(version, pdu).length - varBindLength(filler);
}

function encode(version: Version, pdu: Pdu): Uint8Array {
  if (version === "2c") return encodeMessage({ version, community: Buffer.from(community), pdu });
  const engineId = engineIdOf(0);
  const numbers = { messageId: 0x7fff_ffff, reportable: false, boots: 1, time: 1_000 };
  const envelope = { ...numbers, engineId, user: Buffer.from(userName), keys: keysAt(engineId) };
  const scoped = encodeScopedPdu(engineId, new Uint8Array(0), encodePdu(pdu));
  return encodeV3({ ...envelope, salt: new Uint8Array(saltLength) }, scoped);
}

/** The fewest datagrams that so many octets of bindings arrive in. */
export function fewestDatagrams(version: Version, octets: number): number {
  return Math.ceil(octets / (longestResponse - octetsAround(version)));
}
