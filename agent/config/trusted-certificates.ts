// The files of certificates that checks trust, read when the configuration is: what is wrong is said with its place.

import { X509Certificate } from "node:crypto";
import type { Finding } from "./error.ts";
import { quote } from "./error.ts";
import { checkLists } from "./rules/services.ts";
import type { ConfigurationInput, Draft } from "./schema.ts";
import type { SecretSources } from "./secrets.ts";

/** PEM by path. */
export type TrustedCertificates = ReadonlyMap<string, string>;

/** What cannot be read, or holds no certificate, is added to the findings. */
export function trustedCertificatesOf(
  draft: Draft<ConfigurationInput>,
  { readFile }: SecretSources,
  findings: Finding[],
): TrustedCertificates {
  const trusted = new Map<string, string>();
  for (const { path, checks } of checkLists(draft)) {
    for (const [i, { ca }] of checks) {
      if (ca === undefined || trusted.has(ca)) continue;
      const read = readFile(ca);
      const at = { path: [...path, i, "ca"], at: "value" } as const;
      if (!read.ok) findings.push({ ...at, problem: `the file ${quote(ca)} ${read.error}`, fix: "correct the path" });
      else if (!holdsCertificate(read.value)) {
        const fix = "write the path of a file with -----BEGIN CERTIFICATE----- in it";
        findings.push({ ...at, problem: `the file ${quote(ca)} holds no PEM certificate`, fix });
      } else trusted.set(ca, read.value);
    }
  }
  return trusted;
}

/** Node would take a text without any for an empty list of authorities, which trusts nobody. */
function holdsCertificate(text: string): boolean {
  const [first] = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/) ?? [];
  try {
    return first !== undefined && new X509Certificate(first).subject !== undefined;
  } catch {
    return false;
  }
}
