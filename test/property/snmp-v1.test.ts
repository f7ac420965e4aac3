// SNMPv1 against a router that misnames, refuses, repeats itself, and behind which somebody forges: the values are
// right, or there are none; and it cannot be made to ask without end.

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isAbsent, numberAt } from "../../agent/wire/snmp/cells.ts";
import { encodeMessage } from "../../agent/wire/snmp/message.ts";
import { decodeArcs, type Oid, oid } from "../../agent/wire/snmp/oid.ts";
import { type Exchange, type Mib, mibOf } from "../support/snmp-responder.ts";
import { ask, instances, integer, type V1Scene, v1Scene } from "../support/v1-scene.ts";

const columns = ["1.3.6.1.2.1.2.2.1.7", "1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.31.1.1.1.15"].map(oid);

/** What the router does with one request. */
interface Trick {
  /** For noSuchName: undefined is the honest index. */
  readonly index: number | undefined;
  /** Most names that it answers. */
  readonly most: number;
  readonly forge: "nothing" | "version" | "community" | "cut" | "source" | "id" | "names" | "twice";
}

const tricks: fc.Arbitrary<readonly Trick[]> = fc.array(
  fc.record({
    index: fc.option(fc.oneof(fc.integer({ min: -2, max: 24 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })), {
      nil: undefined,
    }),
    most: fc.constantFrom(1, 4, 100, 100, 100),
    forge: fc.constantFrom("nothing", "version", "community", "cut", "source", "id", "names", "twice"),
  }),
  { minLength: 1, maxLength: 12 },
);

let mib: Mib = [];
let current: readonly Trick[] = [];
const played = new Map<string, number>();
const count = (what: string) => played.set(what, (played.get(what) ?? 0) + 1);

function play({ n, request, answer, send }: Exchange): void {
  const trick = current[n % current.length];
  const { pdu } = answer;
  if (trick === undefined || pdu.type !== "response") throw new Error("nothing to play");
  const { requestId, varbinds } = request.pdu;
  const isTooBig = varbinds.length > trick.most;
  const errorIndex = pdu.errorStatus === 2 ? (trick.index ?? pdu.errorIndex) : pdu.errorIndex;
  const refusal = { type: "response", requestId, errorStatus: 1, errorIndex: 0, varbinds } as const;
  const said = { ...answer, pdu: isTooBig ? refusal : { ...pdu, errorIndex } };
  const bytes = encodeMessage(said);
  count(isTooBig ? "tooBig" : pdu.errorStatus === 2 && errorIndex !== pdu.errorIndex ? "misnamed" : "honest");
  count(trick.forge);
  const lie = {
    ...said,
    pdu: { ...said.pdu, varbinds: said.pdu.varbinds.map((one) => ({ ...one, value: integer(666) })) },
  };
  switch (trick.forge) {
    case "version":
      send(encodeMessage({ ...lie, version: "2c" }));
      break;
    case "community":
      send(encodeMessage({ ...lie, community: Buffer.from("guess") }));
      break;
    case "cut":
      send(bytes.subarray(0, bytes.length - 1 - (n % 30)));
      break;
    case "source":
      send(encodeMessage(lie), "other");
      break;
    case "id":
      send(encodeMessage({ ...lie, pdu: { ...lie.pdu, requestId: 0x0fff_ffff ^ n } }));
      break;
    case "names":
      if (said.pdu.errorStatus !== 0) break;
      send(encodeMessage({ ...lie, pdu: { ...lie.pdu, varbinds: [...lie.pdu.varbinds, ...lie.pdu.varbinds] } }));
      break;
    case "twice":
      send(bytes);
      break;
    default:
  }
  send(bytes);
}

let scene: V1Scene;
beforeEach(async () => {
  played.clear();
  scene = await v1Scene({ mib: () => mib, script: play });
});
afterEach(() => scene.stop());

/** A trick that was not played proves nothing. */
function expectEveryTrick(): void {
  for (const what of [
    "tooBig",
    "misnamed",
    "honest",
    "version",
    "community",
    "cut",
    "source",
    "id",
    "names",
    "twice",
  ]) {
    expect(played.get(what), what).toBeGreaterThan(20);
  }
  const drops = scene.drops();
  for (const kind of ["version", "community", "malformed", "source", "unknownId", "wrongOid", "duplicate"]) {
    expect(drops[kind], kind).toBeGreaterThan(20);
  }
}

const nameOf = (name: Oid) => name.join(".");
const mibWith = (names: readonly Oid[], has: readonly boolean[], value: (i: number) => number) =>
  mibOf({
    "1.3.6.1.2.1.1.1.0": integer(1),
    ...Object.fromEntries(names.flatMap((name, i) => (has[i] ? [[nameOf(name), integer(value(i))]] : []))),
  });

describe("SNMPv1", () => {
  const indexes = fc.uniqueArray(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 8 });
  const holes = fc.array(fc.boolean(), { minLength: 24, maxLength: 24 });

  it("gives each instance its own value, and calls nothing absent that is there", async () => {
    await fc.assert(
      fc.asyncProperty(indexes, holes, tricks, async (some, has, its) => {
        const list = instances(columns, some);
        current = its;
        const target = scene.another();
        for (let poll = 1; poll <= 3; poll++) {
          mib = mibWith(list, has, (i) => 1_000 * poll + i);
          scene.asked();
          const got = await target.get(list, ask);
          // A single value that is too big is an error, and the only one.
          if (!got.ok) throw new Error(got.error.detail);
          const seen = list.map((_, i) => (isAbsent(got.value, i) ? "-" : numberAt(got.value, i)));
          expect(seen).toEqual(list.map((_, i) => (has[i] ? 1_000 * poll + i : "-")));
          expect(scene.asked().length).toBeLessThanOrEqual(4 * list.length);
        }
      }),
      { numRuns: 150 },
    );
    expectEveryTrick();
  });

  it("walks a whole table, or says that it did not", async () => {
    await fc.assert(
      fc.asyncProperty(indexes, holes, tricks, async (some, has, its) => {
        const list = instances(columns, some);
        current = its;
        mib = mibWith(list, has, (i) => i);
        scene.asked();
        const walked = await scene.another().walk(columns, ask);
        if (!walked.ok) throw new Error(walked.error.detail);
        const { rows, cells } = walked.value;
        const seen = rows.map((octets, row) => [
          decodeArcs(octets, 0, octets.length)?.[0],
          ...columns.map((_, i) => (isAbsent(cells, 3 * row + i) ? "-" : numberAt(cells, 3 * row + i))),
        ]);
        const expected = some.map((index, row) => [
          index,
          ...columns.map((_, i) => (has[3 * row + i] ? 3 * row + i : "-")),
        ]);
        const shown = expected.filter((row) => row.slice(1).some((cell) => cell !== "-"));
        expect(seen).toEqual(shown.toSorted(([a], [b]) => Number(a) - Number(b)));
        expect(scene.asked().length).toBeLessThanOrEqual(12 * (some.length + 3));
      }),
      { numRuns: 150 },
    );
    expectEveryTrick();
  });
});
