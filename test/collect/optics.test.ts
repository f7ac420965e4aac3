import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { integer } from "../support/cells.ts";
import { chassis, domLane, domModule, type EntityFixture, type Instances } from "../support/link-mibs.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { joined } from "../support/snmp-responder.ts";
import { er0, type Interface, mib, of, oneRouter, peer, polls, startPolling } from "./scene.ts";

const twin: Interface = { ifIndex: 4, names: ["er0/1", "breakout", ""] };
const plain = () => mib(100, [er0, twin], [peer]);
const routerWith = (...instances: readonly Instances[]) => scriptedRouter(joined(plain(), ...instances));

const dBm = 14;
const watts = 6;
const amperes = 5;
const celsius = 8;
/** Scales of the MIB: units, milli, micro. */
const units = 9;
const milli = 8;

/** A port, its module, and the module's sensors. */
const cisco = (alias: number | undefined, portName = "TenGigE0/0/0/1"): readonly EntityFixture[] => [
  { index: 1, name: "chassis" },
  { index: 5, name: "Inlet Temperature", in: 1, sensor: [celsius, units, 0, 24] },
  { index: 10, name: portName, in: 1, ...(alias === undefined ? {} : { alias }) },
  { index: 11, name: "module", in: 10 },
  { index: 12, name: "Lane 1 Rx Power Sensor", in: 11, sensor: [dBm, units, 1, -71] },
  { index: 13, name: "Lane 1 Tx Power Sensor", in: 11, sensor: [dBm, milli, 0, -2_345] },
  { index: 14, name: "Lane 2 Rx Power Sensor", in: 11, sensor: [watts, milli, 4, 6_322] },
  { index: 15, name: "Lane 1 Transmit Bias Current Sensor", in: 11, sensor: [amperes, milli, 0, 65] },
  { index: 16, name: "Temperature Sensor", in: 11, sensor: [celsius, units, 1, 305] },
  { index: 20, name: "TenGigE0/0/0/2", in: 1, alias: 99 },
  { index: 21, name: "Rx Power Sensor", in: 20, sensor: [dBm, units, 1, -400] },
];

const readings = [
  { quantity: "receivePower", lane: 1, value: expect.closeTo(-7.1, 6) },
  { quantity: "transmitPower", lane: 1, value: expect.closeTo(-2.345, 6) },
  { quantity: "receivePower", lane: 2, value: expect.closeTo(-1.99, 2) },
  { quantity: "biasCurrent", lane: 1, value: expect.closeTo(0.065, 6) },
  { quantity: "temperature", lane: 1, value: expect.closeTo(30.5, 6) },
];

