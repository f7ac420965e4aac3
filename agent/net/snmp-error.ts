// Why a request or walk gave nothing, in words that name the router, the table and what to do.

import { type Duration, formatDuration } from "../lib/duration.ts";
import type { ErrorStatus } from "../wire/snmp/message.ts";
import type { Security } from "./snmp-pending.ts";
import type { V3Drop } from "./snmp-v3.ts";
import { contextText, type Refusal, refusalText, type SecurityName } from "./snmp-v3-report.ts";

/** Closed. `aborted` is our own stopping, and says nothing of the router. */
export const snmpFailures = [
  "timeout",
  "unreachable",
  "malformed",
  "refused",
  "tooBig",
  "notIncreasing",
  "tooManyRows",
  "aborted",
] as const;
export type SnmpFailure = (typeof snmpFailures)[number];

export interface SnmpError {
  readonly kind: SnmpFailure;
  readonly router: string;
  readonly group: string;
  /** Names what was asked: `bgpPeerTable`. */
  readonly table: string;
  /** One sentence for people. Never holds a community, password or key. */
  readonly detail: string;
}

/** What was asked of whom. */
export interface Asked {
  readonly router: string;
  readonly address: string;
  readonly port: number;
  readonly version: Security["version"];
  /** SNMPv3 only. */
  readonly security: SecurityName | undefined;
  readonly group: string;
  readonly table: string;
  /** GET, GETNEXT or GETBULK. */
  readonly operation: string;
  /** First name asked, and how many more. */
  readonly oid: string;
  readonly more: number;
}

/** How one request ended without an answer. */
export type ExchangeFailure =
  | {
      readonly kind: "timeout";
      readonly waited: Duration;
      readonly sent: number;
      /** Where a well-formed answer with our id came from, when not from the router's address. */
      readonly otherSource: string | undefined;
      readonly otherCommunity: boolean;
      /** Version of a well-formed answer with our id, when not that of the router. */
      readonly otherVersion: "1" | "2c" | undefined;
      readonly malformed: boolean;
      readonly wrongOid: boolean;
      /** SNMPv3: why an answer was not believed. */
      readonly disbelieved: V3Drop | undefined;
      /** SNMPv3: it told its engine id, and has never answered a request. */
      readonly unanswered: boolean;
    }
  /** SNMPv3: its engine reported why it does not take our messages. */
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "unreachable"; readonly code: string }
  | { readonly kind: "aborted" };

export function exchangeError(asked: Asked, failure: ExchangeFailure): SnmpError {
  switch (failure.kind) {
    case "unreachable":
      return snmpError(
        asked,
        "unreachable",
        `this host cannot send to it (${failure.code}); check its routes and firewall`,
      );
    case "aborted":
      return snmpError(asked, "aborted", "given up because the agent stops");
    case "refused":
      return snmpError(asked, "refused", refusalText(failure.refusal));
    case "timeout":
      return timeoutError(asked, failure);
  }
}

function timeoutError(asked: Asked, failure: ExchangeFailure & { readonly kind: "timeout" }): SnmpError {
  const { security, version } = asked;
  const waited = `no usable answer within ${formatDuration(failure.waited)} (sent ${failure.sent} times)`;
  if (failure.otherSource !== undefined) {
    return snmpError(
      asked,
      "timeout",
      `${waited}, but one came from ${failure.otherSource}; if that is the same router, set anySource: true for it`,
    );
  }
  if (failure.malformed) {
    return snmpError(
      asked,
      "malformed",
      `${waited}, but datagrams that are no valid SNMP v${version} answers came from it`,
    );
  }
  if (failure.wrongOid) {
    return snmpError(asked, "malformed", `${waited}, but answers with other names than those asked came from it`);
  }
  if (failure.disbelieved !== undefined) {
    return snmpError(asked, "malformed", `${waited}, but ${disbeliefs[failure.disbelieved]}`);
  }
  if (failure.otherVersion !== undefined) {
    const other = failure.otherVersion;
    return snmpError(
      asked,
      "malformed",
      `${waited}, but an answer of SNMP v${other} to what was asked with v${version} came from it; set version: ${other} in its credentials, or check its SNMP agent`,
    );
  }
  if (failure.otherCommunity) {
    return snmpError(asked, "malformed", `${waited}, but an answer with another community came from it`);
  }
  if (security !== undefined && failure.unanswered) {
    // An engine that decrypts with another key finds nothing to which it could report; some never report at all.
    return snmpError(
      asked,
      "timeout",
      `${waited}, though it told its engine ID; check the passwords and protocols of user ${JSON.stringify(security.user)} (${security.level}), that the router has ${contextText(security.context)}, and that its access list admits this host`,
    );
  }
  const admission = security === undefined ? "access list and community admit" : "access list admits";
  return snmpError(
    asked,
    "timeout",
    `${waited}; check that it is up, that its SNMP agent listens there and has v${version} enabled, and that its ${admission} this host`,
  );
}

const disbeliefs: Readonly<Record<V3Drop, string>> = {
  malformed: "answers that are no valid SNMP v3 messages came from it",
  digest: "an answer with a wrong digest came from it: it is forged or damaged, or its keys are not those of this user",
  level: "an answer with less security than was asked for came from it: it is forged, or its SNMP agent is at fault",
  engine: "an answer of another engine, user or context came from it; check that one SNMP agent only answers there",
  window: "an answer from outside of the time window came from it; check that its engine time runs",
  decryption: "an answer that cannot be decrypted came from it; check the protocol and password of privacy",
  unknownId: "an answer to another request came from it",
  duplicate: "only answers to earlier messages came from it",
};

/** The agent answered with an error status (RFC 3416 section 3). */
export function statusError(asked: Asked, status: ErrorStatus | number, oid: string | undefined): SnmpError {
  const about = oid === undefined ? "" : ` for ${oid}`;
  const { security } = asked;
  const to =
    security === undefined
      ? ""
      : ` to user ${JSON.stringify(security.user)} with ${security.level} in ${contextText(security.context)}`;
  return snmpError(
    asked,
    status === "tooBig" ? "tooBig" : "refused",
    status === "tooBig"
      ? "answered tooBig even for one value; raise its maximum message size"
      : `answered ${status}${about}; check that its SNMP view shows this table${to}`,
  );
}

export function snmpError(asked: Asked, kind: SnmpFailure, what: string): SnmpError {
  const { router, group, table } = asked;
  const names = asked.more > 0 ? `${asked.oid} and ${asked.more} more` : asked.oid;
  const detail = `${router} (${asked.address} port ${asked.port}), ${asked.operation} of ${table} (${names}): ${what}`;
  return { kind, router, group, table, detail };
}
