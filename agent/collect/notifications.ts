// SNMP notifications: what one is about decides which groups of its router are polled at once. What it says may be old,
// forged or half of the truth: it is shown with its time, and the poll tells.

import { type Estate, pathsOf } from "../estate/estate.ts";
import type { Observe, PollGroup } from "../estate/observation.ts";
import { type Clock, elapsed, type Instant } from "../lib/clock.ts";
import { type Counters, createCounters } from "../lib/counters.ts";
import { type Duration, seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import { ok, type Result } from "../lib/result.ts";
import {
  groupsToConfirm,
  type NotificationKind,
  notificationKinds,
  notificationType,
  whatItSaid,
} from "../mib/notifications.ts";
import { notifiedSession } from "../mib/notified-session.ts";
import type { NotificationDrop } from "../net/snmp-notification-counts.ts";
import { createNotificationListener, type NotificationHandlers } from "../net/snmp-notifications.ts";
import type { EngineMemory } from "../net/snmp-own-engine.ts";
import type { Notification } from "../wire/snmp/notification.ts";
import { formatOid } from "../wire/snmp/oid.ts";
import { createConfirming } from "./confirming.ts";

export interface NotificationsDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Cryptographically random octets. */
  readonly random: (octets: number) => Uint8Array;
  readonly memory: EngineMemory | undefined;
  readonly observe: Observe;
  /** Polls a group of a router out of turn. */
  readonly poll: (router: string, group: PollGroup) => void;
}

export interface Notifications {
  /** The error is one line for people. Does nothing where no notifications are configured. */
  start(): Promise<Result<void, string>>;
  stop(): Promise<void>;
  /** The bound port; 0 when nothing is heard. */
  port(): number;
  /** Taken notifications by router and kind; no router when nothing is heard. */
  taken(): ReadonlyMap<string, Readonly<Record<NotificationKind, number>>>;
  /** Not taken, by reason. */
  dropped(): Readonly<Record<string, number>>;
  /** Datagrams by what happened. */
  datagrams(): Readonly<Record<string, number>>;
  /** Rounds of confirming polls by router. */
  confirmed(): ReadonlyMap<string, number>;
}

const silent: Notifications = {
  start: async () => ok(undefined),
  stop: async () => {},
  port: () => 0,
  taken: () => new Map(),
  dropped: () => ({}),
  datagrams: () => ({}),
  confirmed: () => new Map(),
};

/** The same line about the same router comes no more often. */
const perNotification = seconds(60);
const perDrop = seconds(3_600);

/** Sources of which a line is written: one that forges addresses must not fill the log. */
const mostSources = 100;

export function createNotifications(
  { clock, log, random, memory, observe, poll }: NotificationsDeps,
  { notifications: listen, routers, circuits }: Pick<Estate, "notifications" | "routers" | "circuits">,
): Notifications {
  if (listen === undefined) return silent;
  const peers = new Map<string, Set<string>>();
  for (const { router, session } of pathsOf({ circuits })) {
    peers.set(router, (peers.get(router) ?? new Set()).add(session.remoteAddress));
  }
  const { host, port } = listen;
  const confirming = createConfirming({ clock, poll }, routers.keys());
  const taken = new Map<string, Counters<NotificationKind>>();
  for (const router of routers.keys()) taken.set(router, createCounters(notificationKinds));
  const notOfInterest = createCounters(["notOfInterest"]);
  const said = new Map<string, Instant>();
  const sources = new Set<string>();

  /** True at most once per `every` for a line. The keys are of configured routers and closed kinds. */
  function isDue(line: string, every: Duration): boolean {
    const now = clock.now();
    const last = said.get(line);
    if (last !== undefined && elapsed(last, now) < every) return false;
    said.set(line, now);
    return true;
  }

  /** Of a configured session: others, which anybody could name, are not kept. */
  function tell(router: string, name: string, notification: Notification): void {
    const said = notifiedSession(notification);
    if (said === undefined || !peers.get(router)?.has(said.remoteAddress)) return;
    observe({ kind: "notification", router, at: clock.now(), name, ...said });
  }

  const handlers: NotificationHandlers = {
    notified(router, notification) {
      const type = notificationType(notification.trapOid);
      if (type === undefined) {
        notOfInterest.add("notOfInterest");
        if (!isDue(`${router} notOfInterest`, perDrop)) return;
        const fields = { router, notification: formatOid(notification.trapOid) };
        log.info(fields, "a notification that says nothing of what is watched: counted, no poll");
        return;
      }
      taken.get(router)?.add(type.kind);
      if (type.kind === "bgp") tell(router, type.name, notification);
      confirming.confirm(router, groupsToConfirm[type.kind]);
      if (!isDue(`${router} ${type.name}`, perNotification)) return;
      log.info({ router, notification: type.name }, `${whatItSaid(type, notification)}: a poll confirms it`);
    },
    dropped(reason, address, router) {
      if (router === undefined) {
        if ((sources.size >= mostSources && !sources.has(address)) || !isDue(address, perDrop)) return;
        sources.add(address);
      } else if (!isDue(`${router} ${reason}`, perDrop)) {
        return;
      }
      log.warn({ ...(router === undefined ? {} : { router }), address, reason }, advice[reason]);
    },
  };
  const sending = [...routers.values()].map(({ name, notifications }) => ({ router: name, ...notifications }));
  const listener = createNotificationListener({ clock, random, memory }, { host, port, routers: sending }, handlers);

  return {
    async start() {
      const started = await listener.start();
      if (!started.ok) return started;
      const { engineId, boots, remark } = started.value ?? {};
      log.info({ host, port: listener.port(), engineId, boots }, "SNMP notifications are heard");
      if (remark !== undefined) log.warn({ engineId }, `SNMPv3 informs: ${remark}; set stateDirectory`);
      return ok(undefined);
    },
    async stop() {
      confirming.stop();
      await listener.stop();
    },
    port: listener.port,
    taken: () => new Map([...taken].map(([router, counters]) => [router, counters.read()])),
    dropped: () => ({ ...listener.drops.read(), ...notOfInterest.read() }),
    datagrams: listener.counts.read,
    confirmed: confirming.rounds,
  };
}

const advice: Readonly<Record<NotificationDrop, string>> = {
  unknownSource:
    "a datagram for the notifications' port came from an address of no router; if it is one of a router, add it to notifications.addresses of that router",
  malformed: "a datagram that is no valid SNMP message came from this router",
  flood: "more notifications came from this router than are of use; the rest is dropped unread, and its polls go on",
  version: "this router notifies with another version of SNMP than its credentials have; set notifications.credentials",
  community:
    "this router notifies with another community; set notifications.credentials, or the community on the router",
  pdu: "an SNMP message that is no notification came from this router",
  repeated: "an inform came again: its acknowledgement was lost on the way, or came too late",
  engine:
    "an inform, or a trap that asks for a report, has an engine ID that is not the agent's own; informs need the one that the agent logs at its start",
  user: "this router notifies as a user that is not in its credentials; set notifications.credentials, or the user on the router",
  level: "this router notifies with another security level than its credentials have",
  digest:
    "a notification has a wrong digest: check the protocol and password of auth in the credentials and on the router",
  window:
    "an authentic notification is outside of the time window: it is a replay, the first message of an inform's sender, or the router does not keep its snmpEngineBoots",
  decryption:
    "a notification cannot be decrypted: check the protocol and password of privacy in the credentials and on the router",
};
