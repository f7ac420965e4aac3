// The client over real UDP on loopback, against responders that misbehave in one way each.

import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient, type SnmpClient, type SnmpTarget } from "../../agent/net/snmp-client.ts";
import { counterAt, isNoSuchObject, numberAt, oidAt, textAt } from "../../agent/wire/snmp/cells.ts";
import { encodeMessage } from "../../agent/wire/snmp/message.ts";
import { decodeArcs, oid } from "../../agent/wire/snmp/oid.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { createSteppedClock } from "../support/clock.ts";
import {
  type Exchange,
  mibOf,
  type Responder,
  type ResponderOptions,
  startResponder,
} from "../support/snmp-responder.ts";

const text = (s: string): Value => ({ type: "octets", value: Uint8Array.from(Buffer.from(s)) });
const integer = (value: number): Value => ({ type: "integer", value });

const scalars = {
  "1.3.6.1.2.1.1.1.0": text("a router"),
  "1.3.6.1.2.1.1.2.0": { type: "oid", value: [1, 3, 6, 1, 4, 1, 99] },
  "1.3.6.1.2.1.1.3.0": { type: "timeTicks", value: 4_294_967_295 },
} satisfies Record<string, Value>;

const columns = ["1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.31.1.1.1.6"].map(oid);

/** `rows` interfaces; ifIndex steps over 127 and 16383, where the octets of an arc grow. */
function table(rows: number, skip: (row: number, column: number) => boolean = () => false): Record<string, Value> {
  const instances: Record<string, Value> = {};
  for (let row = 0; row < rows; row++) {
    const ifIndex = 100 + row * 700;
    const values = [
      text(`if${row}`),
      integer(1 + (row % 7)),
      { type: "counter64", value: 2n ** 63n + BigInt(row) } as const,
    ];
    columns.forEach((column, i) => {
      const value = values[i];
      if (value !== undefined && !skip(row, i)) instances[`${column.join(".")}.${ifIndex}`] = value;
    });
  }
  return { ...scalars, ...instances, "1.3.6.1.2.1.99.1": integer(1) };
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Setup {
  readonly client: SnmpClient;
  readonly target: SnmpTarget;
  readonly responder: Responder;
}

async function setup(
  options: Partial<ResponderOptions> = {},
  { anySource = false, community = "public" } = {},
): Promise<Setup> {
  const mib = mibOf(table(40));
  const responder = await startResponder({ mib: () => mib, ...options });
  const timeouts = { initial: milliseconds(120), floor: milliseconds(60), cap: milliseconds(200) };
  const clock = createSteppedClock();
  const client = createSnmpClient({ clock }, { timeouts });
  const target = client.target({
    router: "ce1",
    address: "127.0.0.1",
    port: responder.port,
    credentials: { version: "2c", community: new Secret(community) },
    anySource,
  });
  await client.start();
  stops.push(
    async () => clock.stop(),
    () => client.stop(),
    responder.stop,
  );
  return { client, target, responder };
}

const ask = { group: "interfaces", table: "ifTable" };
const system = [...Object.keys(scalars), "1.3.6.1.9.9.9"].map(oid);
const dropsOf = ({ client }: Setup) =>
  Object.fromEntries(Object.entries(client.dropped.read()).filter(([, count]) => count > 0));

async function expectWholeTable({ target }: Setup, rows: number): Promise<void> {
  const walked = await target.walk(columns, ask);
  if (!walked.ok) throw new Error(walked.error.detail);
  const seen = walked.value.rows.map((index, row) => [
    decodeArcs(index, 0, index.length),
    textAt(walked.value.cells, row * 3),
    numberAt(walked.value.cells, row * 3 + 1),
    counterAt(walked.value.cells, row * 3 + 2),
  ]);
  const expected = Array.from({ length: rows }, (_, row) => [
    [100 + row * 700],
    `if${row}`,
    1 + (row % 7),
    2n ** 63n + BigInt(row),
  ]);
  expect(seen).toEqual(expected);
}

describe("GET (RFC 3416 section 4.2.1)", () => {
  it("gives one cell per name, exceptions among them", async () => {
    const { target } = await setup();
    const got = await target.get(system, { group: "system", table: "system" });
    if (!got.ok) throw new Error(got.error.detail);
    expect(textAt(got.value, 0)).toBe("a router");
    expect(oidAt(got.value, 1)).toEqual([1, 3, 6, 1, 4, 1, 99]);
    expect(numberAt(got.value, 2)).toBe(4_294_967_295);
    expect(isNoSuchObject(got.value, 3)).toBe(true);
  });

  it("packs many names into datagrams that fit, and joins their answers", async () => {
    const s = await setup();
    const names = Array.from({ length: 40 }, (_, row) => columns.map((column) => [...column, 100 + row * 700])).flat();
    const got = await s.target.get(names, ask);
    if (!got.ok) throw new Error(got.error.detail);
    expect(
      names.map((_, i) => (i % 3 === 2 ? counterAt(got.value, i) : undefined)).filter((c) => c !== undefined),
    ).toEqual(Array.from({ length: 40 }, (_, row) => 2n ** 63n + BigInt(row)));
    const sizes = s.responder.requests().map((request) => encodeMessage(request).length);
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_472);
  });

  it("halves after tooBig, and remembers it for this router", async () => {
    const s = await setup({ largest: 120 });
    for (const first of [true, false]) {
      const before = s.responder.requests().length;
      const got = await s.target.get([...columns.map((column) => [...column, 100]), ...system], ask);
      expect(got.ok && textAt(got.value, 0)).toBe("if0");
      expect(got.ok && textAt(got.value, 3)).toBe("a router");
      const asked = s.responder
        .requests()
        .slice(before)
        .map((request) => request.pdu.varbinds.length);
      expect(asked.includes(7)).toBe(first);
    }
  });

  it("says which name an error status is about", async () => {
    const s = await setup({
      script: ({ answer, send }) => {
        if (answer.pdu.type === "response")
          send(encodeMessage({ ...answer, pdu: { ...answer.pdu, errorStatus: 16, errorIndex: 2 } }));
      },
    });
    const got = await s.target.get(system, { group: "system", table: "system" });
    expect(got).toMatchObject({ ok: false, error: { kind: "refused" } });
    expect(got.ok ? "" : got.error.detail).toContain("authorizationError for 1.3.6.1.2.1.1.2.0");
  });
});

