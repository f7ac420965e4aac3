// The configuration file to the Estate, or everything that is wrong with it at once.

import type { Estate, SnmpCredentials } from "../estate/estate.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { buildEstate } from "./build.ts";
import { type Located, readDocument, type SourceDocument } from "./document.ts";
import type { ConfigError, Finding, KeyPath } from "./error.ts";
import { findingsOf, shownKey } from "./issues.ts";
import { prune } from "./prune.ts";
import type { RuleContext } from "./rules/rule.ts";
import { rules } from "./rules/rules.ts";
import { type ConfigurationInput, configurationSchema, type Draft } from "./schema.ts";
import { resolveSecret, type SecretSources } from "./secrets.ts";

/** `file` is only named in errors; `text` is its content. Reads secrets through `secrets`, and nothing else. */
export function parseConfig(
  text: string,
  file: string,
  secrets: SecretSources,
): Result<Estate, readonly ConfigError[]> {
  const document = readDocument(text);
  if (!document.ok) return err(document.error.map((error) => ({ file, ...error })));

  const { data } = document.value;
  const parsed = configurationSchema.safeParse(data);
  const findings: Finding[] = [...document.value.findings];
  if (!parsed.success) findings.push(...findingsOf(parsed.error.issues, configurationSchema, data));

  // The rules see what is left when everything wrong is taken out, so that one mistake hides no other.
  const draft = prune(data, findings) as Draft<ConfigurationInput>;
  const credentials = credentialsOf(draft, secrets, findings);
  const context: RuleContext = {
    draft,
    given: data,
    report: (path, problem, fix, at = "value") => findings.push({ path, at, problem, fix }),
  };
  for (const rule of rules) rule(context);

  if (findings.length > 0 || !parsed.success) return err(placed(findings, document.value, file));
  return ok(buildEstate(parsed.data, credentials));
}

function credentialsOf(
  draft: Draft<ConfigurationInput>,
  sources: SecretSources,
  findings: Finding[],
): ReadonlyMap<string, SnmpCredentials> {
  const credentials = new Map<string, SnmpCredentials>();
  for (const [name, entry] of Object.entries(draft.snmp?.credentials ?? {})) {
    if (entry?.community === undefined) continue;
    const resolved = resolveSecret(entry.community, sources);
    if (resolved.ok) credentials.set(name, { version: "2c", community: resolved.value });
    else findings.push({ path: ["snmp", "credentials", name, "community"], at: "value", ...resolved.error });
  }
  return credentials;
}

/** In the order of the file. */
function placed(findings: readonly Finding[], document: SourceDocument, file: string): readonly ConfigError[] {
  return findings
    .map((finding) => ({ finding, offset: finding.offset ?? offsetOf(document.root, finding.path, finding.at) }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ finding: { path, problem, fix }, offset }) => ({
      file,
      ...document.position(offset),
      key: shownKey(path, configurationSchema),
      problem,
      fix,
    }));
}

/** Where a path stands; of a key that is missing, the nearest key above it. */
function offsetOf(root: Located, path: KeyPath, at: "key" | "value"): number {
  let located = root;
  for (const part of path) {
    const child = located.children.get(part);
    if (child === undefined) return located.key ?? located.value;
    located = child;
  }
  return at === "key" ? (located.key ?? located.value) : located.value;
}
