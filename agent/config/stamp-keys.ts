// The keys of STAMP's authenticated mode, read.

import type { Secret } from "../lib/secret.ts";
import type { Finding, KeyPath } from "./error.ts";
import { probeLists } from "./rules/probes.ts";
import type { ConfigurationInput, Draft } from "./schema.ts";
import { type SecretReference, type SecretSources, secretAt } from "./secrets.ts";

/** RFC 2104 section 3: a key shorter than the output of the HMAC weakens it, and STAMP's has 128 bits. */
const leastKey = 16;

/** By what they are read from: `keyOf` finds them again. */
export type StampKeys = ReadonlyMap<string, Secret>;

const placeOf = ({ env, file, credential }: SecretReference) => JSON.stringify([env, file, credential]);

export function keyOf(keys: StampKeys, reference: SecretReference | undefined): Secret | undefined {
  return reference === undefined ? undefined : keys.get(placeOf(reference));
}

/** What cannot be read, or is too short, is added to the findings. */
export function stampKeysOf(draft: Draft<ConfigurationInput>, sources: SecretSources, findings: Finding[]): StampKeys {
  const keys = new Map<string, Secret>();

  function add(path: KeyPath, reference: SecretReference | undefined): void {
    const key = secretAt(path, reference, sources, findings);
    if (reference === undefined || key === undefined) return;
    if (Buffer.byteLength(key.reveal()) < leastKey) {
      const problem = `the key is shorter than ${leastKey} characters`;
      const fix = "put a longer one there, and at the other end: openssl rand -base64 24";
      findings.push({ path, at: "value", problem, fix });
    } else keys.set(placeOf(reference), key);
  }

  add(["reflector", "key"], draft.reflector?.key);
  for (const { path, probes } of probeLists(draft)) {
    for (const [i, { key }] of probes) add([...path, i, "key"], key);
  }
  return keys;
}