describe("a GET of several datagrams", () => {
  /** One octet each, where the client expects six: a quarter more fit than it dares to ask at first. */
  const many = Array.from({ length: 200 }, (_, i) => oid(`1.3.6.1.2.1.2.2.1.8.${i + 1}`));
  const small = mibOf(Object.fromEntries(many.map((name, i) => [name.join("."), integer(1 + (i % 2))])));
  const expected = many.map((_, i) => 1 + (i % 2));
  const ask = { group: "interfaces", table: "ifTable" };

  async function numbers(get: ReturnType<SnmpTarget["prepare"]>): Promise<readonly (number | undefined)[]> {
    const got = await get(ask);
    return got.ok ? many.map((_, i) => numberAt(got.value, i)) : [];
  }

  it("is packed by the size of the values, once they were seen", async () => {
    const { target, responder } = await setup({ mib: () => small });
    const get = target.prepare(many);
    expect(await numbers(get)).toEqual(expected);
    const first = responder.requests().length;
    expect(await numbers(get)).toEqual(expected);
    const second = responder.requests().length - first;
    expect(await numbers(get)).toEqual(expected);
    expect([first, second, responder.requests().length - first - second]).toEqual([4, 3, 3]);
  });

  it("is packed as at first again when larger answers do not get through", async () => {
    let longest = 65_507;
    let cut = 0;
    const { target, responder } = await setup({
      mib: () => small,
      script: ({ answer, send }) => {
        const octets = encodeMessage(answer);
        if (octets.length <= longest) send(octets);
        else cut += 1;
      },
    });
    const get = target.prepare(many);
    expect(await numbers(get)).toEqual(expected);
    longest = 1_250;
    expect(await numbers(get)).toEqual([]);
    expect(cut).toBeGreaterThan(0);
    const before = responder.requests().length;
    expect(await numbers(get)).toEqual(expected);
    expect(await numbers(get)).toEqual(expected);
    expect(responder.requests().length - before).toBe(8);
  });
});

