import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { createMibView, type MibView } from "../../agent/lab/mib-view.ts";
import { routers } from "../../agent/lab/plan.ts";
import { createSimulation } from "../../agent/lab/simulation.ts";
import { answerSnmp, longestResponse } from "../../agent/lab/snmp-agent.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { encodeMessage } from "../../agent/wire/snmp/message.ts";
import { compareOids, oid } from "../../agent/wire/snmp/oid.ts";
import { ask, community, getRequest, names, value, walk } from "./ask.ts";

let view: MibView;

beforeEach(() => {
  const [router] = routers;
  if (router === undefined) throw new Error("the plan has no router");
  view = createMibView(router, createSimulation(0 as Instant));
});

const sysName = "1.3.6.1.2.1.1.5.0";
const bulk = (oids: readonly string[], nonRepeaters: number, maxRepetitions: number) =>
  ask(view, { type: "getBulkRequest", requestId: 7, nonRepeaters, maxRepetitions, varbinds: names(oids) });

describe("GetRequest (RFC 3416 section 4.2.1)", () => {
  it("gives values in the order asked, with the request's id", () => {
    const { pdu } = ask(view, getRequest(["1.3.6.1.2.1.2.1.0", sysName], 0x7fff_0001));
    expect(pdu).toMatchObject({ type: "response", requestId: 0x7fff_0001, errorStatus: 0, errorIndex: 0 });
    expect(pdu.varbinds[0]?.value).toEqual({ type: "integer", value: 8 });
    expect(pdu.varbinds[1]?.value).toEqual({ type: "octets", value: new TextEncoder().encode("ams-ce1") });
  });

  it("tells an absent instance from an absent object", () => {
    expect(value(view, "1.3.6.1.2.1.1.5.1").type).toBe("noSuchInstance");
    expect(value(view, "1.3.6.1.2.1.2.2.1.8.1").type).toBe("noSuchInstance");
    expect(value(view, "1.3.6.1.2.1.15.3.1.2.192.0.2.1").type).toBe("noSuchInstance");
    expect(value(view, "1.3.6.1.2.1.2.2.1.99.501").type).toBe("noSuchObject");
    expect(value(view, "1.3.6.1.4.1.9.9.187.1.2.5.1.3").type).toBe("noSuchObject");
  });

  it("answers tooBig, without bindings, when the answer would not fit", () => {
    const { pdu, size } = ask(view, getRequest(Array.from({ length: 60 }, () => "1.3.6.1.2.1.1.1.0")));
    expect(pdu).toMatchObject({ errorStatus: 1, errorIndex: 0, varbinds: [] });
    expect(size).toBeLessThan(100);
  });
});

describe("GetNextRequest (RFC 3416 section 4.2.2)", () => {
  const next = (name: string) =>
    ask(view, { type: "getNextRequest", requestId: 1, errorStatus: 0, errorIndex: 0, varbinds: names([name]) }).pdu
      .varbinds[0];

  it("gives the instance that follows, whether the name exists or not", () => {
    expect(next("1.3.6.1.2.1.1.4.0")?.oid).toEqual(oid(sysName));
    expect(next("1.3.6.1.2.1.1.5")?.oid).toEqual(oid(sysName));
    expect(next("1.3")?.oid).toEqual(oid("1.3.6.1.2.1.1.1.0"));
    expect(next("1.3.6.1.2.1.1.7.0")?.oid).toEqual(oid("1.3.6.1.2.1.2.1.0"));
  });

  it("ends with endOfMibView under the name that was asked", () => {
    expect(next("1.3.6.1.6")).toEqual({ oid: oid("1.3.6.1.6"), value: { type: "endOfMibView" } });
  });

  it("reaches every instance in strictly rising order, and a GET of each agrees with the walk", () => {
    const found = walk(view, "1.3.6.1");
    expect(found.size).toBeGreaterThan(300);
    const oids = [...found.keys()].map(oid);
    for (let i = 1; i < oids.length; i++) expect(compareOids(oids[i - 1] ?? [], oids[i] ?? [])).toBeLessThan(0);
    for (const [name, walked] of found) expect(value(view, name), name).toEqual(walked);
  });
});

