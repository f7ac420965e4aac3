// DISMAN-PING-MIB (RFC 4560), and RPM's results in JUNIPER-RPM-MIB, which has its index and microseconds where the former
// has milliseconds. Junos shows its RPM probes in both.

import { type Cells, isAbsent, numberAt, octetsAt, textAt } from "../wire/snmp/cells.ts";
import type { Oid } from "../wire/snmp/oid.ts";
import { inetAddressAt } from "./inet-address.ts";
import {
  countOf,
  delayOf,
  microseconds,
  milliseconds,
  ownerAndTest,
  type ProbeReading,
  type ProbeRun,
  type ProbeTable,
  tagsOf,
} from "./router-probes.ts";
import { columnsOf, instance } from "./table.ts";

const control = columnsOf("1.3.6.1.2.1.80.1.2.1", {
  pingCtlTargetAddressType: 3,
  pingCtlTargetAddress: 4,
  pingCtlProbeCount: 7,
  pingCtlFrequency: 10,
  pingCtlDescr: 17,
  pingCtlSourceAddressType: 18,
  pingCtlSourceAddress: 19,
});
const { pingCtlAdminStatus } = columnsOf("1.3.6.1.2.1.80.1.2.1", { pingCtlAdminStatus: 8 });
const results = columnsOf("1.3.6.1.2.1.80.1.3.1", {
  pingResultsOperStatus: 1,
  pingResultsMinRtt: 4,
  pingResultsMaxRtt: 5,
  pingResultsAverageRtt: 6,
  pingResultsProbeResponses: 7,
  pingResultsSentProbes: 8,
  pingResultsLastGoodProbe: 10,
});
const resultColumns = [pingCtlAdminStatus, ...Object.values(results)];

/** pingCtlAdminStatus, and pingResultsOperStatus: a test is going on. */
const enabled = 1;

export const pingTable: ProbeTable = {
  mib: "DISMAN-PING-MIB",
  table: "pingCtlTable",
  identity: Object.values(control).map(({ oid }) => oid),
  find(index, cells, at) {
    const name = ownerAndTest(index);
    if (name === undefined || name.rest.length > 0) return undefined;
    const { owner, test } = name;
    const probeCount = countOf(numberAt(cells, at + 2)) ?? 1;
    const frequency = numberAt(cells, at + 3);
    return {
      identity: {
        number: undefined,
        owner,
        test,
        tags: tagsOf(textAt(cells, at + 4)),
        target: inetAddressAt(cells, at, at + 1),
        source: inetAddressAt(cells, at + 5, at + 6),
        frequency: frequency !== undefined && frequency > 0 ? frequency : undefined,
        measuresPath: true,
      },
      oids: resultColumns.map((column) => instance(column, index)),
      read(from, cell) {
        if (isAbsent(from, cell) && isAbsent(from, cell + 1)) return "gone";
        return { running: isEnabled(from, cell), run: readPing(from, cell + 1, probeCount) };
      },
    };
  },
};

/** A router that does not tell it shows its probes because they run. */
function isEnabled(cells: Cells, at: number): boolean {
  return isAbsent(cells, at) || numberAt(cells, at) === enabled;
}

/** `at`: pingResultsOperStatus. */
function readPing(cells: Cells, at: number, probeCount: number): ProbeRun | undefined {
  const [status, min, max, average, received = 0, sent = 0] = Array.from({ length: 6 }, (_, i) =>
    countOf(numberAt(cells, at + i)),
  );
  if (sent === 0) return undefined;
  return {
    // A test that failed leaves the time of the last good probe as it was: two such are not told apart.
    mark: `${hex(octetsAt(cells, at + 6))} ${sent} ${received}`,
    completedAgo: undefined,
    sense: received > 0 ? "ok" : "timeout",
    sent,
    received: Math.min(received, sent),
    complete: status !== enabled || (sent >= probeCount && received >= sent),
    delay: received > 0 ? delayOf(min, average, max, milliseconds) : undefined,
    directions: undefined,
    jitter: undefined,
  };
}

const rpm = "1.3.6.1.4.1.2636.3.50.1";
const summary = columnsOf(`${rpm}.2.1`, { jnxRpmResSumSent: 2, jnxRpmResSumReceived: 3, jnxRpmResSumDate: 5 });
const calculated = columnsOf(`${rpm}.3.1`, { jnxRpmResCalcMin: 3, jnxRpmResCalcMax: 4, jnxRpmResCalcAverage: 5 });

/** JnxRpmCollectionType. */
const currentTest = 1;
const lastCompletedTest = 2;
const allTests = 4;
/** JnxRpmMeasurementSet. */
const roundTripTime = 1;

/** Where the rows of one test stand in its GET. */
const rpmCells = { status: 0, current: 1, all: 2, sent: 3, received: 4, date: 5, min: 6, max: 7, average: 8 } as const;

/** The target and the frequency of a probe are told by pingCtlTable. */
export const rpmTable: ProbeTable = {
  mib: "JUNIPER-RPM-MIB",
  table: "jnxRpmResultsSummaryTable",
  identity: [summary.jnxRpmResSumSent.oid],
  find(index) {
    const name = ownerAndTest(index);
    // Each test has a row for each of its collections, and one is enough to find it by; this one is there from the start.
    if (name === undefined || name.rest.length !== 1 || name.rest[0] !== currentTest) return undefined;
    const { owner, test } = name;
    const probe = index.slice(0, -1);
    const sum = (column: { readonly oid: Oid }, collection: number) => [...column.oid, ...probe, collection];
    const oids = [
      instance(pingCtlAdminStatus, probe),
      sum(summary.jnxRpmResSumSent, currentTest),
      sum(summary.jnxRpmResSumSent, allTests),
      ...Object.values(summary).map((column) => sum(column, lastCompletedTest)),
      ...Object.values(calculated).map((column) => [...sum(column, lastCompletedTest), roundTripTime]),
    ];
    return {
      identity: {
        number: undefined,
        owner,
        test,
        tags: [],
        target: undefined,
        source: undefined,
        frequency: undefined,
        measuresPath: true,
      },
      oids,
      read(cells, at): ProbeReading | "gone" {
        const { status, current, all, sent } = rpmCells;
        if ([current, all, sent].every((cell) => isAbsent(cells, at + cell))) return "gone";
        return { running: isEnabled(cells, at + status), run: readRpm(cells, at) };
      },
    };
  },
};

function readRpm(cells: Cells, at: number): ProbeRun | undefined {
  const read = (cell: keyof typeof rpmCells) => countOf(numberAt(cells, at + rpmCells[cell]));
  const [sent = 0, received = 0] = [read("sent"), read("received")];
  if (sent === 0) return undefined;
  return {
    mark: `${hex(octetsAt(cells, at + rpmCells.date))} ${sent} ${received}`,
    completedAgo: undefined,
    sense: received > 0 ? "ok" : "timeout",
    sent,
    received: Math.min(received, sent),
    complete: true,
    delay: received > 0 ? delayOf(read("min"), read("average"), read("max"), microseconds) : undefined,
    directions: undefined,
    jitter: undefined,
  };
}

function hex(octets: Uint8Array | undefined): string {
  return octets === undefined ? "" : Buffer.from(octets).toString("hex");
}
