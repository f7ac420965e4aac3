// Reads a configuration file and its secrets from the host, for every command that takes one.

import { readFileSync } from "node:fs";
import { type ConfigError, formatConfigError } from "../config/error.ts";
import { parseConfig } from "../config/load.ts";
import type { SecretSources } from "../config/secrets.ts";
import type { Estate } from "../estate/estate.ts";
import { err, ok, type Result } from "../lib/result.ts";

/** What of the host a configuration is read with. */
export interface HostFiles {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The bytes, or why there are none in words that follow the path ("does not exist"). */
  readonly readFile: (path: string) => Result<Uint8Array, string>;
}

/** Files beyond this are not read: neither a configuration nor a secret is that large. */
const maximumBytes = 16_000_000;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist: a part of its path is not a directory",
  EACCES: "may not be read by this user",
  EPERM: "may not be read by this user",
  EISDIR: "is a directory, not a file",
  ELOOP: "is a symbolic link that leads back to itself",
  ENAMETOOLONG: "has too long a name",
};

export function readHostFile(path: string): Result<Uint8Array, string> {
  try {
    return ok(readFileSync(path));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "an unknown error";
    return err(reasons[code] ?? `cannot be read (${code})`);
  }
}

export function hostFiles(): HostFiles {
  return { env: process.env, readFile: readHostFile };
}

/** The places of secrets on this host. */
function secretSources({ env, readFile }: HostFiles): SecretSources {
  return {
    env,
    readFile: (path) => {
      const read = readFile(path);
      if (!read.ok) return read;
      const text = decode(read.value);
      return text === undefined ? err("is not UTF-8 text") : ok(text);
    },
    credentialsDirectory: env.CREDENTIALS_DIRECTORY,
  };
}

/** The Estate of a file, or lines for standard error that say everything that is wrong. */
export function loadConfig(file: string, host: HostFiles): Result<Estate, readonly string[]> {
  const read = host.readFile(file);
  if (!read.ok) return err([`${file}: ${read.error}`]);
  if (read.value.length > maximumBytes) {
    return err([`${file}: has ${(read.value.length / 1e6).toFixed(1)} MB; is this the right file?`]);
  }
  // Bytes that are not UTF-8 become U+FFFD, which the parser reports with its place.
  const parsed = parseConfig(new TextDecoder().decode(read.value), file, secretSources(host));
  return parsed.ok ? parsed : err(parsed.error.map((error: ConfigError) => formatConfigError(error)));
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
