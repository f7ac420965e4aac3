// Secrets come by reference, and appear nowhere: neither in the Estate nor in any message.

import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { SecretSources } from "../../agent/config/secrets.ts";
import { err } from "../../agent/lib/result.ts";
import { communityOf } from "../support/credentials.ts";
import { community, edited, errorsOf, estateOf, estateYaml, holding, sources } from "./estate-yaml.ts";

const reference = "{ env: SNMP_COMMUNITY }";
const revealed = (text: string, secrets: SecretSources) =>
  communityOf(estateOf(text, secrets).routers.get("ams-ce1")?.credentials);

describe("references", () => {
  it("read the environment, a file and a systemd credential", () => {
    expect(revealed(estateYaml, sources)).toBe(community);
    const files = holding({ "/etc/secret": "from-a-file\r\n\n", "/run/credentials/unit/edge": "from-systemd\n" });
    const secrets = { ...sources, readFile: files, credentialsDirectory: "/run/credentials/unit" };
    expect(revealed(edited([reference, "{ file: /etc/secret }"]), secrets)).toBe("from-a-file");
    expect(revealed(edited([reference, "{ credential: edge }"]), secrets)).toBe("from-systemd");
  });

  const where = "estate.yaml:4:37: snmp.credentials.edge.community: ";
  const oneOf = "write exactly one of { env: NAME }, { file: /path } and { credential: name }";
  it.each([
    [
      "a variable that is not set",
      "{ env: NOT_SET }",
      "environment variable NOT_SET is not set; set NOT_SET for the user that runs this (systemd: EnvironmentFile=)",
    ],
    ["an empty variable", "{ env: EMPTY }", "environment variable EMPTY is empty; put the secret into it"],
    ["a variable of the language", "{ env: constructor }", /^environment variable constructor is not set; /],
    [
      "a file that is not there",
      "{ file: /etc/none }",
      "file /etc/none does not exist; write the secret there, readable for the user that runs this",
    ],
    ["an empty file", "{ file: /etc/empty }", "file /etc/empty is empty; put the secret into it"],
    [
      "a file of two lines",
      "{ file: /etc/two }",
      "file /etc/two holds more than one line; put the secret alone into it",
    ],
    [
      "a relative path",
      "{ file: etc/secret }",
      "file is not an absolute path; write a path that begins with /, and the secret into that file",
    ],
    [
      "a credential outside of systemd",
      "{ credential: edge }",
      "credential edge cannot be read: CREDENTIALS_DIRECTORY is not set; start it from a systemd unit with " +
        "LoadCredential=edge:/path, or use { env: NAME } or { file: /path }",
    ],
    ["a credential that is a path", "{ credential: ../edge }", /^credential is not the name of a systemd credential; /],
    ["two places", "{ env: SNMP_COMMUNITY, file: /etc/secret }", `names 2 places of one secret; ${oneOf}`],
    ["no place", "{}", `names no place of the secret; ${oneOf}`],
  ])("say what is wrong with %s", (_, written, expected) => {
    const env = { ...sources.env, EMPTY: "" };
    const readFile = holding({ "/etc/empty": "\n", "/etc/two": "a\nb\n" });
    const [line = "", ...more] = errorsOf(edited([reference, written]), { ...sources, env, readFile });
    expect(more).toEqual([]);
    expect(line.startsWith(where)).toBe(true);
    if (typeof expected === "string") expect(line).toBe(`${where}${expected}`);
    else expect(line.slice(where.length)).toMatch(expected);
  });

  it("name the credential that systemd did not give", () => {
    const secrets = { ...sources, credentialsDirectory: "/run/credentials/unit" };
    expect(errorsOf(edited([reference, "{ credential: edge }"]), secrets)).toEqual([
      `${where}credential edge cannot be read: /run/credentials/unit/edge does not exist; ` +
        "add LoadCredential=edge:/path to the systemd unit",
    ]);
  });
});

