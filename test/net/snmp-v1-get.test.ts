// GET of SNMPv1 over real UDP, against routers that lack instances, and against those that misbehave besides.

import { afterEach, describe, expect, it } from "vitest";
import { isAbsent, numberAt } from "../../agent/wire/snmp/cells.ts";
import { encodeMessage } from "../../agent/wire/snmp/message.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";
import { type Exchange, mibOf, type ResponderOptions } from "../support/snmp-responder.ts";
import { ask, instances, integer, misnaming, refusing, type V1Scene, v1Scene } from "../support/v1-scene.ts";

const scenes: V1Scene[] = [];
afterEach(async () => {
  for (const scene of scenes.splice(0)) await scene.stop();
});

async function open(options: ResponderOptions, version?: "2c"): Promise<V1Scene> {
  const scene = await v1Scene(options, version);
  scenes.push(scene);
  return scene;
}

const column = oid("1.3.6.1.2.1.2.2.1.8");
const names = instances([column], [1, 2, 3, 4, 5, 6, 7, 8]);
/** Each instance has its index for a value. */
const having = (...indexes: number[]) =>
  mibOf(Object.fromEntries(indexes.map((index) => [`${column.join(".")}.${index}`, integer(index)])));
const all = having(1, 2, 3, 4, 5, 6, 7, 8);

/** What each cell holds: its number, or `-` where nothing is there. */
async function poll({ target }: V1Scene, list = names): Promise<string> {
  const got = await target.get(list, ask);
  if (!got.ok) return got.error.kind;
  const { value: cells } = got;
  return list.map((_, i) => (isAbsent(cells, i) ? "-" : String(numberAt(cells, i)))).join(" ");
}

describe("GET (RFC 1157 section 4.1.2)", () => {
  it("is one request of version 1 where everything is there", async () => {
    const scene = await open({ mib: () => all });
    expect(await poll(scene)).toBe("1 2 3 4 5 6 7 8");
    expect(scene.requests()).toMatchObject([{ version: "1", pdu: { type: "getRequest", varbinds: { length: 8 } } }]);
    expect(scene.target.hasCounter64).toBe(false);
  });

  it("gives what is there, and remembers what is not", async () => {
    const scene = await open({ mib: () => having(1, 2, 4, 5, 7, 8) });
    expect(await poll(scene)).toBe("1 2 - 4 5 - 7 8");
    // All, then the named one alone beside the rest, and so on: what is absent was asked alone.
    expect(scene.asked().toSorted((a, b) => b - a)).toEqual([8, 7, 3, 3, 1, 1]);
    expect(await poll(scene)).toBe("1 2 - 4 5 - 7 8");
    // The six of one datagram, and beside them the two once more, each in its own.
    expect(scene.asked()).toEqual([6, 1, 1]);
    expect(await poll(scene)).toBe("1 2 - 4 5 - 7 8");
    expect(scene.asked()).toEqual([6]);
  });

  it("costs one round trip from the second poll on", async () => {
    const held: (() => void)[] = [];
    let hold = false;
    const scene = await open({
      mib: () => having(2, 4, 6, 8),
      script: ({ answer, send }) => {
        if (hold) held.push(() => send(encodeMessage(answer)));
        else send(encodeMessage(answer));
      },
    });
    await poll(scene);
    scene.asked();
    hold = true;
    const second = poll(scene);
    await expect.poll(() => held.length).toBe(5);
    for (const release of held) release();
    expect(await second).toBe("- 2 - 4 - 6 - 8");
    // Whatever was needed was under way at once: the answers made no further request necessary.
    expect(scene.asked()).toEqual([4, 1, 1, 1, 1]);
  });

  it("finds an instance that comes later, and asks less and less for one that never comes", async () => {
    let mib = having(1, 2, 4, 5, 6, 8);
    const scene = await open({ mib: () => mib });
    for (let i = 0; i < 130; i++) expect(await poll(scene)).toBe("1 2 - 4 5 6 - 8");
    const alone = () => scene.asked().filter((count) => count === 1).length;
    // Twice at the first poll, then after 1, 2, 4 … 64 polls.
    expect(alone()).toBe(2 * 8);
    mib = having(1, 2, 3, 4, 5, 6, 8);
    let polls = 0;
    while ((await poll(scene)) !== "1 2 3 4 5 6 - 8") expect(++polls).toBeLessThan(64);
    // It travels with the others again; the one that was asked for in the same poll and is still missing, alone.
    scene.asked();
    for (let i = 0; i < 3; i++) expect(await poll(scene)).toBe("1 2 3 4 5 6 - 8");
    expect(scene.asked()).toEqual([7, 1, 7, 7, 1]);
  });

  it("finds at once all that came together, as when an agent has started", async () => {
    const indexes = Array.from({ length: 20 }, (_, i) => i + 1);
    const list = instances([column], indexes);
    let mib = having(99);
    const scene = await open({ mib: () => mib });
    for (let i = 0; i < 3; i++) expect(await poll(scene, list)).toBe(indexes.map(() => "-").join(" "));
    mib = having(...indexes);
    expect(await poll(scene, list)).toContain("-");
    expect(await poll(scene, list)).toBe(indexes.join(" "));
  });

  it("forgets with the list: who has looked instances up anew is answered by the router", async () => {
    let mib = having(1, 2, 3);
    const scene = await open({ mib: () => mib });
    expect(await poll(scene)).toBe("1 2 3 - - - - -");
    mib = all;
    expect(await poll(scene, [...names])).toBe("1 2 3 4 5 6 7 8");
  });

  it("asks the router even when nothing of the list was ever there", async () => {
    let silent = false;
    const scene = await open({
      mib: () => having(99),
      script: ({ answer, send }) => {
        if (!silent) send(encodeMessage(answer));
      },
    });
    for (let i = 0; i < 20; i++) {
      expect(await poll(scene)).toBe("- - - - - - - -");
      expect(scene.asked().length).toBeGreaterThan(0);
    }
    silent = true;
    expect(await poll(scene)).toBe("timeout");
  });

  it("never shows a Counter64, which the version does not have", async () => {
    const mib = mibOf({ "1.3.6.1.9.1.0": integer(1), "1.3.6.1.9.2.0": { type: "counter64", value: 5n } });
    const scene = await open({ mib: () => mib });
    expect(await poll(scene, ["1.3.6.1.9.1.0", "1.3.6.1.9.2.0"].map(oid))).toBe("1 -");
  });

  it("halves after tooBig, remembers it, and finds what is missing in the halves", async () => {
    const scene = await open({ mib: () => having(1, 2, 3, 4, 6, 7, 8), largest: 100 });
    expect(await poll(scene)).toBe("1 2 3 4 - 6 7 8");
    expect(scene.asked()).toContain(8);
    await poll(scene);
    expect(await poll(scene)).toBe("1 2 3 4 - 6 7 8");
    expect(Math.max(...scene.asked())).toBeLessThanOrEqual(4);
  });
});

