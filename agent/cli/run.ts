// `circuitwatch run --config FILE`: watches the estate of a configuration file.

import type { Estate } from "../estate/estate.ts";
import { summary } from "./check.ts";
import type { Io } from "./io.ts";
import { type HostFiles, loadConfig } from "./load.ts";
import { type Agent, serve } from "./serve.ts";

export interface RunDeps {
  readonly compose: (estate: Estate) => Agent;
  readonly stopped: Promise<void>;
  readonly host: HostFiles;
  readonly io: Io;
}

/** The exit code. */
export async function run(file: string, { compose, stopped, host, io }: RunDeps): Promise<number> {
  const estate = loadConfig(file, host);
  if (!estate.ok) {
    for (const line of estate.error) io.err(line);
    return 1;
  }
  return serve(compose(estate.value), `watches ${summary(estate.value)}, from ${file}`, stopped, io);
}
