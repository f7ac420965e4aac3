// What honest routers say, by chance: names, values of every type, bindings, PDUs and messages.

import type { ErrorStatus, Message, Pdu } from "../../agent/wire/snmp/message.ts";
import { errorStatuses, pduTags } from "../../agent/wire/snmp/message.ts";
import type { Oid } from "../../agent/wire/snmp/oid.ts";
import type { Value, VarBind } from "../../agent/wire/snmp/value.ts";
import type { Dice } from "./dice.ts";

const edges32 = [0, 1, 127, 128, 255, 256, 32_767, 32_768, 0x7fff_ffff];

export function arcOf(dice: Dice): number {
  return dice.next() < 0.5 ? dice.below(300) : dice.pick([...edges32, 0x8000_0000, 0xffff_ffff, dice.below(2 ** 32)]);
}

export function oidOf(dice: Dice): Oid {
  const rest = Array.from({ length: dice.next() < 0.02 ? dice.below(120) : dice.below(14) }, () => arcOf(dice));
  const first = dice.below(3);
  return [first, dice.below(first === 2 ? 1_000 : 40), ...rest];
}

const types = [
  "integer",
  "counter32",
  "gauge32",
  "timeTicks",
  "counter64",
  "octets",
  "opaque",
  "oid",
  "ipAddress",
  "null",
  "noSuchObject",
  "noSuchInstance",
  "endOfMibView",
] as const satisfies readonly Value["type"][];

export function valueBy(dice: Dice, of: readonly Value["type"][] = types): Value {
  const type = dice.pick(of);
  switch (type) {
    case "integer":
      return { type, value: dice.pick(edges32) * (dice.next() < 0.5 ? -1 : 1) };
    case "counter32":
    case "gauge32":
    case "timeTicks":
      return { type, value: dice.pick([...edges32, 0x8000_0000, 0xffff_ffff, dice.below(2 ** 32)]) };
    case "counter64":
      return { type, value: (BigInt(dice.below(2 ** 32)) << BigInt(dice.below(33))) | BigInt(dice.below(2 ** 32)) };
    case "octets":
    case "opaque":
      return { type, value: dice.octets(dice.next() < 0.05 ? dice.below(400) : dice.below(24)) };
    case "oid":
      return { type, value: oidOf(dice) };
    case "ipAddress":
      return { type, value: dice.octets(4).join(".") };
    default:
      return { type };
  }
}

export function bindingsOf(dice: Dice, most = 12): readonly VarBind[] {
  return Array.from({ length: 1 + dice.below(most) }, () => ({ oid: oidOf(dice), value: valueBy(dice) }));
}

const pduTypes = Object.keys(pduTags) as (keyof typeof pduTags)[];

export function pduOf(dice: Dice, type = dice.pick(pduTypes)): Pdu {
  const requestId = dice.pick([0, 1, -1, 0x7fff_ffff, -0x8000_0000, dice.below(2 ** 31)]);
  const varbinds = bindingsOf(dice);
  if (type === "getBulkRequest") {
    return { type, requestId, nonRepeaters: dice.below(3), maxRepetitions: dice.below(100), varbinds };
  }
  const status: ErrorStatus = dice.next() < 0.8 ? "noError" : dice.pick(errorStatuses);
  const errorStatus = errorStatuses.indexOf(status);
  return { type, requestId, errorStatus, errorIndex: errorStatus === 0 ? 0 : dice.below(5), varbinds };
}

const pdusOfV1: readonly Pdu["type"][] = ["getRequest", "getNextRequest", "response", "setRequest"];

export function messageOf(dice: Dice, pdu = pduOf(dice)): Message {
  const version = pdusOfV1.includes(pdu.type) && dice.next() < 0.3 ? "1" : "2c";
  return { version, community: dice.octets(dice.below(20)), pdu };
}
