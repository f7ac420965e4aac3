// Notifications as data: which of them say that something changed of what is watched, and where to look after it.
// None is believed: each only makes the agent ask. So their senders' slips (numbers of RFC 1269, a zero too many)
// need not be told apart here.

import { formatAddress } from "../estate/address.ts";
import type { PollGroup } from "../estate/observation.ts";
import type { Notification } from "../wire/snmp/notification.ts";
import { isUnder, type Oid, oid } from "../wire/snmp/oid.ts";
import type { Value } from "../wire/snmp/value.ts";

/** What a notification is about. Closed: each is a metric label. */
export const notificationKinds = ["link", "bgp", "bfd", "start"] as const;
export type NotificationKind = (typeof notificationKinds)[number];

export interface NotificationType {
  /** As its MIB names it. */
  readonly name: string;
  readonly kind: NotificationKind;
}

/**
 * The groups that show whether it is so. A link takes its sessions with it and a session may have gone with its link,
 * so both are looked at: the verdict names the first that broke.
 */
export const groupsToConfirm: Readonly<Record<NotificationKind, readonly PollGroup[]>> = {
  link: ["interfaces", "bgp", "bfd"],
  bgp: ["bgp", "interfaces"],
  bfd: ["bfd", "bgp", "interfaces"],
  // ifIndex may have moved, and sysUpTime tells an agent that started again.
  start: ["system", "interfaces", "bgp"],
};

const mib2 = "1.3.6.1.2.1";
const enterprises = "1.3.6.1.4.1";
const snmpTraps = "1.3.6.1.6.3.1.1.5";
const cisco = `${enterprises}.9`;
const juniper = `${enterprises}.2636`;

const types: readonly (readonly [oid: string, kind: NotificationKind, name: string])[] = [
  // SNMPv2-MIB (RFC 3418) and IF-MIB (RFC 2863)
  [`${snmpTraps}.1`, "start", "coldStart"],
  [`${snmpTraps}.2`, "start", "warmStart"],
  [`${snmpTraps}.3`, "link", "linkDown"],
  [`${snmpTraps}.4`, "link", "linkUp"],
  // BGP4-MIB (RFC 4273), and with the numbers of RFC 1269
  [`${mib2}.15.0.1`, "bgp", "bgpEstablishedNotification"],
  [`${mib2}.15.0.2`, "bgp", "bgpBackwardTransNotification"],
  [`${mib2}.15.7.1`, "bgp", "bgpEstablished"],
  [`${mib2}.15.7.2`, "bgp", "bgpBackwardTransition"],
  // CISCO-BGP4-MIB
  [`${cisco}.9.187.0.1`, "bgp", "cbgpFsmStateChange"],
  [`${cisco}.9.187.0.2`, "bgp", "cbgpBackwardTransition"],
  [`${cisco}.9.187.0.5`, "bgp", "cbgpPeer2EstablishedNotification"],
  [`${cisco}.9.187.0.6`, "bgp", "cbgpPeer2BackwardTransNotification"],
  [`${cisco}.9.187.0.7`, "bgp", "cbgpPeer2FsmStateChange"],
  [`${cisco}.9.187.0.8`, "bgp", "cbgpPeer2BackwardTransition"],
  // BGP4-V2-MIB-JUNIPER
  [`${juniper}.5.1.1.1.0.1`, "bgp", "jnxBgpM2Established"],
  [`${juniper}.5.1.1.1.0.2`, "bgp", "jnxBgpM2BackwardTransition"],
  // ARISTA-BGP4V2-MIB
  [`${enterprises}.30065.4.1.0.1`, "bgp", "aristaBgp4V2EstablishedNotification"],
  [`${enterprises}.30065.4.1.0.2`, "bgp", "aristaBgp4V2BackwardTransitionNotification"],
  // TIMETRA-BGP-MIB
  [`${enterprises}.6527.3.1.3.14.0.7`, "bgp", "tBgpNgEstablished"],
  [`${enterprises}.6527.3.1.3.14.0.8`, "bgp", "tBgpNgBackwardTransition"],
  // HUAWEI-BGP-VPN-MIB
  [`${enterprises}.2011.5.25.177.1.3.4`, "bgp", "hwBgpPeerUnavailable"],
  [`${enterprises}.2011.5.25.177.1.3.5`, "bgp", "hwBgpPeerAvailable"],
  // PAN-TRAPS
  [`${enterprises}.25461.2.1.3.2.0.1531`, "bgp", "panROUTINGRoutedBGPPeerEnterEstablishedTrap"],
  [`${enterprises}.25461.2.1.3.2.0.1532`, "bgp", "panROUTINGRoutedBGPPeerLeftEstablishedTrap"],
  // BFD-STD-MIB (RFC 7331), and the drafts of it that Cisco and Juniper have
  [`${mib2}.222.0.1`, "bfd", "bfdSessUp"],
  [`${mib2}.222.0.2`, "bfd", "bfdSessDown"],
  [`${cisco}.10.137.0.1`, "bfd", "ciscoBfdSessUp"],
  [`${cisco}.10.137.0.2`, "bfd", "ciscoBfdSessDown"],
  [`${juniper}.5.3.1.0.1`, "bfd", "bfdSessUp of JUNIPER-BFD-MIB"],
  [`${juniper}.5.3.1.0.2`, "bfd", "bfdSessDown of JUNIPER-BFD-MIB"],
];

