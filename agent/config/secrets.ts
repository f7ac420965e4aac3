// Where secrets come from. The file names them only; what is wrong with one is said by its reference.

import { join } from "node:path";
import { err, ok, type Result } from "../lib/result.ts";
import { Secret } from "../lib/secret.ts";
import type { Finding, KeyPath } from "./error.ts";
import type { Wrong } from "./keys.ts";

/** The places that hold secrets, given to the parser so that it touches nothing itself. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The content, or why it cannot be read in words that follow the path ("does not exist"). */
  readonly readFile: (path: string) => Result<string, string>;
  /** $CREDENTIALS_DIRECTORY of a systemd unit; undefined outside of one. */
  readonly credentialsDirectory: string | undefined;
}

export interface SecretReference {
  readonly env?: string | undefined;
  readonly file?: string | undefined;
  readonly credential?: string | undefined;
}

/** The secret of a key of the configuration; what is wrong with it is added to the findings. */
export function secretAt(
  path: KeyPath,
  reference: SecretReference | undefined,
  sources: SecretSources,
  findings: Finding[],
): Secret | undefined {
  if (reference === undefined) return undefined;
  const resolved = resolveSecret(reference, sources);
  if (resolved.ok) return resolved.value;
  findings.push({ path, at: "value", ...resolved.error });
  return undefined;
}

function resolveSecret(reference: SecretReference, sources: SecretSources): Result<Secret, Wrong> {
  const given = Object.entries(reference).filter(([, name]) => name !== undefined);
  const [first] = given;
  if (given.length !== 1 || first === undefined) {
    return err({
      problem: given.length === 0 ? "names no place of the secret" : `names ${given.length} places of one secret`,
      fix: "write exactly one of { env: NAME }, { file: /path } and { credential: name }",
    });
  }
  const [kind, name] = first as [string, string];
  if (kind === "env") return fromEnvironment(name, sources);
  if (kind === "file") return fromFile(name, sources);
  return fromCredential(name, sources);
}

function fromEnvironment(name: string, { env }: SecretSources): Result<Secret, Wrong> {
  // A text that cannot be a variable's name may be the secret itself: it is not repeated.
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return err({
      problem: "env is not the name of a variable",
      fix: "write the name of an environment variable, such as { env: SNMP_COMMUNITY }, and the secret into that variable",
    });
  }
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value === undefined) {
    return err({
      problem: `environment variable ${name} is not set`,
      fix: `set ${name} for the user that runs this (systemd: EnvironmentFile=)`,
    });
  }
  return usable(value, `environment variable ${name}`);
}

function fromFile(path: string, { readFile }: SecretSources): Result<Secret, Wrong> {
  if (!path.startsWith("/")) {
    return err({
      problem: "file is not an absolute path",
      fix: "write a path that begins with /, and the secret into that file",
    });
  }
  const read = readFile(path);
  if (!read.ok)
    return err({
      problem: `file ${path} ${read.error}`,
      fix: "write the secret there, readable for the user that runs this",
    });
  return usable(read.value.replace(/[\r\n]+$/, ""), `file ${path}`);
}

function fromCredential(name: string, { credentialsDirectory, readFile }: SecretSources): Result<Secret, Wrong> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)) {
    return err({
      problem: "credential is not the name of a systemd credential",
      fix: "write its name alone, such as { credential: snmp-community }",
    });
  }
  if (credentialsDirectory === undefined) {
    return err({
      problem: `credential ${name} cannot be read: CREDENTIALS_DIRECTORY is not set`,
      fix: `start it from a systemd unit with LoadCredential=${name}:/path, or use { env: NAME } or { file: /path }`,
    });
  }
  const path = join(credentialsDirectory, name);
  const read = readFile(path);
  if (!read.ok)
    return err({
      problem: `credential ${name} cannot be read: ${path} ${read.error}`,
      fix: `add LoadCredential=${name}:/path to the systemd unit`,
    });
  return usable(read.value.replace(/[\r\n]+$/, ""), `credential ${name}`);
}

function usable(value: string, from: string): Result<Secret, Wrong> {
  if (value === "") return err({ problem: `${from} is empty`, fix: "put the secret into it" });
  if (/[\r\n\0]/.test(value))
    return err({ problem: `${from} holds more than one line`, fix: "put the secret alone into it" });
  return ok(new Secret(value));
}
