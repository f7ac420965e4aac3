// One router that speaks SNMPv1 over UDP on loopback, and the client that asks it.

import { milliseconds } from "../../agent/lib/duration.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient, type SnmpTarget, type SnmpTargetCredentials } from "../../agent/net/snmp-client.ts";
import { encodeMessage, type Message } from "../../agent/wire/snmp/message.ts";
import type { Oid } from "../../agent/wire/snmp/oid.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { createSteppedClock } from "./clock.ts";
import { type Exchange, type ResponderOptions, startResponder } from "./snmp-responder.ts";

export const ask = { group: "interfaces", table: "ifTable" };
export const integer = (value: number): Value => ({ type: "integer", value });

export interface V1Scene {
  readonly target: SnmpTarget;
  /** The same router, of which nothing is known yet. */
  readonly another: () => SnmpTarget;
  readonly requests: () => readonly Message[];
  /** How many names each request held, since the last call. */
  readonly asked: () => readonly number[];
  readonly drops: () => Readonly<Record<string, number>>;
  readonly counts: () => Readonly<Record<string, number>>;
  readonly stop: () => Promise<void>;
}

export async function v1Scene(options: ResponderOptions, version: 1 | "2c" = 1): Promise<V1Scene> {
  const responder = await startResponder({ version: "1", ...options });
  const timeouts = { initial: milliseconds(120), floor: milliseconds(60), cap: milliseconds(200) };
  const clock = createSteppedClock();
  const client = createSnmpClient({ clock }, { timeouts });
  const credentials: SnmpTargetCredentials = { version, community: new Secret("public") };
  const { port } = responder;
  const another = () => client.target({ router: "ce1", address: "127.0.0.1", port, credentials, anySource: false });
  const target = another();
  await client.start();
  let told = 0;
  return {
    target,
    another,
    requests: responder.requests,
    asked() {
      const since = responder.requests().slice(told);
      told += since.length;
      return since.map(({ pdu }) => pdu.varbinds.length);
    },
    drops: () => Object.fromEntries(Object.entries(client.dropped.read()).filter(([, count]) => count > 0)),
    counts: () => client.requests.read(),
    stop: async () => {
      await client.stop();
      clock.stop();
      await responder.stop();
    },
  };
}

/** Answers with this error status and index what the router would refuse with noSuchName, and else honestly. */
export function misnaming(indexOf: (honest: number) => number): (exchange: Exchange) => void {
  return ({ answer, send }) => {
    const { pdu } = answer;
    if (pdu.type !== "response" || pdu.errorStatus !== 2) return send(encodeMessage(answer));
    send(encodeMessage({ ...answer, pdu: { ...pdu, errorIndex: indexOf(pdu.errorIndex) } }));
  };
}

/** An error status for every request, with the bindings of the request as RFC 1157 has it. */
export function refusing(errorStatus: number, errorIndex: number): (exchange: Exchange) => void {
  return ({ request, answer, send }) => {
    const { requestId, varbinds } = request.pdu;
    send(encodeMessage({ ...answer, pdu: { type: "response", requestId, errorStatus, errorIndex, varbinds } }));
  };
}

export function instances(columns: readonly Oid[], indexes: readonly number[]): readonly Oid[] {
  return indexes.flatMap((index) => columns.map((column) => [...column, index]));
}