describe("GetBulkRequest (RFC 3416 section 4.2.3)", () => {
  it("interleaves columns row by row, after the non-repeaters", () => {
    const { varbinds } = bulk(["1.3.6.1.2.1.1.3", "1.3.6.1.2.1.2.2.1.7", "1.3.6.1.2.1.2.2.1.8"], 1, 2).pdu;
    expect(varbinds.map((v) => v.oid.slice(-3).join("."))).toEqual([
      "1.3.0",
      "1.7.501",
      "1.8.501",
      "1.7.504",
      "1.8.504",
    ]);
  });

  it("never answers with more than an Ethernet frame carries, and still makes use of it", () => {
    const columns = [6, 7, 10, 11, 15, 18].map((c) => `1.3.6.1.2.1.31.1.1.1.${c}`);
    for (const repetitions of [20, 1_000, 2 ** 31 - 1]) {
      const { size, pdu } = bulk(columns, 0, repetitions);
      expect(pdu.errorStatus).toBe(0);
      expect(size).toBeLessThanOrEqual(longestResponse);
      expect(size).toBeGreaterThan(1_100);
    }
  });

  it("is bounded for any shape of request", () => {
    const column = fc.constantFrom(...walk(view, "1.3.6.1").keys());
    fc.assert(
      fc.property(
        fc.array(column, { maxLength: 12 }),
        fc.integer({ min: -5, max: 20 }),
        fc.integer({ min: -5, max: 2 ** 31 - 1 }),
        (oids, nonRepeaters, maxRepetitions) => {
          const { size, pdu } = bulk(oids, nonRepeaters, maxRepetitions);
          expect(size).toBeLessThanOrEqual(longestResponse);
          expect(pdu.varbinds.length).toBeLessThanOrEqual(100);
          expect(pdu.errorStatus).toBe(0);
        },
      ),
    );
  });

  it("stops when every column has ended", () => {
    const { varbinds } = bulk(["1.3.6.1.6", "1.3.6.1.7"], 0, 40).pdu;
    expect(varbinds.map((v) => v.value.type)).toEqual(["endOfMibView", "endOfMibView"]);
  });
});