describe("a router that is silent to a message of more than 484 octets", () => {
  const many = instances(
    [column],
    Array.from({ length: 60 }, (_, i) => 1_000 + i),
  );
  const mib = mibOf(Object.fromEntries(many.map((name, i) => [name.join("."), integer(i)])));
  const whole = many.map((_, i) => i).join(" ");
  const lengths = (scene: V1Scene) => scene.requests().map((request) => encodeMessage(request).length);
  let deaf = 0;
  const script = ({ request, answer, send }: Exchange) => {
    if (encodeMessage(request).length > 484) deaf += 1;
    else send(encodeMessage(answer));
  };

  it("is asked in shorter ones, once it has answered others", async () => {
    deaf = 0;
    const scene = await open({ mib: () => mib, script });
    expect(await poll(scene, many.slice(0, 2))).toBe("0 1");
    expect(await poll(scene, many)).toBe("timeout");
    expect(deaf).toBeGreaterThan(0);
    const before = scene.requests().length;
    expect(await poll(scene, many)).toBe(whole);
    const after = lengths(scene).slice(before);
    expect(Math.max(...after)).toBeLessThanOrEqual(484);
    // As long as it takes: no more of them than needed.
    expect(after).toHaveLength(3);
  });

  it.each([
    ["that was only down for a while", true],
    ["that has not answered at all yet", false],
  ])("is not confused with one %s", async (_, wasUp) => {
    let down = false;
    const scene = await open({
      mib: () => mib,
      script: ({ answer, send }) => {
        if (!down) send(encodeMessage(answer));
      },
    });
    if (wasUp) expect([await poll(scene, many.slice(0, 2)), await poll(scene, many)]).toEqual(["0 1", whole]);
    down = true;
    expect(await poll(scene, many)).toBe("timeout");
    down = false;
    scene.asked();
    expect(await poll(scene, many)).toBe(whole);
    expect(scene.asked()).toEqual([60]);
  });
});

