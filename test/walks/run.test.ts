// The replay of walks, on a walk made by hand: the recordings themselves are not part of the project.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "walks-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve(import.meta.dirname, "run.ts"), ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** CISCO-BGP4-MIB, IF-MIB and CISCO-ENTITY-SENSOR-MIB of a router that is no real one. */
const lines = [
  "1.3.6.1.2.1.1.1.0|4x|726f757465720d0a2e",
  "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.9.1.1",
  "1.3.6.1.2.1.1.3.0|67|100",
  "1.3.6.1.2.1.2.2.1.8.1|2|1",
  "1.3.6.1.2.1.2.2.1.8.2|2|2",
  "1.3.6.1.2.1.31.1.1.1.1.1|4|Gi0/0",
  "1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615",
  "1.3.6.1.2.1.15.3.1.2.192.0.2.9|2|3",
  "1.3.6.1.2.1.15.3.1.7.192.0.2.9|64|192.0.2.9",
  "1.3.6.1.2.1.4.22.1.2.1.192.0.2.2|4x|020000000001",
  "1.3.6.1.2.1.4.22.1.2.1.192.0.2.3|4x|000000000000",
  "1.3.6.1.2.1.4.35.1.4.1.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.2|4x|020000000002",
  "1.3.6.1.4.1.9.10.137.1.2.1.6.5|2|4",
  "1.3.6.1.4.1.9.10.137.1.2.1.13.5|2|1",
  "1.3.6.1.4.1.9.10.137.1.2.1.14.5|4x|c0000202",
  "1.3.6.1.2.1.47.1.1.1.1.7.30|4|Te0/0 Receive Power Sensor",
  "1.3.6.1.4.1.9.9.91.1.1.1.1.1.30|2|14",
  "1.3.6.1.4.1.9.9.91.1.1.1.1.2.30|2|9",
  "1.3.6.1.4.1.9.9.91.1.1.1.1.4.30|2|-3",
  "1.3.6.1.4.1.9.9.187.1.2.5.1.3.1.4.192.0.2.2|2|6",
  "1.3.6.1.4.1.9.9.187.1.2.5.1.4.1.4.192.0.2.2|2|2",
  "1.3.6.1.4.1.9.9.187.1.2.5.1.11.1.4.192.0.2.2|66|12076",
  "1.3.6.1.4.1.9.9.187.1.2.8.1.1.1.4.192.0.2.2.1.1|65|9",
  "1.3.6.1.4.1.9.9.187.1.2.8.1.6.1.4.192.0.2.2.1.1|66|7",
  "1.3.6.1.4.1.9.9.187.1.2.8.1.8.1.4.192.0.2.2.1.1|66|3",
];

const peers = [
  {
    remoteAddress: "192.0.2.2",
    remoteAs: 12_076,
    state: "established",
    adminStatus: "start",
    mib: "CISCO-BGP4-MIB",
    prefixes: [{ afi: 1, safi: 1, accepted: 9, advertised: 7, withdrawn: 3 }],
  },
  { remoteAddress: "192.0.2.9", remoteAs: null, state: "active", adminStatus: null, mib: "BGP4-MIB" },
];

function write(name: string, text: readonly string[], expected: unknown): void {
  writeFileSync(join(folder, `${name}.snmprec`), `${text.join("\n")}\n`);
  writeFileSync(join(folder, `${name}.expected.json`), JSON.stringify(expected));
}

const counts =
  "interfaces 2/2, sessions 2/2 (1 established), prefixes 1/1, optics 1/1 (0 of interfaces), bfd 1/1, neighbours 2/2";

describe("the replay of walks", () => {
  it("says what it found, a line for each", () => {
    write("router", lines, { interfaces: 2, bgpPeers: peers });
    const { status, stdout } = run(folder);
    expect(stdout.split("\n")).toEqual([`router: ${counts}: ok`, "1 walks, 0 of them differ", ""]);
    expect(status).toBe(0);
  });

  it("says what differs, and fails", () => {
    const [first, second] = peers;
    const other = [{ ...first, state: "idle", prefixes: [{ afi: 1, safi: 1, accepted: 8, advertised: 7 }] }, second];
    write("other", lines, { interfaces: 3, bgpPeers: other });
    write("router", lines, { interfaces: 2, bgpPeers: peers });
    write("short", lines.slice(0, -6), { interfaces: 2, bgpPeers: peers });
    const { status, stdout } = run(folder);
    const [otherLine, routerLine, shortLine] = stdout.split("\n");
    expect(otherLine).toContain("number of interfaces is 2, not 3");
    expect(otherLine).toContain("session 192.0.2.2: state is established, not idle");
    expect(otherLine).toContain("accepted is 9, not 8");
    expect(otherLine).toContain("advertised is 4, not 7");
    expect(routerLine).toBe(`router: ${counts}: ok`);
    expect(shortLine).toContain("session 192.0.2.2 was not found");
    expect(status).toBe(1);
  });

  it("loses a line that is none of the format alone, and says so", () => {
    write("router", [...lines, "1.3.6.1.2.1.2.2.1.8.3|2|up", "hello"], { interfaces: 2, bgpPeers: peers });
    const { status, stdout } = run(folder);
    expect(stdout).toContain(`router: ${counts} (2 lines are no OID|type|value): ok`);
    expect(status).toBe(0);
  });

  it("fails for a walk without an expectation", () => {
    writeFileSync(join(folder, "router.snmprec"), lines.join("\n"));
    const { status, stdout } = run(folder);
    expect(stdout).toContain("router.expected.json");
    expect(status).toBe(1);
  });

  it.each([
    ["there is no such folder", () => [join(folder, "none")], "cannot read"],
    ["it holds no walk", () => [folder], "holds no .snmprec file"],
    ["none is named", () => [], "usage"],
  ])("says so with a status of its own when %s", (_, args, problem) => {
    const { status, stderr, stdout } = run(...args());
    expect(status).toBe(2);
    expect(stderr).toContain(problem);
    expect(stdout).toBe("");
  });
});
