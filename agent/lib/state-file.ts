import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "./result.ts";

/** A small text that outlives the process. Errors are the system's codes. */
export interface StateFile {
  readonly path: string;
  /** Undefined when there is none yet. */
  read(): Result<string | undefined, string>;
  /** Whole or not at all, and on the disk when it returns. */
  write(text: string): Result<void, string>;
}

export function stateFile(directory: string, name: string): StateFile {
  const path = join(directory, name);
  return {
    path,
    read: () => attempt(() => readFileSync(path, "utf8"), "ENOENT"),
    write(text) {
      const written = attempt(() => {
        const file = openSync(`${path}.new`, "w", 0o600);
        try {
          writeSync(file, text);
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
        renameSync(`${path}.new`, path);
      });
      return written.ok ? ok(undefined) : written;
    },
  };
}

/** `expected`: the code of an error that is none. */
function attempt<T>(action: () => T, expected?: string): Result<T | undefined, string> {
  try {
    return ok(action());
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return code === expected ? ok(undefined) : err(code);
  }
}
