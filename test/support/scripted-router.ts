// An SNMP target without sockets: answers from a MIB that the test changes, and hangs or fails by group.

import { err, ok, type Result } from "../../agent/lib/result.ts";
import type { SnmpTarget } from "../../agent/net/snmp-client.ts";
import type { SnmpError, SnmpFailure } from "../../agent/net/snmp-error.ts";
import { takeGetAnswer } from "../../agent/net/snmp-get.ts";
import { createCells } from "../../agent/wire/snmp/cells.ts";
import { encodeMessage, type Message, type Pdu } from "../../agent/wire/snmp/message.ts";
import { decodeOid, encodeOid, type Oid } from "../../agent/wire/snmp/oid.ts";
import { encodeRequestPdu } from "../../agent/wire/snmp/request.ts";
import { createResponseReader, readResponse } from "../../agent/wire/snmp/response.ts";
import { createWalk, namesToAsk, takeBulkAnswer } from "../../agent/wire/snmp/walk.ts";
import { answerTo, type Mib } from "./snmp-responder.ts";

export interface ScriptedRouter {
  readonly target: SnmpTarget;
  mib: Mib;
  /** Requests of the group, for at least so many names, fail so until `heal`. */
  breakGroup(group: string, kind: SnmpFailure, names?: number): void;
  /** Requests of the group wait; the answer is what the MIB held when asked, given when `release` is called. */
  hang(group: string): void;
  release(group: string): void;
  heal(group: string): void;
  /** What was asked, in order: `get interfaces`, `walk bgp`. */
  readonly asked: string[];
}

export function scriptedRouter(mib: Mib): ScriptedRouter {
  const broken = new Map<string, { readonly kind: SnmpFailure; readonly names: number }>();
  const hanging = new Map<string, (() => void)[]>();
  const asked: string[] = [];

  async function through<T>(
    operation: string,
    names: number,
    { group, table }: { readonly group: string; readonly table: string },
    answer: T,
  ): Promise<Result<T, SnmpError>> {
    asked.push(`${operation} ${group}`);
    const { kind, names: least } = broken.get(group) ?? { kind: undefined, names: 0 };
    if (kind !== undefined && names >= least)
      return err({ kind, router: "ams-ce1", group, table, detail: `scripted ${kind}` });
    const waiting = hanging.get(group);
    if (waiting !== undefined) await new Promise<void>((resolve) => waiting.push(resolve));
    return ok(answer);
  }

  const router: ScriptedRouter = {
    mib,
    asked,
    breakGroup: (group, kind, names = 0) => void broken.set(group, { kind, names }),
    hang: (group) => void hanging.set(group, []),
    release(group) {
      const waiting = hanging.get(group) ?? [];
      hanging.delete(group);
      for (const resolve of waiting.reverse()) resolve();
    },
    heal: (group) => void broken.delete(group),
    target: {
      hasCounter64: true,
      get: (oids, ask) => through("get", oids.length, ask, get(router.mib, oids)),
      prepare: (oids) => (ask) => through("get", oids.length, ask, get(router.mib, oids)),
      walk: (columns, ask) => through("walk", columns.length, ask, walk(router.mib, columns)),
    },
  };
  return router;
}

function responseTo(mib: Mib, pdu: Pdu) {
  const request: Message = { version: "2c", community: new Uint8Array(0), pdu };
  const r = createResponseReader();
  if (!readResponse(r, encodeMessage(answerTo(request, mib, 60_000)))) throw new Error("unreadable answer");
  return r;
}

const bindings = (oids: readonly Oid[]) => oids.map((oid) => ({ oid, value: { type: "null" } as const }));

function get(mib: Mib, oids: readonly Oid[]) {
  const cells = createCells(oids.length);
  const pdu = { type: "getRequest", requestId: 1, errorStatus: 0, errorIndex: 0, varbinds: bindings(oids) } as const;
  const template = encodeRequestPdu({ type: "getRequest", maxRepetitions: 0 }, oids.map(encodeOid));
  if (takeGetAnswer(responseTo(mib, pdu), template, cells, 0) !== "accepted") throw new Error("not accepted");
  return cells;
}

function walk(mib: Mib, columns: readonly Oid[]) {
  const walked = createWalk(columns.map(encodeOid));
  for (;;) {
    const names = namesToAsk(walked).map((name) => decodeOid(name, 0, name.length) ?? []);
    const pdu = {
      type: "getBulkRequest",
      requestId: 1,
      nonRepeaters: 0,
      maxRepetitions: 7,
      varbinds: bindings(names),
    } as const;
    const step = takeBulkAnswer(walked, responseTo(mib, pdu));
    if (step === "end") return walked;
    if (step !== "more") throw new Error(step);
  }
}
