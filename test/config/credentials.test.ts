// Credentials of SNMPv3: what the Estate gets, and what is said of those that cannot work.

import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { authProtocols, privacyProtocols } from "../../agent/estate/estate.ts";
import { edited, errorsOf, estateOf, sources } from "./estate-yaml.ts";

const v2c = "edge: { version: 2c, community: { env: SNMP_COMMUNITY } }";
const ofCommunities = ["version: 1", "version: 2c"];
const sentinels = { AUTH: "sentinel-of-authentication", PRIVACY: "sentinel-of-privacy", SHORT: "s3ntinl" };
const secrets = { ...sources, env: { ...sources.env, ...sentinels } };
const withEdge = (written: string) => edited([v2c, `edge: { ${written} }`]);
const credentialsOf = (written: string) => estateOf(withEdge(written), secrets).routers.get("ams-ce1")?.credentials;

const auth = "auth: { protocol: sha256, password: { env: AUTH } }";
const privacy = "privacy: { protocol: aes128, password: { env: PRIVACY } }";

describe("credentials of SNMPv1 and v2c", () => {
  it.each(ofCommunities)("are a community: %s", (version) => {
    const credentials = credentialsOf(`${version}, community: { env: AUTH }`);
    if (credentials === undefined || credentials.version === 3) throw new Error("no community");
    expect(`version: ${credentials.version}`).toBe(version);
    expect(credentials.community.reveal()).toBe(sentinels.AUTH);
  });

  it.each([
    [
      "no community",
      "version: 1",
      'snmp.credentials.edge.community: is missing: with version 1 the community asks; add for example "community: { env: SNMP_COMMUNITY }"',
    ],
    [
      "a user",
      "version: 1, community: { env: SNMP_COMMUNITY }, user: nms",
      "snmp.credentials.edge.user: with version 1 there is no user; remove it, or set version: 3",
    ],
    [
      "a version in quotes",
      'version: "1", community: { env: SNMP_COMMUNITY }',
      "snmp.credentials.edge.version: is a text, not an SNMP version; write it without quotes: 1",
    ],
    [
      "version 2",
      "version: 2, community: { env: SNMP_COMMUNITY }",
      "snmp.credentials.edge.version: is a number, not an SNMP version; use 1, 2c or 3",
    ],
    [
      "a version as people say it",
      "version: v1, community: { env: SNMP_COMMUNITY }",
      "snmp.credentials.edge.version: is a text, not an SNMP version; use 1, 2c or 3",
    ],
  ])("are refused with %s", (_, written, expected) => {
    const lines = errorsOf(withEdge(written), secrets);
    expect(lines.map((line) => line.replace(/^estate\.yaml:4:\d+: /, ""))).toEqual([expected]);
  });
});

