// RFC 3414 section 2.2: the engine that we are to who sends informs.

import { describe, expect, it } from "vitest";
import { err, ok, type Result } from "../../agent/lib/result.ts";
import { type EngineMemory, startOwnEngine } from "../../agent/net/snmp-own-engine.ts";

function memoryOf(text: string | undefined, written: Result<void, string> = ok(undefined)) {
  const memory = {
    path: "/var/lib/circuitwatch/snmp-engine.json",
    text,
    read: () => ok(memory.text),
    write: (next: string) => {
      if (written.ok) memory.text = next;
      return written;
    },
  };
  return memory satisfies EngineMemory;
}

let n = 0;
/** Other octets at each call. */
const random = (octets: number) => new Uint8Array(octets).fill(++n);
const start = (memory: EngineMemory | undefined) => {
  const { engine, remark } = startOwnEngine(memory, random);
  return { id: Buffer.from(engine.id).toString("hex"), boots: engine.boots, remark };
};

describe("our own engine", () => {
  it("has an id of format 5 with 12 random octets, and counts its starts", () => {
    const memory = memoryOf(undefined);
    const first = start(memory);
    expect(first).toMatchObject({ id: expect.stringMatching(/^80007ed905[0-9a-f]{24}$/), boots: 1, remark: undefined });
    expect(start(memory)).toEqual({ ...first, boots: 2 });
    expect(start(memory)).toEqual({ ...first, boots: 3 });
  });

  it("is another at each start without a memory, and says so", () => {
    const [a, b] = [start(undefined), start(undefined)];
    expect(a.id).not.toBe(b.id);
    expect(a.boots).toBe(1);
    expect(a.remark).toContain("no state directory");
  });

  it("is another at each start with a memory that cannot be written: boots that are not counted admit replays", () => {
    const memory = memoryOf('{"snmpEngineId":"80007ed90501020304","snmpEngineBoots":7}', err("EROFS"));
    const [a, b] = [start(memory), start(memory)];
    expect(a).toMatchObject({ boots: 1, remark: expect.stringContaining("cannot be written (EROFS)") });
    expect(a.id).not.toBe("80007ed90501020304");
    expect(a.id).not.toBe(b.id);
  });

  it("takes up what it wrote", () => {
    expect(start(memoryOf('{"snmpEngineId":"80007ed90501020304","snmpEngineBoots":7}'))).toEqual({
      id: "80007ed90501020304",
      boots: 8,
      remark: undefined,
    });
  });

  it.each([
    "",
    "null",
    "{}",
    "no JSON",
    '{"snmpEngineId":"80","snmpEngineBoots":7}',
    '{"snmpEngineId":"80007ed90501020304zz","snmpEngineBoots":7}',
    `{"snmpEngineId":"${"80".repeat(33)}","snmpEngineBoots":7}`,
    '{"snmpEngineId":"80007ed90501020304","snmpEngineBoots":0}',
    '{"snmpEngineId":"80007ed90501020304","snmpEngineBoots":1.5}',
    '{"snmpEngineId":"80007ed90501020304","snmpEngineBoots":2147483648}',
  ])("begins anew with a file that holds %s, and keeps the new id", (text) => {
    const memory = memoryOf(text);
    const first = start(memory);
    expect(first).toMatchObject({ boots: 1, remark: expect.stringContaining("holds no engine ID") });
    expect(start(memory)).toEqual({ id: first.id, boots: 2, remark: undefined });
  });

  it("begins anew when its boots come to their end, at which it would refuse every message", () => {
    const started = start(memoryOf('{"snmpEngineId":"80007ed90501020304","snmpEngineBoots":2147483646}'));
    expect(started.boots).toBe(1);
    expect(started.id).not.toBe("80007ed90501020304");
  });

  it("names a memory that cannot be read", () => {
    const memory = { ...memoryOf(undefined), read: () => err("EACCES") };
    expect(start(memory)).toMatchObject({ boots: 1, remark: expect.stringContaining("cannot be read (EACCES)") });
  });
});
