// The SNMP client, v1, v2c and v3: few shared sockets, many routers.

import { randomBytes } from "node:crypto";
import type { Clock } from "../lib/clock.ts";
import type { Counters } from "../lib/counters.ts";
import { milliseconds } from "../lib/duration.ts";
import { hash32 } from "../lib/hash.ts";
import type { Logger } from "../lib/log.ts";
import type { Result } from "../lib/result.ts";
import type { Secret } from "../lib/secret.ts";
import type { Cells } from "../wire/snmp/cells.ts";
import type { Oid } from "../wire/snmp/oid.ts";
import type { SnmpDrop, SnmpRequestCount } from "./snmp-counts.ts";
import type { SnmpError } from "./snmp-error.ts";
import { createExchange, type ExchangeLimits } from "./snmp-exchange.ts";
import { getOnce, type PreparedGet, prepareGet } from "./snmp-get.ts";
import { type Ask, type Conversation, noLimit } from "./snmp-peer.ts";
import { type Lane, newLane, type Peer, type Security } from "./snmp-pending.ts";
import { defaultTimeoutLimits, type TimeoutLimits } from "./snmp-timeout.ts";
import { createLocalKeys, type UsmUser } from "./snmp-usm-keys.ts";
import { createV1Get } from "./snmp-v1-get.ts";
import { walkByNext } from "./snmp-v1-walk.ts";
import { createV3Session } from "./snmp-v3.ts";
import { planWalk, runWalk, type WalkedTable, type WalkPlan, walkByBulk } from "./snmp-walk.ts";
import { type AddressFamily, destinationOf, familyOf } from "./udp.ts";

export type SnmpTargetCredentials =
  | { readonly version: 1 | "2c"; readonly community: Secret }
  | ({
      readonly version: 3;
      readonly user: string;
      /** contextName; empty for the default context. */
      readonly context: string;
    } & Omit<UsmUser, "name">);

export interface SnmpTargetConfig {
  /** Name for people, in errors. */
  readonly router: string;
  /** Literal IPv4 or IPv6 address. */
  readonly address: string;
  readonly port: number;
  readonly credentials: SnmpTargetCredentials;
  /** Takes answers from any address and port, for multi-homed routers. */
  readonly anySource: boolean;
}

/** One router. */
export interface SnmpTarget {
  /** False where the protocol has no Counter64 (SNMPv1), whatever the router counts. */
  readonly hasCounter64: boolean;
  /** One cell per OID, in their order; noSuchObject and noSuchInstance are cells, not errors. */
  get(oids: readonly Oid[], ask: Ask): Promise<Result<Cells, SnmpError>>;
  /**
   * As `get`, for what is asked at every poll: what the router shows is learnt, and the OIDs need not be kept.
   * `isConstant`: the array is a constant of the program, so that all routers of one community share one request.
   */
  prepare(oids: readonly Oid[], isConstant?: boolean): PreparedGet;
  /** Whole columns of one table; an error when any column's end was not reached. Pass the same array at each walk. */
  walk(columns: readonly Oid[], ask: Ask): Promise<Result<WalkedTable, SnmpError>>;
}

export interface SnmpClient {
  /** Opens the sockets for the targets made so far; rejects when it cannot. Later targets open what they need. */
  start(): Promise<void>;
  /** Ends what is in flight (`aborted`) and closes the sockets. */
  stop(): Promise<void>;
  target(config: SnmpTargetConfig): SnmpTarget;
  /** Requests sent and neither answered nor given up. */
  waiting(): number;
  /** Datagrams received and not used, by kind. */
  readonly dropped: Counters<SnmpDrop>;
  readonly requests: Counters<SnmpRequestCount>;
}

export interface SnmpClientConfig extends Partial<ExchangeLimits> {
  readonly timeouts?: TimeoutLimits;
}

export const defaultExchangeLimits: ExchangeLimits = {
  sockets: 8,
  window: 64,
  hold: milliseconds(100),
  perLane: 8,
  retries: 2,
  socketKind: "kernel",
};

