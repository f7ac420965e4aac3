// Hears SNMP notifications on sockets of its own: from configured routers only, checked, bounded and counted.
// An inform is acknowledged, whether or not it says anything of interest.

import type { Clock } from "../lib/clock.ts";
import { type Counters, createCounters } from "../lib/counters.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { createTokenBucket, type TokenBucket } from "../lib/token-bucket.ts";
import { type Notification, versionOf } from "../wire/snmp/notification.ts";
import { formatOid } from "../wire/snmp/oid.ts";
import { versionV3 } from "../wire/snmp/v3.ts";
import type { SnmpTargetCredentials } from "./snmp-client.ts";
import { type Heard, receiveCommunity } from "./snmp-notification-community.ts";
import {
  type NotificationCount,
  type NotificationDrop,
  notificationCounts,
  notificationDrops,
} from "./snmp-notification-counts.ts";
import { createV3NotificationReceiver, type NotifyingUser, notifyingUser } from "./snmp-notification-v3.ts";
import { type EngineMemory, startOwnEngine } from "./snmp-own-engine.ts";
import { createLocalKeys, type UsmUser } from "./snmp-usm-keys.ts";
import {
  type AddressFamily,
  canonicalAddress,
  createUdpSocket,
  destinationOf,
  familyOf,
  type Sender,
  type UdpSocket,
} from "./udp.ts";

/** A router that may notify. */
export interface NotifyingRouter {
  readonly router: string;
  /** Literal addresses, of which no other router has one; only the polled one may be shared (other port). */
  readonly addresses: readonly string[];
  readonly credentials: SnmpTargetCredentials;
}

export interface NotificationHandlers {
  /** A notification of this router that is not a repeat. */
  notified(router: string, notification: Notification): void;
  /** `router` is undefined for an unknown source. Called for every drop: it must be cheap. */
  dropped(drop: NotificationDrop, address: string, router: string | undefined): void;
}

