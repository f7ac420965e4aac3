import { namesUnder, present, type Rule } from "./rule.ts";

const onlyInV3 = ["user", "auth", "privacy", "context"] as const;

export const credentialsFitTheirVersion: Rule = ({ draft, given, report }) => {
  for (const [name, { version }] of present(draft.snmp?.credentials)) {
    const path = ["snmp", "credentials", name];
    const written = namesUnder(given, path);
    if (version === undefined || written === undefined) continue;
    if (version === 3) {
      if (!written.includes("user")) {
        report(
          [...path, "user"],
          "is missing: with version 3 a user asks",
          'add for example "user: circuitwatch"',
          "key",
        );
      }
      if (written.includes("community")) {
        const fix = "remove it, or set version: 2c";
        report([...path, "community"], "with version 3 there is no community", fix, "key");
      }
      if (written.includes("privacy") && !written.includes("auth")) {
        const fix = "add auth, or remove privacy";
        report([...path, "privacy"], "there is no privacy without authentication (RFC 3411 section 3.4.3)", fix, "key");
      }
      continue;
    }
    if (!written.includes("community")) {
      const fix = 'add for example "community: { env: SNMP_COMMUNITY }"';
      report([...path, "community"], `is missing: with version ${version} the community asks`, fix, "key");
    }
    for (const key of onlyInV3) {
      if (!written.includes(key)) continue;
      report([...path, key], `with version ${version} there is no ${key}`, "remove it, or set version: 3", "key");
    }
  }
};