describe("SNMPv3 credentials", () => {
  it("are of the level that their keys give", () => {
    expect(credentialsOf("version: 3, user: nms")).toEqual({
      version: 3,
      user: "nms",
      auth: undefined,
      privacy: undefined,
      context: "",
    });
    const full = credentialsOf(`version: 3, user: nms, ${auth}, ${privacy}, context: vrf-a`);
    if (full?.version !== 3) throw new Error("not of version 3");
    expect(full.context).toBe("vrf-a");
    expect([full.auth?.protocol, full.auth?.password.reveal()]).toEqual(["sha256", sentinels.AUTH]);
    expect([full.privacy?.protocol, full.privacy?.password.reveal()]).toEqual(["aes128", sentinels.PRIVACY]);
  });

  it("know every protocol", () => {
    for (const one of authProtocols) {
      for (const other of privacyProtocols) {
        const written = `version: 3, user: nms, ${auth.replace("sha256", one)}, ${privacy.replace("aes128", other)}`;
        expect(credentialsOf(written)).toMatchObject({ auth: { protocol: one }, privacy: { protocol: other } });
      }
    }
  });

  it.each([
    [
      "another version",
      "version: 4, user: nms",
      "snmp.credentials.edge.version: is a number, not an SNMP version; use 1, 2c or 3",
    ],
    [
      "a version in quotes",
      'version: "3", user: nms',
      "snmp.credentials.edge.version: is a text, not an SNMP version; write it without quotes: 3",
    ],
    ["no version", "user: nms", 'snmp.credentials.edge.version: is missing; add "version:" with 1, 2c or 3'],
    [
      "no user",
      `version: 3, ${auth}`,
      'snmp.credentials.edge.user: is missing: with version 3 a user asks; add for example "user: circuitwatch"',
    ],
    [
      "no community",
      "version: 2c",
      'snmp.credentials.edge.community: is missing: with version 2c the community asks; add for example "community: { env: SNMP_COMMUNITY }"',
    ],
    [
      "a community with version 3",
      "version: 3, user: nms, community: { env: SNMP_COMMUNITY }",
      "snmp.credentials.edge.community: with version 3 there is no community; remove it, or set version: 2c",
    ],
    [
      "a user with version 2c",
      "version: 2c, community: { env: SNMP_COMMUNITY }, user: nms",
      "snmp.credentials.edge.user: with version 2c there is no user; remove it, or set version: 3",
    ],
    [
      "privacy without auth",
      `version: 3, user: nms, ${privacy}`,
      "snmp.credentials.edge.privacy: there is no privacy without authentication (RFC 3411 section 3.4.3); add auth, or remove privacy",
    ],
    [
      "an unknown protocol",
      `version: 3, user: nms, ${auth.replace("sha256", "sha3")}`,
      "snmp.credentials.edge.auth.protocol: is a text, not an authentication protocol; use md5, sha1, sha224, sha256, sha384 or sha512",
    ],
    [
      "a password that is too short",
      `version: 3, user: nms, ${auth.replace("AUTH", "SHORT")}`,
      "snmp.credentials.edge.auth.password: the password is shorter than 8 characters; give the user a longer one on the router, and put it where this says",
    ],
    [
      "a password in the file",
      `version: 3, user: nms, auth: { protocol: md5, password: ${sentinels.AUTH} }`,
      "snmp.credentials.edge.auth.password: a secret is not written into this file; write where it is: password: { env: NAME }, { file: /path } or { credential: name }",
    ],
    [
      "a password that is not there",
      `version: 3, user: nms, ${auth}, ${privacy.replace("PRIVACY", "NONE")}`,
      "snmp.credentials.edge.privacy.password: environment variable NONE is not set; set NONE for the user that runs this (systemd: EnvironmentFile=)",
    ],
    [
      "auth without protocol",
      "version: 3, user: nms, auth: { password: { env: AUTH } }",
      'snmp.credentials.edge.auth.protocol: is missing; add "protocol:" with md5, sha1, sha224, sha256, sha384 or sha512',
    ],
    [
      "a user that is too long",
      `version: 3, user: ${sentinels.AUTH}${sentinels.AUTH}`,
      "snmp.credentials.edge.user: has 52 octets; use at most 32",
    ],
    [
      "an empty user",
      'version: 3, user: ""',
      "snmp.credentials.edge.user: is empty; write for example circuitwatch, or remove the key",
    ],
    [
      "a context of two lines",
      'version: 3, user: nms, context: "a\\nb"',
      "snmp.credentials.edge.context: holds a control character; write it on one line",
    ],
  ])("are refused with %s", (_, written, expected) => {
    const lines = errorsOf(withEdge(written), secrets);
    // The place is that of the key named, or of its value; of a missing one, the credentials'.
    expect(lines.map((line) => line.replace(/^estate\.yaml:4:\d+: /, ""))).toEqual([expected]);
    for (const sentinel of Object.values(sentinels)) expect(lines.join("\n")).not.toContain(sentinel);
  });

  it("do not print", () => {
    const estate = estateOf(withEdge(`version: 3, user: nms, ${auth}, ${privacy}`), secrets);
    const shown = [
      inspect(estate, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
      JSON.stringify([...estate.routers], null, 2),
    ];
    for (const text of shown) {
      expect(text).toContain("[secret]");
      for (const sentinel of Object.values(sentinels)) expect(text).not.toContain(sentinel);
    }
  });
});
