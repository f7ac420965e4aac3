// The real fping over loopback, and its absence.

import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { type FpingProfile, startFping } from "../../agent/net/fping.ts";
import { decodeFpingLine } from "../../agent/wire/fping.ts";
import { eventually } from "../support/eventually.ts";

const profile: FpingProfile = {
  ...{ family: 4, interval: 50, timeout: 50, source: undefined, interface: undefined },
  ...{ dscp: 0, size: 56, dontFragment: false },
};
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function start(address: string, command?: string) {
  const lines: string[] = [];
  const ends: string[] = [];
  const family = address.includes(":") ? 6 : 4;
  const handlers = { line: (text: string) => lines.push(text), ended: (why: string) => ends.push(why) };
  stops.push(startFping({ ...profile, family }, [address], handlers, command));
  return { lines, ends };
}

describe("fping", () => {
  it.for(["127.0.0.1", "::1"])("is understood in what it says of %s", async (address, context) => {
    if (spawnSync("fping", ["-c1", "-q", address]).status !== 0) {
      context.skip("fping is not installed, or not permitted to ping here");
    }
    const { lines } = start(address);
    await eventually("three answers", () => lines.length >= 3);
    for (const [n, line] of lines.slice(0, 3).entries()) {
      expect(decodeFpingLine(line)).toMatchObject({ ok: true, value: { kind: "reply", target: address, sequence: n } });
    }
  });

  it("that is not installed is asked for, by the command that installs it", async () => {
    const { ends } = start("127.0.0.1", "fping-that-is-not-there");
    await eventually("the end", () => ends.length > 0);
    expect(ends).toEqual(["ICMP probes need fping here: install it (Debian: apt-get install fping)"]);
  });

  it("that cannot do what is asked ends with its own word", async () => {
    const { ends } = start("203.0.113.256");
    await eventually("the end", () => ends.length > 0);
    expect(ends[0]).not.toBe("");
  });
});