export interface NotificationListenerConfig {
  /** Literal address; `::` is every address of both families. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly routers: readonly NotifyingRouter[];
  readonly limits?: NotificationLimits;
}

type Rate = Parameters<typeof createTokenBucket>[0];
export interface NotificationLimits {
  readonly perRouter: Rate;
  readonly inTotal: Rate;
}

/** A router that loses a line card tells of each interface at once; no more than that is of use, for each poll asks for all. */
const defaultLimits: NotificationLimits = {
  perRouter: { perSecond: 50, burst: 200 },
  inTotal: { perSecond: 1_000, burst: 2_000 },
};

/** What an operator needs to know to let routers send informs; undefined where no router has an SNMPv3 user. */
export interface HeardAs {
  /** In hexadecimal. */
  readonly engineId: string;
  readonly boots: number;
  readonly remark: string | undefined;
}

export interface NotificationListener {
  /** The error is one line for people. */
  start(): Promise<Result<HeardAs | undefined, string>>;
  stop(): Promise<void>;
  /** The bound port; 0 before `start`. */
  port(): number;
  readonly counts: Counters<NotificationCount>;
  readonly drops: Counters<NotificationDrop>;
}

/** A router, whichever of its addresses it uses. */
interface Notifier {
  readonly router: string;
  readonly credentials: SnmpTargetCredentials;
  readonly bucket: TokenBucket;
  /** Informs that were taken last. */
  readonly taken: Set<string>;
}
interface CommunityNotifier extends Notifier {
  readonly community: Uint8Array;
}
interface UserNotifier extends Notifier, NotifyingUser {}

/** Who may be at one address: one router, or several that are polled at different ports of it. */
interface Origin {
  readonly first: Notifier;
  readonly senders: Notifier[];
  readonly communities: CommunityNotifier[];
  readonly users: UserNotifier[];
}

const mostTaken = 64;

export function createNotificationListener(
  deps: {
    readonly clock: Clock;
    /** Cryptographically random octets. */
    readonly random: (octets: number) => Uint8Array;
    readonly memory: EngineMemory | undefined;
  },
  config: NotificationListenerConfig,
  handlers: NotificationHandlers,
): NotificationListener {
  const { clock, random, memory } = deps;
  const { perRouter, inTotal } = config.limits ?? defaultLimits;
  const counts = createCounters(notificationCounts);
  const drops = createCounters(notificationDrops);
  const origins = originsOf(config.routers, perRouter);
  const total = createTokenBucket(inTotal);
  let v3: ReturnType<typeof createV3NotificationReceiver> | undefined;
  const sockets: UdpSocket[] = [];

  function received(socket: UdpSocket, bytes: Uint8Array, from: Sender): void {
    counts.add("received");
    const address = from.address();
    const origin = origins.get(address);
    const drop = origin === undefined ? "unknownSource" : take(origin, socket, bytes, from);
    if (drop === undefined) return;
    drops.add(drop);
    handlers.dropped(drop, address, origin?.first.router);
  }

  /** Why it was not taken; undefined when it was. */
  function take(origin: Origin, socket: UdpSocket, bytes: Uint8Array, from: Sender): NotificationDrop | undefined {
    const now = clock.now();
    // Nothing was read of it yet: who floods costs no more than this.
    if (!origin.first.bucket.take(now) || !total.take(now)) return "flood";
    const heard = judge(bytes, origin);
    if (heard.answer !== undefined) {
      counts.add(heard.kind === "notification" ? "acknowledged" : "reports");
      socket.send(heard.answer, destinationOf(from.address(), from.port()), () => counts.add("unsendable"));
    }
    if (heard.kind === "dropped") return heard.drop;
    if (heard.kind === "discovery") {
      counts.add("discoveries");
      return undefined;
    }
    const { by, notification } = heard;
    if (isRepeated(by.taken, notification)) return "repeated";
    counts.add("accepted");
    // Nothing tells routers apart that share address and credentials; asking them all harms none.
    for (const { router, credentials } of origin.senders) {
      if (credentials === by.credentials) handlers.notified(router, notification);
    }
    return undefined;
  }

  function judge(bytes: Uint8Array, { communities, users }: Origin): Heard<Notifier> {
    if (versionOf(bytes) !== versionV3) return receiveCommunity(bytes, communities);
    if (users.length === 0 || v3 === undefined) return { kind: "dropped", drop: "version", answer: undefined };
    return v3.receive(bytes, users);
  }

  function open(family: AddressFamily, host: string, port: number): UdpSocket {
    const socket: UdpSocket = createUdpSocket(
      { family, address: host, port },
      {
        message: (bytes, from) => received(socket, bytes, from),
        error: () => counts.add("socketErrors"),
      },
    );
    return socket;
  }

  async function start(): Promise<Result<HeardAs | undefined, string>> {
    const { host, port, routers } = config;
    try {
      const first = open(familyOf(host), host, port);
      await first.start();
      sockets.push(first);
      if (host === "::") {
        const second = open(4, "0.0.0.0", first.port());
        await second.start();
        sockets.push(second);
      }
    } catch (error) {
      return err(cannotListen(host, port, error));
    }
    if (routers.every(({ credentials }) => credentials.version !== 3)) return ok(undefined);
    const { engine, remark } = startOwnEngine(memory, random);
    let salt = Buffer.from(random(8)).readBigUInt64BE();
    v3 = createV3NotificationReceiver({ clock, keys: createLocalKeys(), nextSalt: () => salt++, engine });
    return ok({ engineId: Buffer.from(engine.id).toString("hex"), boots: engine.boots, remark });
  }

  return {
    start,
    async stop() {
      await Promise.all(sockets.splice(0).map((socket) => socket.stop()));
    },
    port: () => sockets[0]?.port() ?? 0,
    counts,
    drops,
  };
}

function isRepeated(taken: Set<string>, { confirmed, requestId, trapOid, upTime }: Notification): boolean {
  if (!confirmed) return false;
  // A sender that starts again may begin its request ids anew, but not at the same sysUpTime.
  const key = `${requestId} ${upTime} ${formatOid(trapOid)}`;
  if (taken.has(key)) return true;
  const [oldest] = taken;
  if (taken.size >= mostTaken && oldest !== undefined) taken.delete(oldest);
  taken.add(key);
  return false;
}

function originsOf(routers: readonly NotifyingRouter[], perRouter: Rate): ReadonlyMap<string, Origin> {
  const origins = new Map<string, Origin>();
  const users = new Map<SnmpTargetCredentials, UsmUser>();

  for (const { router, addresses, credentials } of routers) {
    const sender: Notifier = { router, credentials, bucket: createTokenBucket(perRouter), taken: new Set() };
    let add: (origin: Origin) => void;
    if (credentials.version === 3) {
      const user = users.get(credentials) ?? { ...credentials, name: credentials.user };
      users.set(credentials, user);
      const byUser = { ...sender, ...notifyingUser(user) };
      add = (origin) => origin.users.push(byUser);
    } else {
      const byCommunity = { ...sender, community: new TextEncoder().encode(credentials.community.reveal()) };
      add = (origin) => origin.communities.push(byCommunity);
    }
    for (const address of new Set(addresses.map(canonicalAddress))) {
      const origin = origins.get(address) ?? { first: sender, senders: [], communities: [], users: [] };
      origins.set(address, origin);
      origin.senders.push(sender);
      add(origin);
    }
  }
  return origins;
}

function cannotListen(host: string, port: number, error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const where = `snmp.notifications.listen: ${host} port ${port}`;
  switch (code) {
    case "EACCES":
      return `${where} may not be listened on by this user; give the process CAP_NET_BIND_SERVICE, or listen on a port from 1024 and redirect 162 to it (deploy/README.md)`;
    case "EADDRINUSE":
      return `${where} is in use; end what listens there (snmptrapd?), or choose another port`;
    case "EADDRNOTAVAIL":
      return `${where} is no address of this host; write one of its own, or 0.0.0.0 for every one`;
    default:
      return `${where} cannot be listened on (${code})`;
  }
}