describe("SNMPv1 (RFC 1157 section 4.1)", () => {
  const counter64 = "1.3.6.1.2.1.31.1.1.1.6.501";
  const next = (names_: readonly string[]) =>
    ask(view, { type: "getNextRequest", requestId: 1, errorStatus: 0, errorIndex: 0, varbinds: names(names_) }, "1")
      .pdu;

  it("gives values in the order asked", () => {
    const { pdu } = ask(view, getRequest(["1.3.6.1.2.1.2.1.0", sysName]), "1");
    expect(pdu).toMatchObject({ errorStatus: 0, errorIndex: 0 });
    expect(pdu.varbinds.map((v) => v.value.type)).toEqual(["integer", "octets"]);
  });

  it.each([
    ["an absent instance", "1.3.6.1.2.1.1.5.1"],
    ["an absent object", "1.3.6.1.4.1.9.9.187.1.2.5.1.3"],
    ["a Counter64", counter64],
  ])("refuses the whole request for %s, and names it", (_, missing) => {
    expect(value(view, counter64).type).toBe("counter64");
    const asked = names([sysName, missing, sysName]);
    expect(ask(view, getRequest([sysName, missing, sysName]), "1").pdu).toMatchObject({
      errorStatus: 2,
      errorIndex: 2,
      varbinds: asked,
    });
  });

  it("walks past every Counter64, and ends with noSuchName", () => {
    const all = walk(view, "1.3.6.1");
    const seen: string[] = [];
    for (let from = "1.3.6.1"; ; ) {
      const { errorStatus, errorIndex, varbinds } = next([sysName, from]);
      const found = varbinds[1];
      if (errorStatus !== 0 || found === undefined) {
        expect([errorStatus, errorIndex, found?.oid.join(".")]).toEqual([2, 2, from]);
        break;
      }
      from = found.oid.join(".");
      seen.push(from);
    }
    const expected = [...all].filter(([, { type }]) => type !== "counter64").map(([name]) => name);
    expect(expected.length).toBeLessThan(all.size);
    expect(seen).toEqual(expected);
  });

  it("answers tooBig with the request's bindings, and refuses to be written with noSuchName", () => {
    const many = Array.from({ length: 60 }, () => "1.3.6.1.2.1.1.1.0");
    expect(ask(view, getRequest(many), "1").pdu).toMatchObject({
      errorStatus: 1,
      errorIndex: 0,
      varbinds: names(many),
    });
    const varbinds = [{ oid: oid("1.3.6.1.2.1.2.2.1.7.507"), value: { type: "integer", value: 2 } as const }];
    const { pdu } = ask(view, { type: "setRequest", requestId: 1, errorStatus: 0, errorIndex: 0, varbinds }, "1");
    expect(pdu).toMatchObject({ errorStatus: 2, errorIndex: 1, varbinds });
    expect(value(view, "1.3.6.1.2.1.2.2.1.7.507")).toEqual({ type: "integer", value: 1 });
  });

  it("knows no GetBulkRequest-PDU", () => {
    const pdu = { type: "getBulkRequest", requestId: 1, nonRepeaters: 0, maxRepetitions: 2, varbinds: [] } as const;
    const request = encodeMessage({ version: "1", community, pdu });
    expect(answerSnmp(request, community, view)).toEqual({ ok: false, dropped: "malformed" });
  });
});

describe("what is not answered", () => {
  const request = encodeMessage({ version: "2c", community, pdu: getRequest([sysName]) });

  it("stays silent to a wrong community", () => {
    for (const wrong of ["", "public", "lab-communitY", "lab-community "]) {
      const asked = encodeMessage({
        version: "2c",
        community: new TextEncoder().encode(wrong),
        pdu: getRequest([sysName]),
      });
      expect(answerSnmp(asked, community, view)).toEqual({ ok: false, dropped: "wrongCommunity" });
    }
  });

  it("drops every truncation of a request as malformed", () => {
    for (let length = 0; length < request.length; length++) {
      expect(answerSnmp(request.subarray(0, length), community, view)).toEqual({ ok: false, dropped: "malformed" });
    }
    expect(answerSnmp(request, community, view).ok).toBe(true);
  });

  it("does not answer answers and notifications", () => {
    for (const type of ["response", "snmpV2Trap", "report"] as const) {
      const octets = encodeMessage({
        version: "2c",
        community,
        pdu: { type, requestId: 1, errorStatus: 0, errorIndex: 0, varbinds: [] },
      });
      expect(answerSnmp(octets, community, view)).toEqual({ ok: false, dropped: "unexpectedPdu" });
    }
  });

  it("never throws, whatever comes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(request.length - 1)), (noise, flips) => {
        answerSnmp(noise, community, view);
        const damaged = Uint8Array.from(request);
        flips.forEach((at, i) => {
          damaged[at] = noise[i % Math.max(1, noise.length)] ?? 0;
        });
        answerSnmp(damaged, community, view);
      }),
      { numRuns: 2_000 },
    );
  });
});

it("refuses to be written: notWritable (RFC 3416 section 4.2.5)", () => {
  const varbinds = [{ oid: oid("1.3.6.1.2.1.2.2.1.7.507"), value: { type: "integer", value: 2 } as const }];
  const { pdu } = ask(view, { type: "setRequest", requestId: 1, errorStatus: 0, errorIndex: 0, varbinds });
  expect(pdu).toMatchObject({ errorStatus: 17, errorIndex: 1 });
  expect(value(view, "1.3.6.1.2.1.2.2.1.7.507")).toEqual({ type: "integer", value: 1 });
});