describe("walk by GETBULK (RFC 3416 section 4.2.3)", () => {
  it("reads columns side by side until the end of the table", async () => {
    const s = await setup();
    await expectWholeTable(s, 40);
    const before = s.responder.requests().length;
    await expectWholeTable(s, 40);
    expect(s.responder.requests().length - before).toBeLessThanOrEqual(before);
    for (const request of s.responder.requests()) expect(request.pdu.varbinds).toHaveLength(3);
  });

  it("goes on from the last complete row when an answer is cut within a row", async () => {
    const s = await setup({ largest: 250 });
    await expectWholeTable(s, 40);
    const counts = s.responder.requests().map(({ pdu }) => pdu.varbinds.length);
    expect(counts.length).toBeGreaterThan(10);
  });

  it("asks fewer columns when not one row fits", async () => {
    const s = await setup({ largest: 80 });
    await expectWholeTable(s, 40);
    expect(new Set(s.responder.requests().map(({ pdu }) => pdu.varbinds.length))).toContain(1);
  });

  it("halves the repetitions after tooBig, and remembers it", async () => {
    const s = await setup({
      script: ({ request, answer, send }) => {
        const { pdu } = request;
        const many = pdu.type === "getBulkRequest" && pdu.maxRepetitions > 5;
        const refusal = {
          ...answer,
          pdu: { type: "response", requestId: pdu.requestId, errorStatus: 1, errorIndex: 0, varbinds: [] },
        } as const;
        send(encodeMessage(many ? refusal : answer));
      },
    });
    await expectWholeTable(s, 40);
    const before = s.responder.requests().length;
    await expectWholeTable(s, 40);
    const repetitions = s.responder
      .requests()
      .map(({ pdu }) => (pdu.type === "getBulkRequest" ? pdu.maxRepetitions : 0));
    expect(Math.max(...repetitions.slice(0, before))).toBeGreaterThan(5);
    expect(Math.max(...repetitions.slice(before))).toBeLessThanOrEqual(5);
  });

  it("keeps rows together where a column has holes", async () => {
    const mib = mibOf(table(40, (row, column) => (column === 1 && row % 3 === 0) || (column === 2 && row > 4)));
    const s = await setup({ mib: () => mib });
    const walked = await s.target.walk(columns, ask);
    if (!walked.ok) throw new Error(walked.error.detail);
    const { cells, rows } = walked.value;
    expect(rows.map((_, row) => textAt(cells, row * 3))).toEqual(Array.from({ length: 40 }, (_, row) => `if${row}`));
    expect(rows.map((_, row) => numberAt(cells, row * 3 + 1))).toEqual(
      Array.from({ length: 40 }, (_, row) => (row % 3 === 0 ? undefined : 1 + (row % 7))),
    );
    expect(rows.filter((_, row) => counterAt(cells, row * 3 + 2) !== undefined)).toHaveLength(5);
  });

  it("ends an empty table at once", async () => {
    const s = await setup();
    expect(await s.target.walk([oid("1.3.6.1.2.1.15.3.1.2")], ask)).toMatchObject({ ok: true, value: { rows: [] } });
  });

  it.each([
    ["answers the same rows again and again", (n: number) => 100 + (n % 2)],
    ["goes back", (n: number) => 1_000 - n],
  ])("is an error against an agent that %s", async (_, indexOf) => {
    let n = 0;
    const s = await setup({
      script: ({ answer, request, send }) => {
        n += 1;
        const varbinds = columns.map((column) => ({ oid: [...column, indexOf(n)], value: integer(n) }));
        const { requestId } = request.pdu;
        send(
          encodeMessage({ ...answer, pdu: { type: "response", requestId, errorStatus: 0, errorIndex: 0, varbinds } }),
        );
      },
    });
    expect(await s.target.walk(columns, ask)).toMatchObject({ ok: false, error: { kind: "notIncreasing" } });
  });

  it("does not take a name before the table for its end", async () => {
    const s = await setup({
      script: ({ answer, request, send }) => {
        const varbinds = columns.map(() => ({ oid: oid("1.3.6.1.2.1.1.1.0"), value: integer(1) }));
        const { requestId } = request.pdu;
        send(
          encodeMessage({ ...answer, pdu: { type: "response", requestId, errorStatus: 0, errorIndex: 0, varbinds } }),
        );
      },
    });
    expect(await s.target.walk(columns, ask)).toMatchObject({ ok: false, error: { kind: "notIncreasing" } });
  });

  it("ends a table that never ends", async () => {
    const s = await setup({
      script: ({ answer, request, send }) => {
        const {
          requestId,
          varbinds: [first],
        } = request.pdu;
        const from = first?.oid[columns[0]?.length ?? 0] ?? 0;
        const varbinds = Array.from({ length: 100 }, (_, i) => ({
          oid: [...(columns[0] ?? []), from + i + 1],
          value: integer(1),
        }));
        send(
          encodeMessage({ ...answer, pdu: { type: "response", requestId, errorStatus: 0, errorIndex: 0, varbinds } }),
        );
      },
    });
    const walked = await s.target.walk(columns.slice(0, 1), ask);
    expect(walked).toMatchObject({ ok: false, error: { kind: "tooManyRows" } });
  });
});

