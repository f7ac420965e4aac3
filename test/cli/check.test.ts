import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { check } from "../../agent/cli/check.ts";
import { readHostFile } from "../../agent/cli/load.ts";
import { community, edited, estateYaml } from "../config/estate-yaml.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "check-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function written(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

async function checked(file: string, env: Readonly<Record<string, string>> = { SNMP_COMMUNITY: community }) {
  const out: string[] = [];
  const err: string[] = [];
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const code = await check(file, { ...io, env, readFile: readHostFile });
  return { code, out, err };
}

describe("check", () => {
  it("says what a good file watches", async () => {
    const file = written("estate.yaml", estateYaml);
    const out = [`${file}: ok: 2 sites, 3 routers, 2 circuits, 6 paths`];
    expect(await checked(file)).toEqual({ code: 0, out, err: [] });
  });

  it("says that no router stands where the agent does", async () => {
    const { out } = await checked(written("estate.yaml", edited(["site: ams\nsnmp:", "site: amss\nsnmp:"])));
    expect(out[0]).toMatch(/: 3 sites, .* 6 paths, no router at amss, the site of this agent$/);
  });

  it("counts services and internet dependencies where there are any", async () => {
    const checks = "checks: [{ technique: tcp, host: 10.1.2.3, port: 1 }]";
    const watched = [
      `services: { sql: { circuit: ams-1, peering: azurePrivate, ${checks} } }`,
      `internetDependencies: { crl: { kind: other, ${checks} }, cdn: { kind: cdn, ${checks} } }`,
    ];
    const { out } = await checked(written("estate.yaml", `${estateYaml}${watched.join("\n")}\n`));
    expect(out[0]).toMatch(/6 paths, 1 service, 2 internet dependencies$/);
  });

  it("says everything that is wrong with a bad one, and fails", async () => {
    const file = written("estate.yaml", edited(["sku: premium", "sku: gold"], ["vlan: 101", "vlan: 100"]));
    expect(await checked(file)).toEqual({
      code: 1,
      out: [],
      err: [
        `${file}:15:10: circuits.ams-1.sku: "gold" is not a SKU; use local, standard or premium`,
        `${file}:26:15: circuits.ams-1.peerings.microsoft.vlan: 100 is the VLAN of azurePrivate already; ` +
          "each peering of a circuit has a VLAN of its own",
      ],
    });
  });

  it.each([
    ["is not there", () => join(directory, "none.yaml"), "does not exist"],
    ["is a directory", () => directory, "is a directory, not a file"],
    ["lies below a file", () => join(written("file", ""), "estate.yaml"), /^does not exist: a part of its path/],
  ])("says in one line that the file %s", async (_, path, expected) => {
    const file = path();
    const { code, out, err } = await checked(file);
    expect({ code, out, lines: err.length }).toEqual({ code: 1, out: [], lines: 1 });
    if (typeof expected === "string") expect(err[0]).toBe(`${file}: ${expected}`);
    else expect(err[0]?.slice(`${file}: `.length)).toMatch(expected);
  });

  it("names the place of a byte that is not UTF-8", async () => {
    const text = Buffer.from(edited(["Singtel", "M\u00fcnchen"]), "latin1");
    const { code, err } = await checked(written("estate.yaml", text));
    expect(code).toBe(1);
    expect(err).toEqual([
      expect.stringMatching(/estate\.yaml:31:16: a character here is not UTF-8; save the file as UTF-8 text$/),
    ]);
  });

  it("reads secrets from files and from systemd's credentials", async () => {
    const reference = "{ env: SNMP_COMMUNITY }";
    const secret = written("community", `${community}\n`);
    const byFile = written("by-file.yaml", edited([reference, `{ file: ${secret} }`]));
    const byCredential = written("by-credential.yaml", edited([reference, "{ credential: community }"]));
    expect(await checked(byFile, {})).toMatchObject({ code: 0, err: [] });
    expect(await checked(byCredential, { CREDENTIALS_DIRECTORY: directory })).toMatchObject({ code: 0, err: [] });
    expect(await checked(byCredential, {})).toMatchObject({ code: 1, out: [] });

    const latin1 = written("latin1", Buffer.from("p\u00e4ss", "latin1"));
    const { err } = await checked(written("by-latin1.yaml", edited([reference, `{ file: ${latin1} }`])), {});
    expect(err).toHaveLength(1);
    expect(err[0]).toContain(`file ${latin1} is not UTF-8 text; `);
  });
});
