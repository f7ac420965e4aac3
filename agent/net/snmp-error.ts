// Why a request or walk gave nothing, in words that name the router, the table and what to do.

import { type Duration, formatDuration } from "../lib/duration.ts";
import type { ErrorStatus } from "../wire/snmp/message.ts";

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
  /** One sentence for people. Never holds a community. */
  readonly detail: string;
}

/** What was asked of whom. */
export interface Asked {
  readonly router: string;
  readonly address: string;
  readonly port: number;
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
      readonly malformed: boolean;
      readonly wrongOid: boolean;
    }
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
    case "timeout": {
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
          `${waited}, but datagrams that are no valid SNMP v2c answers came from it`,
        );
      }
      if (failure.wrongOid) {
        return snmpError(asked, "malformed", `${waited}, but answers with other names than those asked came from it`);
      }
      if (failure.otherCommunity) {
        return snmpError(asked, "malformed", `${waited}, but an answer with another community or version came from it`);
      }
      return snmpError(
        asked,
        "timeout",
        `${waited}; check that it is up, that its SNMP agent listens there, and that its access list and community admit this host`,
      );
    }
  }
}

/** The agent answered with an error status (RFC 3416 section 3). */
export function statusError(asked: Asked, status: ErrorStatus | number, oid: string | undefined): SnmpError {
  const about = oid === undefined ? "" : ` for ${oid}`;
  return snmpError(
    asked,
    status === "tooBig" ? "tooBig" : "refused",
    status === "tooBig"
      ? "answered tooBig even for one value; raise its maximum message size"
      : `answered ${status}${about}; check that its SNMP view shows this table`,
  );
}

export function snmpError(asked: Asked, kind: SnmpFailure, what: string): SnmpError {
  const { router, group, table } = asked;
  const names = asked.more > 0 ? `${asked.oid} and ${asked.more} more` : asked.oid;
  const detail = `${router} (${asked.address} port ${asked.port}), ${asked.operation} of ${table} (${names}): ${what}`;
  return { kind, router, group, table, detail };
}
