import { describe, expect, it } from "vitest";
import { encodeMessage } from "../../../agent/wire/snmp/message.ts";
import type { Contender } from "./contenders.ts";
import { bindingOctets, ifInstances, viewAfter } from "./load.ts";
import { type Measured, promises, tableOf } from "./report.ts";
import { community, fewestDatagrams, octetsAround } from "./security.ts";

function measured(of: Partial<Contender>, cpu: readonly number[], datagrams = 5, far = 21): Measured {
  const start = () => Promise.reject(new Error("not started here"));
  const contender: Contender = { name: "", version: "2c", role: "client", known: true, polls: 1, start, ...of };
  const costs = cpu.map((cost) => ({ cpu: cost, wall: 1, values: 288 }));
  return { contender, costs, datagrams: cpu.map(() => datagrams), near: [1], far: [far] };
}

const exporters = [
  measured({ role: "exporter", name: "walk" }, [4_000, 4_400, 4_200], 20),
  measured({ role: "exporter", name: "get" }, [3_000, 6_000, 3_200], 12),
  measured({ role: "exporter", name: "v3", version: "3" }, [1_000, 1_000, 1_000], 13),
];

describe("the table of a benchmark", () => {
  it("compares with the cheaper exporter of the same version, by medians and round by round", () => {
    const [ours, other] = tableOf([
      measured({}, [100, 300, 128]),
      measured({ version: "3" }, [200, 250, 125]),
      ...exporters,
    ]);
    expect(ours).toMatchObject({ cpu: 128, least: 100, most: 300, cheaper: 25, byRound: 25 });
    expect(other).toMatchObject({ cheaper: 5, byRound: 5 });
  });

  it("compares with nothing where no exporter ran", () => {
    const alone = [measured({}, [100])];
    expect(tableOf(alone)[0]?.cheaper).toBeUndefined();
    expect(promises(alone).map(({ what }) => what)).toEqual(["datagrams, times the fewest", "round-trip times"]);
  });
});

describe("the promises", () => {
  const holding = (of: Measured) => promises([of, ...exporters]).map(({ holds }) => holds);

  it("hold from their limit on, and not before", () => {
    expect(holding(measured({}, [128, 128, 128]))).toEqual([true, true, true]);
    expect(holding(measured({}, [132, 132, 132], 6, 31))).toEqual([false, false, false]);
    expect(holding(measured({ version: "3" }, [201, 201, 201]))).toEqual([true, true, true]);
    expect(holding(measured({ version: "3" }, [205, 205, 205]))).toEqual([false, true, true]);
    expect(holding(measured({ role: "metrics" }, [213, 213, 213]))).toEqual([true, true]);
    expect(holding(measured({ role: "metrics" }, [222, 222, 222]))).toEqual([false, true]);
  });

  it("say nothing of the round trips of a walk, nor of the agent's datagrams", () => {
    expect(holding(measured({ known: false }, [128, 128, 128]))).toHaveLength(2);
    expect(promises([measured({ role: "metrics" }, [1], 7), ...exporters]).map(({ what }) => what)).not.toContain(
      "datagrams, times the fewest",
    );
  });
});

describe("the fewest datagrams", () => {
  it("are those that an answer full of bindings needs", () => {
    const varbinds = ifInstances.slice(0, 40).map((name) => ({ oid: name, value: viewAfter(0).get(name) }));
    const message = (bindings: typeof varbinds) =>
      encodeMessage({
        version: "2c",
        community: Buffer.from(community),
        pdu: { type: "response", requestId: 0x7fff_ffff, errorStatus: 0, errorIndex: 0, varbinds: bindings },
      }).length;
    const octets = message(varbinds) - octetsAround("2c");
    // One binding more makes the message longer by that binding alone.
    expect(message(varbinds.slice(0, 20)) - octetsAround("2c") + message(varbinds.slice(20)) - octetsAround("2c")).toBe(
      octets,
    );
    expect(fewestDatagrams("2c", 1_472 - octetsAround("2c"))).toBe(1);
    expect(fewestDatagrams("2c", 1_473 - octetsAround("2c"))).toBe(2);
  });

  it("are five for this poll, by v2c and by v3, whose messages have more around the bindings", () => {
    expect(octetsAround("3")).toBeGreaterThan(octetsAround("2c"));
    expect([fewestDatagrams("2c", bindingOctets), fewestDatagrams("3", bindingOctets)]).toEqual([5, 5]);
  });
});
