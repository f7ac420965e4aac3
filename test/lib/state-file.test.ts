import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { stateFile } from "../../agent/lib/state-file.ts";

const dir = mkdtempSync(join(tmpdir(), "state-"));
afterAll(() => rmSync(dir, { recursive: true }));

describe("a state file", () => {
  it("is empty, then holds what was written last, for its owner alone", () => {
    const file = stateFile(dir, "kept");
    expect(file.read()).toEqual({ ok: true, value: undefined });
    expect(file.write("one")).toEqual({ ok: true, value: undefined });
    expect(file.write("2")).toEqual({ ok: true, value: undefined });
    expect(stateFile(dir, "kept").read()).toEqual({ ok: true, value: "2" });
    expect(readdirSync(dir)).toEqual(["kept"]);
    expect(statSync(join(dir, "kept")).mode & 0o777).toBe(0o600);
  });

  it("is saved beside other work, in the same way", async () => {
    const file = stateFile(dir, "saved");
    expect(await file.save("one")).toEqual({ ok: true, value: undefined });
    expect(await file.save("2")).toEqual({ ok: true, value: undefined });
    expect(file.read()).toEqual({ ok: true, value: "2" });
    expect(readdirSync(dir)).toContain("saved");
    expect(readdirSync(dir)).not.toContain("saved.new");
    expect(statSync(join(dir, "saved")).mode & 0o777).toBe(0o600);
    expect(await stateFile(join(dir, "nowhere"), "kept").save("one")).toEqual({ ok: false, error: "ENOENT" });
  });

  it("says why it cannot be used", () => {
    expect(stateFile(join(dir, "nowhere"), "kept").write("one")).toEqual({ ok: false, error: "ENOENT" });
    expect(stateFile(dir, ".").read()).toEqual({ ok: false, error: "EISDIR" });
  });
});
