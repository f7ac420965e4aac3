// The SNMP agent, v1 and v2c, of a simulated router: a function from request octets to response octets.
// It reads only; RFC 3416 section 4.2 says what each request gets.

import { decodeMessage, encodeMessage, type Message, varBindLength } from "../wire/snmp/message.ts";
import type { Oid } from "../wire/snmp/oid.ts";
import type { VarBind } from "../wire/snmp/value.ts";
import type { MibView } from "./mib-view.ts";
import { answerV1 } from "./snmp-v1-answer.ts";

export const snmpDropKinds = ["malformed", "wrongCommunity", "unexpectedPdu"] as const;
export type SnmpDropKind = (typeof snmpDropKinds)[number];

/** What fits an Ethernet frame without fragments: 1,500 less the headers of IPv4 and UDP. */
export const longestResponse = 1_472;

/** Message, PDU and list headers, version and three integers at their longest; the community comes on top. */
const envelope = 40;

/** net-snmp's limit of bindings in one answer to a GETBULK. */
const mostBulkBindings = 100;

const tooBig = 1;
const notWritable = 17;

export type SnmpAnswer =
  | { readonly ok: true; readonly octets: Uint8Array }
  | { readonly ok: false; readonly dropped: SnmpDropKind };

export function answerSnmp(request: Uint8Array, community: Uint8Array, view: MibView): SnmpAnswer {
  const decoded = decodeMessage(request);
  if (!decoded.ok) return { ok: false, dropped: "malformed" };
  const { version, pdu } = decoded.value;
  if (!sameOctets(decoded.value.community, community)) return { ok: false, dropped: "wrongCommunity" };

  const respond = (varbinds: readonly VarBind[], errorStatus = 0, errorIndex = 0): SnmpAnswer => {
    const message: Message = {
      version,
      community,
      pdu: { type: "response", requestId: pdu.requestId, errorStatus, errorIndex, varbinds },
    };
    const octets = encodeMessage(message);
    if (octets.length <= longestResponse || errorStatus === tooBig) return { ok: true, octets };
    return respond(version === "1" ? pdu.varbinds : [], tooBig);
  };

  if (version === "1") {
    const answer = answerV1(pdu, view);
    if (answer === undefined) return { ok: false, dropped: "unexpectedPdu" };
    return respond(answer.varbinds, answer.errorStatus, answer.errorIndex);
  }

  switch (pdu.type) {
    case "getRequest":
      return respond(pdu.varbinds.map(({ oid }) => ({ oid, value: view.get(oid) })));
    case "getNextRequest":
      return respond(pdu.varbinds.map(({ oid }) => nextAfter(view, oid)));
    case "getBulkRequest":
      return respond(bulk(view, pdu, longestResponse - envelope - community.length));
    case "setRequest":
      return respond(pdu.varbinds, notWritable, Math.min(1, pdu.varbinds.length));
    default:
      return { ok: false, dropped: "unexpectedPdu" };
  }
}

function nextAfter(view: MibView, oid: Oid): VarBind {
  return view.next(oid) ?? { oid, value: { type: "endOfMibView" } };
}

/** RFC 3416 section 4.2.3; ends early when the answer is full, or when every column has ended. */
function bulk(
  view: MibView,
  asked: { readonly nonRepeaters: number; readonly maxRepetitions: number; readonly varbinds: readonly VarBind[] },
  room: number,
): readonly VarBind[] {
  const once = Math.min(Math.max(0, asked.nonRepeaters), asked.varbinds.length);
  const answer: VarBind[] = [];
  let left = room;
  const add = (oid: Oid): VarBind | undefined => {
    const varbind = nextAfter(view, oid);
    left -= varBindLength(varbind);
    if (left < 0 || answer.length >= mostBulkBindings) return undefined;
    answer.push(varbind);
    return varbind;
  };

  for (const { oid } of asked.varbinds.slice(0, once)) {
    if (add(oid) === undefined) return answer;
  }
  let columns: readonly Oid[] = asked.varbinds.slice(once).map((v) => v.oid);
  for (let row = 0; row < asked.maxRepetitions && columns.length > 0; row++) {
    const following: Oid[] = [];
    let ended = true;
    for (const oid of columns) {
      const varbind = add(oid);
      if (varbind === undefined) return answer;
      if (varbind.value.type !== "endOfMibView") ended = false;
      following.push(varbind.oid);
    }
    if (ended) return answer;
    columns = following;
  }
  return answer;
}

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
