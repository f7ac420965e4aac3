// What the SNMP client counts.

/** Why a received datagram was not used. */
export const snmpDrops = [
  "malformed",
  "version",
  "unknownId",
  "community",
  "source",
  "wrongOid",
  "duplicate",
  "late",
  // SNMPv3: the digest is wrong; less security than was asked for; another engine, user or context; outside of
  // the time window; not to be decrypted.
  "digest",
  "level",
  "engine",
  "window",
  "decryption",
] as const;
export type SnmpDrop = (typeof snmpDrops)[number];

/** `received` = `answered` + `reports` + all drops; `sent` includes `retransmitted` and what a report made necessary. */
export const snmpRequestCounts = [
  "sent",
  "retransmitted",
  "received",
  "answered",
  "reports",
  "timedOut",
  "refused",
  "unsendable",
  "aborted",
  "socketErrors",
] as const;
export type SnmpRequestCount = (typeof snmpRequestCounts)[number];
