// Credentials with their secrets read.

import type { SnmpCredentials } from "../estate/estate.ts";
import type { Secret } from "../lib/secret.ts";
import type { Finding, KeyPath } from "./error.ts";
import type { ConfigurationInput, Draft } from "./schema.ts";
import { type SecretReference, type SecretSources, secretAt } from "./secrets.ts";

/** RFC 3414 section 11.2: a shorter password is guessed, and many agents refuse it. */
const leastPassword = 8;

/** By their names; what cannot be read is added to the findings. */
export function credentialsOf(
  draft: Draft<ConfigurationInput>,
  sources: SecretSources,
  findings: Finding[],
): ReadonlyMap<string, SnmpCredentials> {
  const credentials = new Map<string, SnmpCredentials>();

  function passwordAt(path: KeyPath, reference: SecretReference | undefined): Secret | undefined {
    const password = secretAt(path, reference, sources, findings);
    if (password === undefined || password.reveal().length >= leastPassword) return password;
    const problem = `the password is shorter than ${leastPassword} characters`;
    const fix = "give the user a longer one on the router, and put it where this says";
    findings.push({ path, at: "value", problem, fix });
    return undefined;
  }

  for (const [name, entry] of Object.entries(draft.snmp?.credentials ?? {})) {
    const path = ["snmp", "credentials", name];
    const { version, user, auth, privacy, context = "" } = entry ?? {};
    const community = secretAt([...path, "community"], entry?.community, sources, findings);
    const authPassword = passwordAt([...path, "auth", "password"], auth?.password);
    const privacyPassword = passwordAt([...path, "privacy", "password"], privacy?.password);
    if ((version === 1 || version === "2c") && community !== undefined) credentials.set(name, { version, community });
    if (version !== 3 || user === undefined) continue;
    credentials.set(name, {
      version,
      user,
      auth: auth?.protocol && authPassword && { protocol: auth.protocol, password: authPassword },
      privacy: privacy?.protocol && privacyPassword && { protocol: privacy.protocol, password: privacyPassword },
      context,
    });
  }
  return credentials;
}
