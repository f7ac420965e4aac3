// Asks a simulated router as a poller would, without a socket: octets in, octets out.

import type { MibView } from "../../agent/lab/mib-view.ts";
import { answerSnmp } from "../../agent/lab/snmp-agent.ts";
import { decodeMessage, encodeMessage, type Message, type Pdu } from "../../agent/wire/snmp/message.ts";
import { formatOid, isUnder, type Oid, oid } from "../../agent/wire/snmp/oid.ts";
import type { Value, VarBind } from "../../agent/wire/snmp/value.ts";

export const community = new TextEncoder().encode("lab-community");

const empty: Value = { type: "null" };

export function names(oids: readonly string[]): readonly VarBind[] {
  return oids.map((text) => ({ oid: oid(text), value: empty }));
}

export function getRequest(oids: readonly string[], requestId = 0x1234567): Pdu {
  return { type: "getRequest", requestId, errorStatus: 0, errorIndex: 0, varbinds: names(oids) };
}

/** The response and its size; throws when the router stays silent. */
export function ask(
  view: MibView,
  pdu: Pdu,
  version: Message["version"] = "2c",
): { readonly size: number; readonly pdu: Exclude<Pdu, { type: "getBulkRequest" }> } {
  const answer = answerSnmp(encodeMessage({ version, community, pdu }), community, view);
  if (!answer.ok) throw new Error(`dropped: ${answer.dropped}`);
  const decoded = decodeMessage(answer.octets);
  if (!decoded.ok || decoded.value.pdu.type === "getBulkRequest" || decoded.value.version !== version) {
    throw new Error("not a response");
  }
  return { size: answer.octets.length, pdu: decoded.value.pdu };
}

export function value(view: MibView, name: string): Value {
  const [varbind] = ask(view, getRequest([name])).pdu.varbinds;
  if (varbind === undefined) throw new Error("an empty response");
  return varbind.value;
}

/** Every instance under a root, by its dotted name, walked with GETBULK. */
export function walk(view: MibView, root: string): ReadonlyMap<string, Value> {
  const top = oid(root);
  const found = new Map<string, Value>();
  let from: Oid = top;
  for (;;) {
    const { varbinds } = ask(view, {
      type: "getBulkRequest",
      requestId: 1,
      nonRepeaters: 0,
      maxRepetitions: 50,
      varbinds: [{ oid: from, value: empty }],
    }).pdu;
    for (const varbind of varbinds) {
      if (varbind.value.type === "endOfMibView" || !isUnder(varbind.oid, top)) return found;
      found.set(formatOid(varbind.oid), varbind.value);
      from = varbind.oid;
    }
    if (varbinds.length === 0) throw new Error(`the walk of ${root} stands still`);
  }
}
