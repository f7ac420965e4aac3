// What a request of SNMPv1 gets (RFC 1157 sections 4.1.2 to 4.1.5, RFC 3584 section 4.2.2): there are neither
// exceptions nor Counter64, so what would need them is refused as a whole, with the request's own bindings.

import type { Pdu } from "../wire/snmp/message.ts";
import type { Oid } from "../wire/snmp/oid.ts";
import type { Value, VarBind } from "../wire/snmp/value.ts";
import type { MibView } from "./mib-view.ts";

const noSuchName = 2;

export interface V1Answer {
  readonly varbinds: readonly VarBind[];
  readonly errorStatus: number;
  readonly errorIndex: number;
}

/** Undefined for a PDU that is no request of SNMPv1. */
export function answerV1(pdu: Pdu, view: MibView): V1Answer | undefined {
  switch (pdu.type) {
    case "getRequest":
      return answerOf(pdu, ({ oid }) => {
        const value = view.get(oid);
        return isOfV1(value) ? { oid, value } : undefined;
      });
    case "getNextRequest":
      return answerOf(pdu, ({ oid }) => nextOfV1(view, oid));
    case "setRequest":
      return answerOf(pdu, () => undefined);
    default:
      return undefined;
  }
}

function answerOf(pdu: Pdu, bind: (asked: VarBind) => VarBind | undefined): V1Answer {
  const varbinds: VarBind[] = [];
  for (const [i, asked] of pdu.varbinds.entries()) {
    const bound = bind(asked);
    if (bound === undefined) return { varbinds: pdu.varbinds, errorStatus: noSuchName, errorIndex: i + 1 };
    varbinds.push(bound);
  }
  return { varbinds, errorStatus: 0, errorIndex: 0 };
}

function nextOfV1(view: MibView, after: Oid): VarBind | undefined {
  let next = view.next(after);
  while (next !== undefined && !isOfV1(next.value)) next = view.next(next.oid);
  return next;
}

const notOfV1: ReadonlySet<Value["type"]> = new Set(["counter64", "noSuchObject", "noSuchInstance", "endOfMibView"]);

function isOfV1({ type }: Value): boolean {
  return !notOfV1.has(type);
}