describe("a datagram that does not fit is counted, and the request keeps waiting", () => {
  const again = (fault: (exchange: Exchange) => void) => (exchange: Exchange) => {
    fault(exchange);
    exchange.send(encodeMessage(exchange.answer));
  };
  const changed = ({ answer }: Exchange, change: Partial<Extract<typeof answer.pdu, { errorStatus: number }>>) =>
    encodeMessage({ ...answer, pdu: { ...answer.pdu, ...change } as typeof answer.pdu });

  it.each<readonly [string, Record<string, number>, (exchange: Exchange) => void]>([
    ["malformed", { malformed: 1 }, ({ answer, send }) => send(encodeMessage(answer).subarray(0, 40))],
    [
      "of another version",
      { version: 1 },
      ({ answer, send }) => {
        const bytes = encodeMessage(answer);
        bytes[bytes.indexOf(2) + 2] = 3;
        send(bytes);
      },
    ],
    [
      "an SNMPv1 message with our id",
      { version: 1 },
      ({ answer, send }) => {
        const bytes = encodeMessage(answer);
        bytes[bytes.indexOf(2) + 2] = 0;
        send(bytes);
      },
    ],
    ["with an unknown id", { unknownId: 1 }, (x) => x.send(changed(x, { requestId: 5 }))],
    [
      "with another community",
      { community: 1 },
      ({ answer, send }) => send(encodeMessage({ ...answer, community: Buffer.from("private") })),
    ],
    ["from another port", { source: 1 }, ({ answer, send }) => send(encodeMessage(answer), "other")],
    [
      "with another name",
      { wrongOid: 1 },
      (x) => x.send(changed(x, { varbinds: x.answer.pdu.varbinds.map((v) => ({ ...v, oid: [1, 3, 9] })) })),
    ],
    ["with one name too few", { wrongOid: 1 }, (x) => x.send(changed(x, { varbinds: x.answer.pdu.varbinds.slice(1) }))],
    [
      "with one name too many",
      { wrongOid: 1 },
      (x) => x.send(changed(x, { varbinds: [...x.answer.pdu.varbinds, ...x.answer.pdu.varbinds] })),
    ],
    ["a request instead of a response", { malformed: 1 }, ({ request, send }) => send(encodeMessage(request))],
  ])("%s", async (_, drops, fault) => {
    const s = await setup({ script: again(fault) });
    const got = await s.target.get(system, ask);
    expect(got.ok && textAt(got.value, 0)).toBe("a router");
    expect(dropsOf(s)).toEqual(drops);
    expect(s.client.requests.read()).toMatchObject({ sent: 1, retransmitted: 0, received: 2, answered: 1 });
  });

  it("duplicate", async () => {
    const s = await setup({ script: again(({ answer, send }) => send(encodeMessage(answer))) });
    expect((await s.target.get(system, ask)).ok).toBe(true);
    expect((await s.target.get(system, ask)).ok).toBe(true);
    await expect.poll(() => dropsOf(s)).toEqual({ duplicate: 2 });
  });

  it("late: after the request was given up", async () => {
    const held: (() => void)[] = [];
    const s = await setup({ script: ({ answer, send }) => void held.push(() => send(encodeMessage(answer))) });
    expect(await s.target.get(system, ask)).toMatchObject({ ok: false, error: { kind: "timeout" } });
    expect(held).toHaveLength(3);
    for (const release of held) release();
    await expect.poll(() => dropsOf(s)).toEqual({ late: 3 });
  });

  it("takes a late answer to the first copy, since every copy has the same id", async () => {
    const held: (() => void)[] = [];
    const s = await setup({
      script: ({ n, answer, send }) => {
        held.push(() => send(encodeMessage(answer)));
        if (n === 1) held[0]?.();
      },
    });
    expect((await s.target.get(system, ask)).ok).toBe(true);
    expect(new Set(s.responder.requests().map(({ pdu }) => pdu.requestId)).size).toBe(1);
    expect(s.client.requests.read()).toMatchObject({ sent: 2, retransmitted: 1, answered: 1 });
  });
});

