import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Result } from "./result.ts";

/** A small text that outlives the process. Errors are the system's codes. */
export interface StateFile {
  readonly path: string;
  /** Undefined when there is none yet. */
  read(): Result<string | undefined, string>;
  /** Whole or not at all, and on the disk when it returns. */
  write(text: string): Result<void, string>;
  /** As `write`, and nobody waits for the disk meanwhile. One at a time. */
  save(text: string): Promise<Result<void, string>>;
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
          // Whole: a disk that is about to be full takes a part first, which would stand for a written file.
          writeFileSync(file, text);
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
        renameSync(`${path}.new`, path);
      });
      return written.ok ? ok(undefined) : written;
    },
    async save(text) {
      try {
        const file = await open(`${path}.new`, "w", 0o600);
        try {
          await file.writeFile(text);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(`${path}.new`, path);
        return ok(undefined);
      } catch (error) {
        return err(codeOf(error));
      }
    },
  };
}

/** `expected`: the code of an error that is none. */
function attempt<T>(action: () => T, expected?: string): Result<T | undefined, string> {
  try {
    return ok(action());
  } catch (error) {
    const code = codeOf(error);
    return code === expected ? ok(undefined) : err(code);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