/** Agents add or forget the zero before the last arc (RFC 3584 section 3.1 adds it to what came by v1). */
function keyOf(trapOid: Oid): string {
  let end = trapOid.length - 1;
  while (end > 1 && trapOid[end - 1] === 0) end -= 1;
  return `${trapOid.slice(0, end).join(".")} ${trapOid.at(-1)}`;
}

const byKey: ReadonlyMap<string, NotificationType> = new Map(
  types.map(([text, kind, name]) => [keyOf(oid(text)), { name, kind }]),
);

/** Undefined for one that says nothing of what is watched. */
export function notificationType(trapOid: Oid): NotificationType | undefined {
  return byKey.get(keyOf(trapOid));
}

const ifIndex = oid(`${mib2}.2.2.1.1`);
/** ifDescr, ifName, ifAlias, and the name that Junos adds to its BFD notifications. */
const interfaceNames = [`${mib2}.2.2.1.2`, `${mib2}.31.1.1.1.1`, `${mib2}.31.1.1.1.18`, `${juniper}.3.45.1.2.1`].map(
  oid,
);
const ifOperStatus = oid(`${mib2}.2.2.1.8`);
const bgpPeerEntry = oid(`${mib2}.15.3.1`);
/** cbgpPeer2Table has the type, the length and the octets of the peer's address as its index. */
const cbgpPeer2Entry = oid(`${cisco}.9.187.1.2.5.1`);

const operStatuses: Readonly<Record<number, string>> = {
  1: "up",
  2: "down",
  5: "dormant",
  6: "notPresent",
  7: "lowerLayerDown",
};

/** What it says, for people: `linkDown of ifIndex 3 (ge0)`. The router's own texts are cut short and quoted. */
export function whatItSaid({ name }: NotificationType, { varbinds }: Notification): string {
  const subjects = new Set<string>();
  for (const { oid: instance, value } of varbinds) {
    const subject = subjectOf(instance, value);
    if (subject !== undefined) subjects.add(subject);
  }
  return subjects.size === 0 ? name : `${name} of ${[...subjects].slice(0, mostSubjects).join(", ")}`;
}

const mostSubjects = 4;

function subjectOf(instance: Oid, value: Value): string | undefined {
  if (isUnder(instance, ifIndex) && value.type === "integer") return `ifIndex ${value.value}`;
  if (interfaceNames.some((name) => isUnder(instance, name)) && value.type === "octets") return quoted(value.value);
  if (isUnder(instance, ifOperStatus) && value.type === "integer") {
    return `ifOperStatus ${operStatuses[value.value] ?? value.value}`;
  }
  if (isUnder(instance, bgpPeerEntry)) return peer(instance.slice(bgpPeerEntry.length + 1));
  if (isUnder(instance, cbgpPeer2Entry)) return peer(instance.slice(cbgpPeer2Entry.length + 3));
  return undefined;
}

/** The value of bgpPeerRemoteAddr may read 0.0.0.0; the index does not. */
function peer(octets: Oid): string | undefined {
  if ((octets.length !== 4 && octets.length !== 16) || octets.some((octet) => octet > 255)) return undefined;
  const value = octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  return `peer ${formatAddress({ family: octets.length === 4 ? 4 : 6, value })}`;
}

const mostCharacters = 64;

function quoted(octets: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(octets.subarray(0, mostCharacters)).replace(/\p{C}/gu, "");
  return text === "" ? undefined : JSON.stringify(text);
}