/** As many as a router is asked for again and again while it lacks something. */
const mostWalks = 4;

/** What a router bears before it has shown otherwise: agents cap a GETBULK themselves. */
const mostRepetitions = 64;

const utf8 = new TextEncoder();

export function createSnmpClient(
  deps: {
    readonly clock: Clock;
    readonly random?: () => number;
    /** Is told of what works and yet should be put right. */
    readonly log?: Pick<Logger, "warn">;
  },
  config: SnmpClientConfig = {},
): SnmpClient {
  const { timeouts = defaultTimeoutLimits, ...limits } = config;
  const peers = new Map<string, Peer>();
  const families = new Set<AddressFamily>();
  const keys = createLocalKeys();
  /** Of many routers with the same credentials, one. */
  const communities = new WeakMap<SnmpTargetCredentials, Security>();
  // One for all users: a salt that comes twice under one key tells both plain texts apart (RFC 3826 section 3.1.2.1).
  let salt = randomBytes(8).readBigUInt64BE();
  const nextSalt = () => salt++;
  const exchange = createExchange(
    deps,
    () => families,
    (from) => peers.get(`${from.address()} ${from.port()}`),
    { ...defaultExchangeLimits, ...limits },
  );

  function securityOf({ router, credentials }: SnmpTargetConfig): Security {
    if (credentials.version !== 3) {
      const { version, community } = credentials;
      const security = communities.get(credentials) ?? { version, community: utf8.encode(community.reveal()) };
      communities.set(credentials, security);
      return security;
    }
    const { user: name, auth, privacy, context } = credentials;
    const forgotBoots = () =>
      deps.log?.warn(
        { router },
        "its SNMP agent started again with snmpEngineBoots that it had before (RFC 3414 section 2.3 has it keep them); it is polled all the same, but old messages could be replayed to it",
      );
    const session = createV3Session(
      { user: { name, auth, privacy }, context },
      { clock: deps.clock, keys, nextSalt, forgotBoots },
    );
    return { version: 3, session };
  }

  function target(of: SnmpTargetConfig): SnmpTarget {
    const destination = destinationOf(of.address, of.port);
    const family = familyOf(of.address);
    families.add(family);
    const peer: Peer = {
      destination,
      family,
      anySource: of.anySource,
      security: securityOf(of),
      slot: hash32(of.router),
      malformed: 0,
    };
    peers.set(`${destination.address} ${of.port}`, peer);
    let lanes: Lane | undefined;
    const to: Conversation = {
      router: of.router,
      peer,
      exchange,
      learnt: { mostNames: noLimit, mostRepetitions, ceiling: mostRepetitions, packsBySize: true },
      lane(group) {
        for (let lane = lanes; lane !== undefined; lane = lane.next) if (lane.group === group) return lane;
        lanes = newLane(group, timeouts, lanes);
        return lanes;
      },
    };
    const isV1 = of.credentials.version === 1;
    const getV1 = isV1 ? createV1Get(to) : undefined;
    const walkGroup = isV1 ? walkByNext : walkByBulk;
    /** The last few. A Map or WeakMap for each of many routers costs far more than looking through these. */
    let walks: readonly WalkPlan[] = [];
    return {
      hasCounter64: !isV1,
      get: (oids, ask) => (getV1 === undefined ? getOnce(to, oids, ask) : getV1(oids, ask)),
      prepare: (oids, isConstant = false) =>
        getV1 === undefined ? prepareGet(to, oids, isConstant) : (ask) => getV1(oids, ask),
      walk(columns, ask) {
        let plan = walks.find((one) => one.of === columns);
        if (plan === undefined) {
          plan = planWalk(columns);
          walks = [...walks.slice(-mostWalks + 1), plan];
        }
        return runWalk(to, plan, ask, walkGroup);
      },
    };
  }

  return {
    start: () => exchange.start(),
    stop: () => exchange.stop(),
    target,
    dropped: exchange.dropped,
    requests: exchange.requests,
    waiting: exchange.waiting,
  };
}
