// Traps and informs, as whoever reaches the port may send them.

import { createReader, createWriter, putAround, putInteger, takeWritten } from "../../../agent/wire/ber.ts";
import { encodeMessage, encodePdu, readVarbinds, versionV1 } from "../../../agent/wire/snmp/message.ts";
import {
  readCommunityHead,
  readNotification,
  snmpTrapOidInstance,
  sysUpTimeInstance,
  tagTrapV1,
  versionOf,
} from "../../../agent/wire/snmp/notification.ts";
import { isOid } from "../../../agent/wire/snmp/oid.ts";
import { putPrimitive, putValue } from "../../../agent/wire/snmp/value.ts";
import type { Dice } from "../dice.ts";
import { type FuzzTarget, hold, sameBytes } from "../target.ts";
import { bindingsOf, messageOf, oidOf, valueBy } from "../values.ts";

const sequence = 0x30;

/** A Trap-PDU of RFC 1157 section 4.1.6 in a message; the bindings are those of a later PDU. */
function trapV1(dice: Dice): Uint8Array {
  const pdu = { type: "response", requestId: 0, errorStatus: 0, errorIndex: 0, varbinds: bindingsOf(dice, 6) } as const;
  const w = createWriter();
  const octets = encodePdu(pdu);
  // Behind the header and three integers of one octet each.
  const list = octets.subarray((octets[1] ?? 0) < 0x80 ? 11 : (octets[1] ?? 0) === 0x81 ? 12 : 13);
  w.at -= list.length;
  w.bytes.set(list, w.at);
  putValue(w, { type: "timeTicks", value: dice.below(2 ** 32) });
  putInteger(w, 0x02, dice.below(2 ** 31));
  putInteger(w, 0x02, dice.below(7));
  putValue(w, { type: "ipAddress", value: dice.octets(4).join(".") });
  putValue(w, { type: "oid", value: [1, 3, 6, 1, 4, 1, dice.below(65_536), dice.below(10)] });
  putAround(w, tagTrapV1, 0);
  putPrimitive(w, 0x04, dice.octets(6));
  putInteger(w, 0x02, versionV1);
  putAround(w, sequence, 0);
  return takeWritten(w);
}

function trapV2(dice: Dice): Uint8Array {
  const first = [
    { oid: sysUpTimeInstance, value: valueBy(dice, ["timeTicks"]) },
    { oid: snmpTrapOidInstance, value: { type: "oid", value: oidOf(dice) } as const },
  ];
  const varbinds = [...(dice.next() < 0.9 ? first : first.reverse()), ...bindingsOf(dice, 6)];
  const type = dice.next() < 0.5 ? "snmpV2Trap" : "informRequest";
  return encodeMessage(
    messageOf(dice, { type, requestId: dice.below(2 ** 31), errorStatus: 0, errorIndex: 0, varbinds }),
  );
}

export const notifications: FuzzTarget = {
  name: "notifications",
  weight: 3,
  exercises: [versionOf, readCommunityHead, readNotification, readVarbinds],
  seed: (dice) => ({
    bytes: dice.next() < 0.4 ? trapV1(dice) : trapV2(dice),
    read(octets) {
      const version = versionOf(octets);
      const r = createReader(octets);
      const head = readCommunityHead(r, octets);
      hold((head === undefined) === (r.fault !== undefined), "neither head nor fault");
      if (head === undefined) return r.fault ?? "";
      hold(head.version === version, "two versions of one message");
      const notification = readNotification(r, octets.length, head.version);
      if (!notification.ok) {
        hold(notification.error.offset <= octets.length, "a fault outside of the datagram");
        return notification.error.kind;
      }
      const { confirmed, requestId, trapOid, upTime, varbinds } = notification.value;
      return () => {
        hold(isOid(trapOid), "a notification without a name");
        hold(upTime === undefined || (upTime >= 0 && upTime <= 0xffff_ffff), "a time that is none");
        hold(!confirmed || head.version !== versionV1, "an inform of v1");
        // What an acknowledgement repeats must be what it was.
        const pdu = { type: "response", requestId, errorStatus: 0, errorIndex: 0, varbinds } as const;
        const written = encodePdu(pdu);
        hold(sameBytes(written, encodePdu(pdu)), "an acknowledgement differs");
        return "accepted";
      };
    },
  }),
};
