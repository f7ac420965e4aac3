// v1 and v2c notifications: known by their community. No I/O.

import { timingSafeEqual } from "node:crypto";
import { createReader } from "../wire/ber.ts";
import { encodeMessage } from "../wire/snmp/message.ts";
import { type Notification, readCommunityHead, readNotification } from "../wire/snmp/notification.ts";
import type { NotificationDrop } from "./snmp-notification-counts.ts";

/** What became of a message, and what is to be sent back. */
export type Heard<By> =
  | {
      readonly kind: "notification";
      readonly by: By;
      readonly notification: Notification;
      /** The acknowledgement of an inform. */
      readonly answer: Uint8Array | undefined;
    }
  | { readonly kind: "dropped"; readonly drop: NotificationDrop; readonly answer: Uint8Array | undefined }
  /** SNMPv3: nobody speaks to us yet, but asks for our engine id. */
  | { readonly kind: "discovery"; readonly answer: Uint8Array };

const reader = createReader(new Uint8Array(0));

/** Whose community it is, of those who may send from its address. */
export function receiveCommunity<By extends { readonly community: Uint8Array }>(
  bytes: Uint8Array,
  senders: readonly By[],
): Heard<By> {
  const head = readCommunityHead(reader, bytes);
  if (head === undefined) return dropped("malformed");
  if (senders.length === 0) return dropped("version");
  const by = senders.find(({ community }) => isEqual(community, head.community));
  if (by === undefined) return dropped("community");
  const read = readNotification(reader, bytes.length, head.version);
  if (!read.ok) return dropped(read.error.kind === "pdu" ? "pdu" : "malformed");
  const notification = read.value;
  if (!notification.confirmed) return { kind: "notification", by, notification, answer: undefined };
  const { requestId, varbinds } = notification;
  const pdu = { type: "response", requestId, errorStatus: 0, errorIndex: 0, varbinds } as const;
  return {
    kind: "notification",
    by,
    notification,
    answer: encodeMessage({ version: "2c", community: by.community, pdu }),
  };
}

function dropped(drop: NotificationDrop): Heard<never> {
  return { kind: "dropped", drop, answer: undefined };
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