describe("a secret in the wrong place", () => {
  it("is refused with the fix", () => {
    expect(errorsOf(edited([reference, "public"]))).toEqual([
      "estate.yaml:4:37: snmp.credentials.edge.community: a secret is not written into this file; " +
        "write where it is: community: { env: NAME }, { file: /path } or { credential: name }",
    ]);
  });

  const sentinel = "s3ntinelOfTheTest";
  const edge = `edge: { version: 2c, community: ${reference} }`;
  const credentials = (written: string) => edited([edge, written]);
  it.each([
    ["as the value", credentials(`edge: { version: 2c, community: ${sentinel} }`)],
    ["as a number", credentials("edge: { version: 2c, community: 8675309 }")],
    ["as a list", credentials(`edge: { version: 2c, community: [${sentinel}] }`)],
    ["as a key", credentials(`edge: { version: 2c, community: { ${sentinel} } }`)],
    ["as a key twice", credentials(`edge: { version: 2c, community: { ${sentinel}: 1, ${sentinel}: 2 } }`)],
    ["beside the community", credentials(`edge: { version: 2c, community: ${reference}, ${sentinel} }`)],
    ["under a misspelt key", credentials(`edge: { version: 2c, comunity: ${sentinel} }`)],
    ["as the version", credentials(`edge: { version: ${sentinel}, community: ${reference} }`)],
    ["for the credentials", credentials(`edge: ${sentinel}`)],
    ["as a variable's name", credentials(`edge: { version: 2c, community: { env: "${sentinel}!" } }`)],
    ["as a path", credentials(`edge: { version: 2c, community: { file: ${sentinel} } }`)],
    ["as a credential", credentials(`edge: { version: 2c, community: { credential: "${sentinel}/" } }`)],
    ["in a map", credentials(`edge: { version: 2c, community: { env: { ${sentinel}: ${sentinel} } } }`)],
    ["as the name of credentials", credentials(`"${sentinel}!": { version: 2c }`)],
    ["as a name without value", credentials(`${sentinel}:`)],
    ["as a valid name without value", credentials(`${sentinel.toLowerCase()}:`)],
    ["for all credentials", edited([`\n    ${edge}`, ` ${sentinel}`])],
    ["at the router", edited(["192.0.2.11, credentials: edge", `192.0.2.11, credentials: ${sentinel}`])],
    ["in a broken line", credentials(`edge: { version: 2c, community: "${sentinel} }`)],
    ["in a line with two colons", credentials(`edge: x: ${sentinel}: y`)],
    ["as an alias", credentials(`edge: { version: 2c, community: *${sentinel} }`)],
    ["as a tag", credentials(`edge: { version: 2c, community: !${sentinel} x }`)],
    ["as an escape", credentials(`edge: { version: 2c, community: "\\q${sentinel}" }`)],
    ["behind a bracket", credentials(`edge: { version: 2c, community: ]${sentinel} }`)],
    ["behind a percent sign", credentials(`edge: { version: 2c, community: %${sentinel} }`)],
  ])("is not repeated: %s", (_, text) => {
    const lines = errorsOf(text);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join("\n").toLowerCase()).not.toContain(sentinel.toLowerCase());
    expect(lines.join("\n")).not.toContain("8675309");
  });

  it("does not come out of a file that holds too much", () => {
    const text = edited([reference, "{ file: /etc/two }"]);
    const lines = errorsOf(text, { ...sources, readFile: holding({ "/etc/two": `${sentinel}\n${sentinel}` }) });
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain(sentinel);
  });
});

describe("the Estate", () => {
  it("holds secrets that do not print", () => {
    const estate = estateOf(estateYaml, { ...sources, readFile: () => err("is not read") });
    const shown = [
      inspect(estate, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
      JSON.stringify([...estate.routers], null, 2),
      [...estate.routers.values()]
        .map((router) => `${"community" in router.credentials && router.credentials.community}`)
        .join(),
    ];
    for (const text of shown) {
      expect(text).toContain("[secret]");
      expect(text).not.toContain(community);
    }
  });
});
