// At least 100,000 hostile datagrams through a live socket, while a good responder answers real polls.

import { describe, expect, it } from "vitest";
import { systemClock } from "../../agent/lib/clock.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient } from "../../agent/net/snmp-client.ts";
import { snmpDrops } from "../../agent/net/snmp-counts.ts";
import { counterAt, numberAt } from "../../agent/wire/snmp/cells.ts";
import { encodeMessage, type Message } from "../../agent/wire/snmp/message.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";
import { seededRandom } from "../support/clock.ts";
import { type Exchange, mibOf, startResponder } from "../support/snmp-responder.ts";

const least = 100_000;
/** Well below what the kernel's default receive buffer holds (facts: 64 full answers lose nothing). */
const batch = 32;
const rows = 5;
const columns = ["1.3.6.1.2.1.2.2.1.7", "1.3.6.1.2.1.31.1.1.1.6"].map(oid);
const names = columns.flatMap((column) => Array.from({ length: rows }, (_, i) => [...column, i + 1]));

describe("hostile datagrams", () => {
  it("never end a request, never become a value, and are each counted once", async () => {
    const random = seededRandom(20_261_122);
    const below = (n: number) => Math.floor(random() * n);
    let polls = 0;
    let hostile = 0;
    let fromRouter = 0;

    /** What one hostile datagram is, and whether it comes from the router's own port. */
    function attack({ answer }: Exchange): { readonly bytes: Uint8Array; readonly own: boolean } {
      const good = encodeMessage(answer);
      switch (below(7)) {
        case 0:
          // Truncated at every length in turn; the router's own port makes it the harder case.
          return { bytes: good.subarray(0, hostile % good.length), own: true };
        case 1: {
          // Flipped bits of a perfect answer with the live id, from a wrong source.
          const flips = 1 + below(4);
          for (let i = 0; i < flips; i++) {
            const at = below(good.length);
            good[at] = (good[at] ?? 0) ^ (1 << below(8));
          }
          return { bytes: good, own: false };
        }
        case 2:
          return { bytes: Uint8Array.from({ length: below(300) }, () => below(256)), own: random() < 0.5 };
        case 3:
          return { bytes: good, own: false };
        case 4: {
          // Answers to nothing.
          const pdu = { ...answer.pdu, requestId: 1 + below(0x00ff_ffff) } as Message["pdu"];
          return { bytes: encodeMessage({ ...answer, pdu }), own: true };
        }
        case 5:
          return { bytes: encodeMessage({ ...answer, community: Buffer.from(`guess${below(100)}`) }), own: true };
        default: {
          // The live id and the right port, but names that were not asked for.
          const varbinds = answer.pdu.varbinds.map((varbind) => ({ ...varbind, oid: [...varbind.oid, 1 + below(9)] }));
          return { bytes: encodeMessage({ ...answer, pdu: { ...answer.pdu, varbinds } as Message["pdu"] }), own: true };
        }
      }
    }

    const responder = await startResponder({
      mib: () => mib(polls),
      script: (exchange) => {
        for (let i = 0; i < batch; i++) {
          const { bytes, own } = attack(exchange);
          hostile += 1;
          if (own) fromRouter += 1;
          exchange.send(bytes, own ? "own" : "other");
        }
        exchange.send(encodeMessage(exchange.answer));
      },
    });
    const client = createSnmpClient({ clock: systemClock }, { sockets: 1 });
    const target = client.target({
      router: "ce1",
      address: "127.0.0.1",
      port: responder.port,
      credentials: { version: "2c", community: new Secret("public") },
      anySource: false,
    });
    await client.start();
    try {
      const wrong: string[] = [];
      while (hostile < least) {
        polls += 1;
        const got = await target.get(names, { group: "interfaces", table: "ifTable" });
        if (!got.ok) {
          wrong.push(got.error.detail);
          continue;
        }
        for (let i = 0; i < rows; i++) {
          const state = numberAt(got.value, i);
          const octets = counterAt(got.value, rows + i);
          if (state !== stateOf(polls, i) || octets !== octetsOf(polls, i))
            wrong.push(`poll ${polls}: ${state} ${octets}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(hostile).toBeGreaterThanOrEqual(least);
      expect(fromRouter).toBeGreaterThan(least / 4);

      const dropped = () => client.dropped.read();
      const total = () => snmpDrops.reduce((sum, kind) => sum + dropped()[kind], 0);
      // Everything that was sent arrived, was not used, and is in exactly one counter. A retransmission
      // would be answered twice, the second time as a duplicate of the batch before.
      const { answered, retransmitted } = client.requests.read();
      await expect.poll(total).toBe(hostile + retransmitted);
      expect(client.requests.read().received).toBe(hostile + retransmitted + answered);
      expect(answered).toBe(polls);
      for (const kind of ["malformed", "unknownId", "community", "source", "wrongOid"] as const) {
        expect(dropped()[kind], kind).toBeGreaterThan(1_000);
      }
    } finally {
      await client.stop();
      await responder.stop();
    }
  });
});

const stateOf = (poll: number, i: number) => 1 + ((poll + i) % 7);
const octetsOf = (poll: number, i: number) => 2n ** 60n + BigInt(poll * 10 + i);

function mib(poll: number) {
  const instances = Array.from({ length: rows }, (_, i) => [
    [`${columns[0]?.join(".")}.${i + 1}`, { type: "integer", value: stateOf(poll, i) }] as const,
    [`${columns[1]?.join(".")}.${i + 1}`, { type: "counter64", value: octetsOf(poll, i) }] as const,
  ]).flat();
  return mibOf(Object.fromEntries(instances));
}
