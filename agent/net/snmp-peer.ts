// One router as GET and walk see it: where it is, what was learnt of its limits, and how to ask it.

import { versionV1, versionV2c } from "../wire/snmp/message.ts";
import { encodeRequest, encodeRequestPdu, type RequestSpec, type RequestTemplate } from "../wire/snmp/request.ts";
import type { Asked, ExchangeFailure } from "./snmp-error.ts";
import type { Exchange } from "./snmp-exchange.ts";
import type { Accept, Lane, Peer } from "./snmp-pending.ts";

/** What is asked, for timeouts and for error texts. */
export interface Ask {
  /** Requests of one group share a measured round-trip time and a limit of requests in flight. */
  readonly group: string;
  /** What people call it: `bgpPeerTable`. */
  readonly table: string;
  /** Times that a request is sent again; as the client's limits say when left out. */
  readonly retries?: number;
  readonly signal?: AbortSignal;
}

/** More names than a datagram holds; a whole number that V8 keeps in place, for there is one for each prepared GET. */
export const noLimit = 2 ** 20;

/** What a router has shown it can bear; kept as long as its target. */
export interface Learnt {
  /** Most names in one GET, or columns in one GETBULK. */
  mostNames: number;
  /** Most repetitions in one GETBULK: halved by silence and tooBig, doubled by each complete walk up to `ceiling`. */
  mostRepetitions: number;
  /** Most repetitions that were not answered with tooBig. */
  ceiling: number;
  /** GETs are packed by the size of earlier answers; not again once such a GET met silence. */
  packsBySize: boolean;
}

export interface Conversation {
  readonly router: string;
  readonly peer: Peer;
  readonly exchange: Exchange;
  readonly learnt: Learnt;
  lane(group: string): Lane;
}

/** A UDP payload that crosses an Ethernet path in one piece: 1,500 less IPv4 and UDP headers. */
const datagram = 1_472;

/** Message, version, community, PDU and binding list headers, ids and statuses, at their longest. */
const messageOverhead = 30;

/** Tags and lengths of a binding, its name and its value. */
export const bindingOverhead = 6;

/** Octets of a value that nobody has seen yet: most are counters and states. */
export const expectedValue = 6;

/** Octets for variable bindings in one datagram. */
export function datagramRoom({ security }: Peer): number {
  const around = security.version === 3 ? security.session.overhead() : security.community.length;
  return datagram - messageOverhead - around;
}

/** What does not change between the transmissions of a request. */
export function templateFor({ security }: Peer, spec: RequestSpec, names: readonly Uint8Array[]): RequestTemplate {
  if (security.version === 3) return encodeRequestPdu(spec, names);
  return encodeRequest(security.community, spec, names, security.version === 1 ? versionV1 : versionV2c);
}

export function asked(to: Conversation, ask: Ask, operation: string, oid: string, more: number): Asked {
  const { router, peer } = to;
  const { group, table } = ask;
  const security = peer.security.version === 3 ? peer.security.session.name : undefined;
  return {
    router,
    address: peer.destination.address,
    port: peer.destination.port,
    version: peer.security.version,
    security,
    group,
    table,
    operation,
    oid,
    more,
  };
}

/** What became of a request; undefined when `accept` took the answer. */
export type Done = (failure: ExchangeFailure | undefined) => void;

/** One request and its answer. `done` is called once, and never before this returns unless the request cannot begin. */
export function request(to: Conversation, ask: Ask, template: RequestTemplate, accept: Accept, done: Done): void {
  const { signal, retries } = ask;
  const lane = to.lane(ask.group);
  if (signal === undefined) {
    to.exchange.submit(to.peer, lane, template, accept, done, retries);
    return;
  }
  if (signal.aborted) {
    done({ kind: "aborted" });
    return;
  }
  const abort = () => to.exchange.abort(pending);
  const ended: Done = (failure) => {
    signal.removeEventListener("abort", abort);
    done(failure);
  };
  const pending = to.exchange.submit(to.peer, lane, template, accept, ended, retries);
  if (!pending.finished) signal.addEventListener("abort", abort, { once: true });
}

/** As `request`, for those who wait. */
export function submit(
  to: Conversation,
  ask: Ask,
  template: RequestTemplate,
  accept: Accept,
): Promise<ExchangeFailure | undefined> {
  return new Promise((resolve) => request(to, ask, template, accept, resolve));
}