describe("a router whose error index names none, or the wrong one,", () => {
  it.each([
    ["is always 0", () => 0],
    ["lies behind the end", () => 99],
    ["is negative", () => -1],
    ["counts from 0", (honest: number) => honest - 1],
    ["is one too many", (honest: number) => honest + 1],
    ["is always the first", () => 1],
  ])("loses nothing that is there: it %s", async (_, indexOf) => {
    const scene = await open({ mib: () => having(1, 2, 4, 7, 8), script: misnaming(indexOf) });
    expect(await poll(scene)).toBe("1 2 - 4 - - 7 8");
    expect(scene.asked().length).toBeLessThanOrEqual(2 * names.length);
    await poll(scene);
    scene.asked();
    expect(await poll(scene)).toBe("1 2 - 4 - - 7 8");
    expect(scene.asked()).toEqual([5]);
  });

  it.each([0, 1, 5, 2 ** 31 - 1, -(2 ** 31)])(
    "cannot make it ask without end: everything refused, index %i",
    async (index) => {
      const scene = await open({ mib: () => all, script: refusing(2, index) });
      expect(await poll(scene)).toBe("- - - - - - - -");
      expect(scene.asked().length).toBeLessThanOrEqual(2 * names.length);
    },
  );
});

describe("an error", () => {
  it.each([
    [5, 2, "refused", "answered genErr for 1.3.6.1.2.1.2.2.1.8.2; check that its SNMP view shows this table"],
    [3, 0, "refused", "answered badValue; check"],
    [77, 1, "refused", "answered 77 for 1.3.6.1.2.1.2.2.1.8.1; check"],
    [1, 0, "tooBig", "answered tooBig even for one value; raise its maximum message size"],
  ])("of status %i stays one", async (status, index, kind, text) => {
    const scene = await open({ mib: () => all, script: refusing(status, index) });
    const got = await scene.target.get(names, ask);
    expect(got).toMatchObject({ ok: false, error: { kind } });
    expect(got.ok ? "" : got.error.detail).toContain(text);
  });

  it("of silence says which version was spoken", async () => {
    const scene = await open({ mib: () => all, version: "2c" });
    const got = await scene.target.get(names, ask);
    expect(got.ok ? "" : got.error.detail).toContain(
      "check that it is up, that its SNMP agent listens there and has v1",
    );
  });
});

describe("an answer is dropped, and the request keeps waiting,", () => {
  const again = (fault: (exchange: Exchange) => void) => (exchange: Exchange) => {
    fault(exchange);
    exchange.send(encodeMessage(exchange.answer));
  };

  it.each<readonly [string, Record<string, number>, (exchange: Exchange) => void]>([
    ["of version 2c", { version: 1 }, ({ answer, send }) => send(encodeMessage({ ...answer, version: "2c" }))],
    [
      "of version 3",
      { version: 1 },
      ({ answer, send }) => {
        const bytes = encodeMessage(answer);
        bytes[bytes.indexOf(2) + 2] = 3;
        send(bytes);
      },
    ],
    [
      "with another community",
      { community: 1 },
      ({ answer, send }) => send(encodeMessage({ ...answer, community: Buffer.from("private") })),
    ],
    [
      "a refusal with another community",
      { community: 1 },
      (x) => refusing(2, 1)({ ...x, answer: { ...x.answer, community: Buffer.from("private") } }),
    ],
    ["from another port", { source: 1 }, ({ answer, send }) => send(encodeMessage(answer), "other")],
    [
      "a refusal that is cut",
      { malformed: 1 },
      (x) => refusing(2, 1)({ ...x, send: (b) => x.send(b.subarray(0, 40)) }),
    ],
  ])("%s", async (_, drops, fault) => {
    const scene = await open({ mib: () => all, script: again(fault) });
    expect(await poll(scene)).toBe("1 2 3 4 5 6 7 8");
    expect(scene.drops()).toEqual(drops);
    expect(scene.counts()).toMatchObject({ sent: 1, retransmitted: 0, received: 2, answered: 1 });
  });

  it.each<readonly [1 | "2c", "1" | "2c"]>([
    [1, "2c"],
    ["2c", "1"],
  ])("asked with v%s of v%s only, and the error says so", async (asked, answered) => {
    const version = asked === 1 ? "1" : asked;
    const script = ({ answer, send }: Exchange) => send(encodeMessage({ ...answer, version: answered }));
    const scene = await v1Scene({ mib: () => all, version, script }, asked);
    scenes.push(scene);
    const got = await scene.target.get(names, ask);
    expect(got).toMatchObject({ ok: false, error: { kind: "malformed" } });
    expect(got.ok ? "" : got.error.detail).toContain(
      `an answer of SNMP v${answered} to what was asked with v${asked} came from it; set version: ${answered} in its credentials`,
    );
    expect(scene.drops()).toEqual({ version: 3 });
  });
});
