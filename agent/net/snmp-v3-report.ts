// Report-PDUs: what an engine says when it does not take a message (RFC 3412, RFC 3413, RFC 3414), and what a
// person is told of it.

import { encodeOid, oid } from "../wire/snmp/oid.ts";
import { sameOctets } from "../wire/snmp/response.ts";
import { greatestBoots } from "../wire/snmp/usm.ts";
import type { UsmUser } from "./snmp-usm-keys.ts";

/** The counters that reports carry, by what they mean. */
export const reportCounters = {
  /** SNMP-USER-BASED-SM-MIB */
  unsupportedSecurityLevel: "1.3.6.1.6.3.15.1.1.1.0",
  notInTimeWindow: "1.3.6.1.6.3.15.1.1.2.0",
  unknownUser: "1.3.6.1.6.3.15.1.1.3.0",
  unknownEngineId: "1.3.6.1.6.3.15.1.1.4.0",
  wrongDigest: "1.3.6.1.6.3.15.1.1.5.0",
  decryptionError: "1.3.6.1.6.3.15.1.1.6.0",
  /** SNMP-MPD-MIB */
  unknownSecurityModel: "1.3.6.1.6.3.11.2.1.1.0",
  invalidMessage: "1.3.6.1.6.3.11.2.1.2.0",
  unknownPduHandler: "1.3.6.1.6.3.11.2.1.3.0",
  /** SNMP-TARGET-MIB */
  unavailableContext: "1.3.6.1.6.3.12.1.4.0",
  unknownContext: "1.3.6.1.6.3.12.1.5.0",
} as const;
/** `silentAbout…`: no report, but an answer came when that part was left out of the request. */
export type Report = keyof typeof reportCounters | "silentAboutContext" | "silentAboutPrivacy" | "other";

const byName = Object.entries(reportCounters).map(([report, name]) => ({
  report: report as keyof typeof reportCounters,
  name: encodeOid(oid(name)),
}));

/** The report whose counter is named in octets `from`..`to`. */
export function reportOf(bytes: Uint8Array, from: number, to: number): Report {
  return byName.find(({ name }) => sameOctets(bytes, from, to, name))?.report ?? "other";
}

/** Whom we say we are, as far as it may be shown. */
export interface SecurityName {
  readonly user: string;
  readonly level: string;
  readonly context: string;
}

export function securityName(user: UsmUser, context: string): SecurityName {
  const { auth, privacy } = user;
  const level =
    auth === undefined
      ? "noAuthNoPriv"
      : privacy === undefined
        ? `authNoPriv (${auth.protocol})`
        : `authPriv (${auth.protocol}, ${privacy.protocol})`;
  return { user: user.name, level, context };
}

export function contextText(context: string): string {
  return context === "" ? "the default context" : `the context ${JSON.stringify(context)}`;
}

export interface Refusal {
  readonly report: Report;
  readonly of: SecurityName;
}

/** What the report says and what to check, as it follows the name of what was asked. */
export function refusalText({ report, of }: Refusal): string {
  const { user, level, context } = of;
  const who = JSON.stringify(user);
  switch (report) {
    case "unknownUser":
      return `it does not know the user ${who} (unknownUserName); check user in the credentials, and the users of the router`;
    case "wrongDigest":
      return `it refused the digest of user ${who} (wrongDigest); check the protocol and password of auth in the credentials`;
    case "unsupportedSecurityLevel":
      return `it does not offer ${level} to user ${who} (unsupportedSecurityLevel); check auth and privacy in the credentials, and what the router has for this user`;
    case "decryptionError":
      return `it could not decrypt what user ${who} sent (decryptionError); check the protocol and password of privacy in the credentials`;
    case "notInTimeWindow":
      return `it says that our time is not its own, after we took its own (notInTimeWindow); check that its snmpEngineBoots is not at its end, ${greatestBoots}, and that no other device has its engine ID and address`;
    case "unknownEngineId":
      return "it does not know the engine ID that it gave us itself (unknownEngineID); check that one SNMP agent only answers at this address";
    case "unknownContext":
      return `it does not have ${contextText(context)} (unknownContext); check context in the credentials`;
    case "silentAboutContext":
      return `it answers user ${who} in the default context, and is silent about ${contextText(context)}; check context in the credentials`;
    case "silentAboutPrivacy":
      return `it answers user ${who} without privacy, and is silent about what is encrypted for ${level}; check the protocol and password of privacy in the credentials`;
    case "unavailableContext":
      return `${contextText(context)} is not available there now (unavailableContext); check context in the credentials, and that what serves it on the router runs`;
    case "unknownSecurityModel":
      return "it does not have the user-based security model (unknownSecurityModel); enable SNMPv3 users there, or use another version in the credentials";
    case "invalidMessage":
      return "it takes our message for invalid (invalidMsg); use another version in the credentials";
    case "unknownPduHandler":
      return "nothing there answers for its engine ID (unknownPDUHandler); check that its SNMP agent is fully started";
    case "other":
      return "it answered with a report of a kind that is not known; check its SNMP agent's log";
  }
}
