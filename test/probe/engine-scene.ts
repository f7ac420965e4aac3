// The engine over sockets without a network, and what a far end would answer to what it sent.

import type { ProbeTarget } from "../../agent/estate/estate.ts";
import { type ProbeObservation, subject } from "../../agent/estate/observation.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import type { Endpoint } from "../../agent/net/endpoint.ts";
import { createEngine } from "../../agent/probe/engine.ts";
import type { FromWorker, ProbeLog } from "../../agent/probe/messages.ts";
import { decodeEcho, type EchoTypes, encodeEcho, icmpEcho } from "../../agent/wire/icmp.ts";
import { ntpTimestamp, reflect } from "../../agent/wire/stamp.ts";
import { at } from "../support/socket-profile.ts";
import { fakeSockets, type Sent } from "./fake-sockets.ts";

export const stamp: ProbeTarget = {
  technique: "stamp",
  address: "10.20.0.11",
  port: 862,
  source: undefined,
  interval: milliseconds(100),
  timeout: milliseconds(1_000),
};
export const icmp: ProbeTarget = { ...stamp, technique: "icmp", address: "172.16.0.2", port: 0 };
export const of = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });

export async function probing(targets: readonly ProbeTarget[], options?: { raw?: boolean; noSource?: boolean }) {
  const fake = fakeSockets(options);
  const messages: FromWorker[] = [];
  // A plain counter is enough where only the test answers; its bits differ from probe to probe.
  let drawn = 1;
  const engine = createEngine(
    { sockets: fake.sockets, random: () => Math.imul(drawn++, 0x9e3779b1) >>> 0, emit: (m) => messages.push(m) },
    targets.map((target, index) => ({ of, index, target })),
  );
  await engine.open();
  const batches = () => messages.filter((m) => m.kind === "batch");
  return {
    ...fake,
    engine,
    logs: (): ProbeLog[] => messages.filter((m) => m.kind === "log"),
    async turnAt(ms: number) {
      fake.time.now = ms;
      return engine.turn();
    },
    /** Everything seen of a stream, added up. */
    total(index = 0) {
      engine.report();
      const all = batches().flatMap(({ observations }) => observations.filter((o) => o.index === index));
      const sum = (key: "received" | "lost" | "late" | "duplicate" | "discarded" | "sendErrors") =>
        all.reduce((n, o) => n + o[key], 0);
      return {
        received: sum("received"),
        lost: sum("lost"),
        late: sum("late"),
        duplicate: sum("duplicate"),
        discarded: sum("discarded"),
        sendErrors: sum("sendErrors"),
        unheard: all.reduce((n, o) => n + (o.unheard ?? 0), 0),
        delays: all.flatMap((o) => o.delays),
        last: all.at(-1) as ProbeObservation,
      };
    },
    dropped() {
      engine.report();
      const total: Record<string, number> = {};
      for (const { dropped } of batches())
        for (const [kind, n] of Object.entries(dropped)) if (n > 0) total[kind] = (total[kind] ?? 0) + n;
      return total;
    },
  };
}

export const nth = (sent: readonly Sent[], n: number): Sent => {
  const probe = sent[n];
  if (probe === undefined) throw new Error(`only ${sent.length} probes were sent`);
  return probe;
};

/** The answer of a reflector that keeps the probe for `kept` ms. */
export function reflected({ bytes }: Sent, kept = 0): Uint8Array {
  const own = { receiveTimestamp: ntpTimestamp(100, 0), timestamp: ntpTimestamp(100, kept * 1e6) };
  const answer = reflect(bytes, own);
  if (!answer.ok) throw new Error(answer.error.kind);
  return answer.value;
}

export function echoed({ bytes }: Sent, identifier?: number, types: EchoTypes = icmpEcho): Uint8Array {
  const asked = decodeEcho(types, bytes);
  if (!asked.ok) throw new Error(asked.error.kind);
  return encodeEcho(types, { ...asked.value, type: "reply", identifier: identifier ?? asked.value.identifier });
}

export function edited(bytes: Uint8Array, edit: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  edit(new DataView(copy.buffer));
  return copy;
}

export const endpoint = ({ address, port }: ProbeTarget): Endpoint => at(address, port);