describe("the optics of a path's interface", () => {
  it.each([
    ["by the alias of the port that holds them", "entSensorValueTable", cisco(2)],
    ["by the name of the port that holds them", "entSensorValueTable", cisco(undefined, "er0")],
    ["in the standard's table", "entPhySensorTable", cisco(2)],
  ] as const)("are found %s, and then asked for alone", async (_, table, entities) => {
    const router = routerWith(chassis(table, entities));
    const { pass } = startPolling(router);
    expect(of(await pass(12_000), "optics")).toEqual([
      { kind: "optics", router: "ams-ce1", interface: "er0", at: expect.any(Number), readings },
    ]);
    const walks = router.asked.filter((what) => what === "walk optics").length;
    expect(of(await pass(24_000), "optics")).toHaveLength(2);
    expect(router.asked.filter((what) => what === "walk optics")).toHaveLength(walks);
  });

  it("are found by the port that stands beside them in the module, but not by one of several", async () => {
    // As IOS XE builds them: container, module, and in that the port and the sensors.
    const beside = (more: readonly EntityFixture[]): readonly EntityFixture[] => [
      { index: 1, name: "container" },
      { index: 2, name: "transceiver 0", in: 1 },
      { index: 3, name: "er0", in: 2 },
      { index: 4, name: "transceiver 0 Rx Power Sensor", in: 2, sensor: [dBm, units, 1, -71] },
      ...more,
    ];
    const one = startPolling(routerWith(chassis("entSensorValueTable", beside([]))));
    expect(of(await one.pass(12_000), "optics")).toMatchObject([{ interface: "er0", readings: [readings[0]] }]);
    const several = beside([{ index: 5, name: "er0/1", in: 2 }]);
    const two = startPolling(routerWith(chassis("entSensorValueTable", several)));
    expect(of(await two.pass(12_000), "optics")).toEqual([]);
  });

  it.each([
    ["er0", 2],
    // The longer name is another interface's.
    ["er0/1", undefined],
    ["er0/2", 2],
    ["er01", undefined],
    ["xer0", undefined],
  ])("of a sensor for %s are those of er0, or not", async (name, expected) => {
    const sensors = ["RX", "TX"].map(
      (way, i): EntityFixture => ({
        index: 10 + i,
        name: `DOM ${way} Power Sensor for ${name}`,
        sensor: [dBm, units, 0, -3],
      }),
    );
    const { pass } = startPolling(routerWith(chassis("entPhySensorTable", sensors)));
    const seen = of(await pass(12_000), "optics");
    expect(seen[0]?.readings.length).toBe(expected);
  });

  it("number lanes in order where the names do not", async () => {
    const sensors = [1, 2, 3, 4].map(
      (lane): EntityFixture => ({
        index: 10 + lane,
        name: `DOM RX Power Sensor for er0/${lane + 1}`,
        sensor: [dBm, units, 0, -lane],
      }),
    );
    const { pass } = startPolling(routerWith(chassis("entPhySensorTable", sensors)));
    expect(of(await pass(12_000), "optics")[0]?.readings).toEqual(
      [1, 2, 3, 4].map((lane) => ({ quantity: "receivePower", lane, value: -lane })),
    );
  });

  it("are Juniper's by ifIndex, those of the port for a subinterface, with their lanes", async () => {
    const sub: Interface = { ifIndex: 30, names: ["er0.100", "er0.100", ""] };
    const router = scriptedRouter(
      joined(
        mib(100, [er0, sub], [peer]),
        domModule(2, [-310, 6_340, -214, 31]),
        domLane(2, 0, [-310, 6_340, -214]),
        domLane(2, 1, [-400, 6_000, -200]),
      ),
    );
    const { pass } = startPolling(router, oneRouter({ interface: "er0.100" }));
    expect(of(await pass(12_000), "optics")).toMatchObject([
      {
        interface: "er0.100",
        readings: [
          { quantity: "receivePower", lane: 1, value: -3.1 },
          { quantity: "biasCurrent", lane: 1, value: 0.00634 },
          { quantity: "transmitPower", lane: 1, value: -2.14 },
          { quantity: "receivePower", lane: 2, value: -4 },
          { quantity: "biasCurrent", lane: 2, value: 0.006 },
          { quantity: "transmitPower", lane: 2, value: -2 },
          { quantity: "temperature", lane: 1, value: 31 },
        ],
      },
    ]);
  });

  it("lose a bad value alone, and follow another module's scale", async () => {
    const root = "1.3.6.1.4.1.9.9.91.1.1.1.1";
    const router = routerWith(chassis("entSensorValueTable", cisco(2)));
    const { pass } = startPolling(router);
    await pass(12_000);
    router.mib = joined(plain(), chassis("entSensorValueTable", cisco(2)), {
      [`${root}.4.12`]: { type: "octets", value: new Uint8Array(3) },
      [`${root}.5.13`]: integer(3),
      [`${root}.3.16`]: integer(2),
    });
    expect(of(await pass(12_000), "optics")[0]?.readings).toMatchObject([
      { value: undefined },
      { value: undefined },
      { value: expect.closeTo(-1.99, 2) },
      { value: expect.closeTo(0.065, 6) },
      { value: expect.closeTo(3.05, 6) },
    ]);
  });

  it("are looked for again when the module is another", async () => {
    const moved = cisco(2).map((one) => (one.index < 12 || one.index > 16 ? one : { ...one, index: one.index + 100 }));
    const router = routerWith(chassis("entSensorValueTable", cisco(2)));
    const { pass } = startPolling(router);
    await pass(12_000);
    router.mib = joined(plain(), chassis("entSensorValueTable", moved));
    expect(of(await pass(12_000), "optics")[0]?.readings).toEqual(readings);
  });

  it("are taken from an agent that is slow with its sensors while it answers others at once", async () => {
    const at = (uptime: number) => joined(mib(uptime, [er0], [peer]), chassis("entSensorValueTable", cisco(2)));
    const router = scriptedRouter(at(100));
    const { pass } = startPolling(router);
    await pass(12_000);
    router.hang("optics");
    let uptime = 100;
    for (let s = 0; s < 16; s++) {
      uptime += 1;
      router.mib = at(uptime);
      await pass(1_000);
    }
    router.release("optics");
    const seen = await pass(500);
    expect(polls(seen, "optics")).toMatchObject([{ result: "ok", seconds: expect.any(Number) }]);
    expect(polls(seen, "optics")[0]?.seconds).toBeGreaterThan(2);
    expect(of(seen, "optics")).toMatchObject([{ readings }]);
  });

  it("have each lane of a quantity once, whatever the sensors are called: two series of one name spoil a scrape", async () => {
    const name = fc
      .tuple(fc.constantFrom("Rx Power", "Tx Power", "Bias Current", "Temperature"), fc.integer({ min: 0, max: 3 }))
      .map(([what, lane]) => (lane === 0 ? `Transceiver ${what}` : `Lane ${lane} Transceiver ${what}`));
    const sensor = fc.tuple(name, fc.constantFrom(dBm, watts, amperes, celsius));
    await fc.assert(
      fc.asyncProperty(fc.array(sensor, { minLength: 1, maxLength: 10 }), async (sensors) => {
        const entities = sensors.map(([called, type], i): EntityFixture => {
          return { index: 10 + i, name: called, in: 2, sensor: [type, units, 0, 1] };
        });
        const port = { index: 2, name: "port", alias: 2 };
        const { pass } = startPolling(routerWith(chassis("entPhySensorTable", [port, ...entities])));
        const [seen] = of(await pass(12_000), "optics");
        const lanes = (seen?.readings ?? []).map(({ quantity, lane }) => `${quantity} ${lane}`);
        expect(new Set(lanes).size).toBe(lanes.length);
      }),
      { numRuns: 25 },
    );
  });

  it("do not loop in a chassis that holds itself", async () => {
    const entities: readonly EntityFixture[] = [
      { index: 1, name: "a", in: 2 },
      { index: 2, name: "b", in: 1 },
      { index: 3, name: "Rx Power", in: 2, sensor: [dBm, units, 0, -3] },
    ];
    const { pass } = startPolling(routerWith(chassis("entPhySensorTable", entities)));
    const seen = await pass(12_000);
    expect(polls(seen, "optics").map(({ result }) => result)).toEqual(["noSuchTable"]);
  });
});
