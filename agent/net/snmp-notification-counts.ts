// What the listener for notifications counts.

/** Why a datagram was not taken as a notification. */
export const notificationDrops = [
  "malformed",
  // From an address of no configured router.
  "unknownSource",
  // More than the router, or all of them, may send.
  "flood",
  // v1 or v2c from a router with an SNMPv3 user, or the other way round.
  "version",
  "community",
  // An SNMP message, but no notification.
  "pdu",
  // An inform that was taken before: acknowledged again.
  "repeated",
  // SNMPv3: an engine id that is not ours in what asks for an answer; no such user; another security level; a wrong
  // digest; outside of the time window; not to be decrypted.
  "engine",
  "user",
  "level",
  "digest",
  "window",
  "decryption",
] as const;
export type NotificationDrop = (typeof notificationDrops)[number];

/** `received` = `accepted` + `discoveries` + all drops. `reports`: also those that answer a drop. */
export const notificationCounts = [
  "received",
  "accepted",
  "discoveries",
  "acknowledged",
  "reports",
  "unsendable",
  "socketErrors",
] as const;
export type NotificationCount = (typeof notificationCounts)[number];
