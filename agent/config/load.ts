// The configuration file to the Estate, or everything that is wrong with it at once.

import type { Estate } from "../estate/estate.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { buildEstate } from "./build.ts";
import { credentialsOf } from "./credentials.ts";
import { type Located, readDocument, type SourceDocument } from "./document.ts";
import type { ConfigError, Finding, KeyPath } from "./error.ts";
import { findingsOf, shownKey } from "./issues.ts";
import { proxiesOf } from "./proxies.ts";
import { prune } from "./prune.ts";
import type { RuleContext } from "./rules/rule.ts";
import { rules } from "./rules/rules.ts";
import { type ConfigurationInput, configurationSchema, type Draft } from "./schema.ts";
import type { SecretSources } from "./secrets.ts";
import { stampKeysOf } from "./stamp-keys.ts";
import { tracingOf } from "./tracing-build.ts";
import { trustedCertificatesOf } from "./trusted-certificates.ts";

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
  const ofText = document.value.findings;
  const ofSchema = parsed.success ? [] : findingsOf(parsed.error.issues, configurationSchema, data);
  const findings = [...ofText, ...ofSchema.filter((finding) => !ofText.some((known) => isSame(known, finding)))];

  // The rules see what is left when every wrong value is taken out, so that one mistake hides no other.
  const draft = prune(data, ofSchema) as Draft<ConfigurationInput>;
  const credentials = credentialsOf(draft, secrets, findings);
  const stampKeys = stampKeysOf(draft, secrets, findings);
  const trusted = trustedCertificatesOf(draft, secrets, findings);
  const proxies = proxiesOf(draft, secrets, findings);
  const context: RuleContext = {
    draft,
    given: data,
    report: (path, problem, fix, at = "value") => findings.push({ path, at, problem, fix }),
  };
  for (const rule of rules) rule(context);

  if (findings.length > 0 || !parsed.success) return err(placed(findings, document.value, file));
  const estate = buildEstate(parsed.data, credentials, stampKeys, { trusted, proxies });
  return ok({ ...estate, tracing: tracingOf(parsed.data, estate) });
}

/** The value that could not be read from the text is no news to the schema. */
function isSame(a: Finding, b: Finding): boolean {
  return a.at === "value" && a.path.length === b.path.length && a.path.every((part, i) => part === b.path[i]);
}

/** In the order of the file. */
function placed(findings: readonly Finding[], document: SourceDocument, file: string): readonly ConfigError[] {
  return findings
    .map((finding) => ({ finding, offset: finding.offset ?? offsetOf(document.root, finding.path, finding.at) }))
    .sort((a, b) => a.offset - b.offset || (a.finding.problem < b.finding.problem ? -1 : 1))
    .filter(({ finding, offset }, i, all) => {
      // Two rules may find the same; sorted by place, they stand side by side.
      const before = all[i - 1];
      return before?.offset !== offset || before.finding.problem !== finding.problem;
    })
    .map(({ finding: { path, problem, fix }, offset }) => ({
      file,
      ...document.position(offset),
      key: shownKey(path, configurationSchema, document.data),
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