describe("loss", () => {
  it("is made good by retransmission", async () => {
    let lost = 0;
    const s = await setup({
      script: ({ n, answer, send }) => {
        if (n % 3 === 0) lost += 1;
        else send(encodeMessage(answer));
      },
    });
    for (let i = 0; i < 6; i++) expect((await s.target.get(system, ask)).ok).toBe(true);
    expect(lost).toBeGreaterThanOrEqual(3);
    expect(s.client.requests.read()).toMatchObject({ answered: 6, retransmitted: lost, timedOut: 0 });
  });

  it("does not delay another group of the same router, nor another router", async () => {
    const dead = await setup({ script: () => {} });
    const alive = await startResponder({ mib: () => mibOf(scalars) });
    stops.push(alive.stop);
    const other = dead.client.target({
      router: "ce2",
      address: "127.0.0.1",
      port: alive.port,
      credentials: { version: "2c", community: new Secret("public") },
      anySource: false,
    });
    let ended = 0;
    const hung = Array.from({ length: 200 }, () =>
      dead.target.get(system, { group: "bgp", table: "bgpPeerTable" }).then(() => ended++),
    );
    expect((await other.get(system, ask)).ok).toBe(true);
    expect(ended).toBe(0);
    expect(dead.responder.requests().length).toBeLessThanOrEqual(8);
    await dead.client.stop();
    await Promise.all(hung);
  });
});

