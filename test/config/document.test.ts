// Files that cannot be read as YAML, or that are no configuration at all.

import { describe, expect, it } from "vitest";
import { edited, errorsOf, estateOf, estateYaml } from "./estate-yaml.ts";

const first = (text: string) => errorsOf(text)[0];

describe("text that is not YAML", () => {
  it.each([
    ["an empty file", "", "1:1: the file is empty; write at least site, snmp, routers and circuits"],
    ["comments alone", "# nothing\n", "1:1: the file is empty; write at least site, snmp, routers and circuits"],
    ["a tab", "site: ams\nweb:\n\tlisten: x\n", "3:1: a tab indents this line; indent with spaces"],
    [
      "a tab, and not with what the parser makes of the lines after it",
      "site: ams\nweb:\n\tlisten: x\nsnmp:\n  interval: 5s\n  credentials: {}\n",
      "3:1: a tab indents this line; indent with spaces",
    ],
    [
      "a text",
      "hello\n",
      "1:1: the file is a text, not a map of keys; write its keys below it: site, snmp, routers and circuits are needed",
    ],
    [
      "a list",
      "- a\n- b\n",
      "1:1: the file is a list, not a map of keys; write its keys below it: site, snmp, routers and circuits are needed",
    ],
    [
      "two documents",
      "site: ams\n---\nsite: sin\n",
      "2:1: a second document begins here (---); keep one document in the file",
    ],
    [
      "a quote that is not closed, where it was opened",
      'site: "ams\nweb: {}\n',
      "1:7: something is missing here; check for quotes or brackets that are not closed, a missing comma, or a missing space after a colon",
    ],
    [
      "a tag",
      "site: !env AMS\n",
      "1:7: a tag (!name) stands here, and tags are not read; remove it, or put a text that begins with ! in quotes",
    ],
    [
      "bytes",
      "site: \u0000\n",
      "1:7: a control character (code 0) stands here: this is not plain text; save the file as UTF-8 text",
    ],
    [
      "what was not UTF-8",
      "site: ams\nweb: M\ufffdnchen\n",
      "2:7: a character here is not UTF-8; save the file as UTF-8 text",
    ],
  ])("says what is wrong with %s", (_, text, expected) => {
    expect(errorsOf(text)).toEqual([`estate.yaml:${expected}`]);
  });

  it("names an alias without an anchor, and what is missing besides", () => {
    expect(errorsOf(edited(["site: ams\nsnmp:", "site: *home\nsnmp:"]))).toEqual([
      "estate.yaml:1:7: site: this alias (*name) has no anchor before it; " +
        "define it above with &name, or put a text that begins with * in quotes",
    ]);
  });

  it("refuses keys that would reach into the language", () => {
    expect(first(`__proto__: { polluted: 1 }\n${estateYaml}`)).toBe(
      'estate.yaml:1:1: "__proto__" is not a usable key; name it or remove it',
    );
    expect(
      errorsOf(edited(["{ router: ams-ce1, interface: er0 }", "{ router: constructor, interface: er0 }"])),
    ).toEqual([
      'estate.yaml:18:26: circuits.ams-1.links.primary.router: "constructor" is not defined under routers; ' +
        "define it, or use one of: ams-ce1, ams-ce2, sin-ce1",
    ]);
  });
});

describe("text that is YAML in another dress", () => {
  it("reads a byte order mark, Windows line ends, and aliases", () => {
    const plain = estateOf(estateYaml);
    expect(estateOf(`\ufeff${estateYaml}`)).toEqual(plain);
    expect(estateOf(estateYaml.replaceAll("\n", "\r\n"))).toEqual(plain);
    const aliased = edited(
      ["customerAsn: 65010", "customerAsn: &asn 65010"],
      ["customerAsn: 65020", "customerAsn: *asn"],
    );
    expect(estateOf(aliased)).toEqual(plain);
  });

  it("counts columns from the text, not from the mark", () => {
    expect(first(`\ufeffsit: ams\n${estateYaml.replace("site: ams\n", "")}`)).toMatch(/^estate\.yaml:1:1: sit: /);
  });
});

describe("files that would take all memory or time", () => {
  const bomb = () => {
    const levels = ["a: &a [x,x,x,x,x,x,x,x,x]"];
    for (const [i, name] of [..."bcdefghi"].entries()) {
      const below = "abcdefgh"[i];
      levels.push(`${name}: &${name} [${Array(9).fill(`*${below}`).join(",")}]`);
    }
    return levels.join("\n");
  };

  it("stops at a bound on size, depth and expansion", () => {
    expect(errorsOf(`a: ${"x".repeat(10_000_000)}`)).toEqual([
      "estate.yaml:1:1: the file has 10.0 million characters; at most 2 million are read; is this the right file?",
    ]);
    expect(first(bomb())).toMatch(
      /: the file holds more than 200000 values once its aliases \(\*name\) are expanded; /,
    );
    expect(first("a: &a [*a]")).toMatch(/: the file is nested too deeply to be read; at most 50 levels are read$/);
    expect(first("[".repeat(100_000))).toMatch(/: the file is nested too deeply to be read; /);
    expect(first(`a: ${"[".repeat(60)}${"]".repeat(60)}`)).toMatch(/nested too deeply/);
  });

  it("repeats only a short part of a long value, on one line", () => {
    const [line = ""] = errorsOf(edited(["sku: premium", `sku: "${"x".repeat(10_000)}"`]));
    expect(line.length).toBeLessThan(200);
    const [broken = ""] = errorsOf(edited(["sku: premium", 'sku: "a\\nb\\e[31m\\u202e"']));
    expect(broken).toContain(String.raw`"a\nb\u001b[31m?" is not a SKU`);
  });
});

describe("many mistakes", () => {
  it("are all said at once, in the order of the file", () => {
    const lines = errorsOf(
      edited(
        ["site: ams\nsnmp:", "sit: ams\nsnmp:"],
        ["address: 192.0.2.11", "address: nowhere"],
        ["sku: premium", "sku: gold"],
        ["vlan: 101", "vlan: 100"],
        ["circuits: [ams-1, sin-1]", "circuits: [ams-1, ams-1]"],
      ),
    );
    expect(lines.map((line) => line.split(":").slice(1, 4).join(":"))).toEqual([
      "1:1: sit",
      "6:34: routers.ams-ce1.address",
      "15:10: circuits.ams-1.sku",
      "26:15: circuits.ams-1.peerings.microsoft.vlan",
      "43:23: globalReach.ams-sin.circuits[1]",
    ]);
  });
});