describe("the window", () => {
  it("holds back what the receive buffer could not take, until an answer makes room", async () => {
    const held: (() => void)[] = [];
    const responder = await startResponder({
      mib: () => mibOf(scalars),
      script: ({ answer, send }) => void held.push(() => send(encodeMessage(answer))),
    });
    const timeouts = { initial: milliseconds(30_000), floor: milliseconds(30_000), cap: milliseconds(30_000) };
    const hold = milliseconds(30_000);
    const client = createSnmpClient({ clock: systemClock }, { timeouts, sockets: 1, window: 4, hold });
    const { port } = responder;
    const target = (i: number) =>
      client.target({
        router: `ce${i}`,
        address: "127.0.0.1",
        port,
        credentials: { version: "2c", community: new Secret("public") },
        anySource: false,
      });
    await client.start();
    stops.push(() => client.stop(), responder.stop);
    const all = Promise.all(Array.from({ length: 10 }, (_, i) => target(i).get(system, ask)));
    await expect.poll(() => held.length).toBe(4);
    expect(client.requests.read().sent).toBe(4);
    held.shift()?.();
    await expect.poll(() => client.requests.read().sent).toBe(5);
    for (let answered = 1; answered < 10; answered++) {
      await expect.poll(() => held.length).toBeGreaterThan(0);
      held.shift()?.();
    }
    expect((await all).every((got) => got.ok)).toBe(true);
  });
});

describe("errors", () => {
  it("of a timeout name router, table and OID, and never the community", async () => {
    const s = await setup({ script: () => {} }, { community: "sentinel-community" });
    const got = await s.target.get(system, { group: "bgp", table: "bgpPeerTable" });
    if (got.ok) throw new Error("expected a timeout");
    for (const part of ["ce1", "127.0.0.1", "bgpPeerTable", "1.3.6.1.2.1.1.1.0", "3 times", "community"]) {
      expect(got.error.detail).toContain(part);
    }
    expect(inspect([got, s.client, s.target], { depth: 9 })).not.toContain("sentinel-community");
  });

  it("name the address that answered instead, which anySource admits", async () => {
    const script = ({ answer, send }: Exchange) => send(encodeMessage(answer), "other");
    const strict = await setup({ script });
    const got = await strict.target.get(system, ask);
    expect(got.ok ? "" : got.error.detail).toContain(`127.0.0.1 port ${strict.responder.other.address().port}`);
    expect(got.ok ? "" : got.error.detail).toContain("anySource");
    const lenient = await setup({ script }, { anySource: true });
    expect((await lenient.target.get(system, ask)).ok).toBe(true);
  });

  it("tell a router that answers nonsense from one that is silent", async () => {
    const s = await setup({ script: ({ send }) => send(Uint8Array.from([1, 2, 3])) });
    expect(await s.target.get(system, ask)).toMatchObject({ ok: false, error: { kind: "malformed" } });
  });

  it("tell that this host cannot send", async () => {
    const s = await setup();
    const broadcast = s.client.target({
      router: "ce3",
      address: "255.255.255.255",
      port: 161,
      credentials: { version: "2c", community: new Secret("c") },
      anySource: false,
    });
    expect(await broadcast.get(system, ask)).toMatchObject({ ok: false, error: { kind: "unreachable" } });
  });
});

describe("ending", () => {
  it("aborts one request by its signal", async () => {
    const s = await setup({ script: () => {} });
    const controller = new AbortController();
    const got = s.target.walk(columns, { ...ask, signal: controller.signal });
    controller.abort();
    expect(await got).toMatchObject({ ok: false, error: { kind: "aborted" } });
    expect(s.client.requests.read()).toMatchObject({ aborted: 1 });
  });

  it("aborts everything when the client stops, queued requests too", async () => {
    const s = await setup({ script: () => {} });
    const all = Array.from({ length: 20 }, () => s.target.get(system, ask));
    await s.client.stop();
    expect((await Promise.all(all)).every((got) => !got.ok && got.error.kind === "aborted")).toBe(true);
    expect(await s.target.get(system, ask)).toMatchObject({ ok: false, error: { kind: "aborted" } });
  });
});
