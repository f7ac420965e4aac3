// `circuitwatch lab`: the agent, unchanged, over an estate that is simulated on loopback.

import { formatConfigError } from "../config/error.ts";
import { parseConfig } from "../config/load.ts";
import type { Estate } from "../estate/estate.ts";
import { err, type Result } from "../lib/result.ts";
import type { Io } from "./io.ts";
import { type Agent, serve } from "./serve.ts";

/** The simulated estate; its configuration is read like any other. */
export interface SimulatedEstate {
  start(): Promise<Result<{ readonly config: string; readonly env: Readonly<Record<string, string>> }, string>>;
  stop(): Promise<void>;
}

export interface LabDeps {
  readonly compose: (estate: Estate) => Agent;
  readonly stopped: Promise<void>;
  readonly io: Io;
}

/** The exit code. */
export async function lab(simulated: SimulatedEstate, { compose, stopped, io }: LabDeps): Promise<number> {
  const started = await simulated.start();
  if (!started.ok) {
    io.err(`circuitwatch: ${started.error}`);
    return 1;
  }
  const { config, env } = started.value;
  const noFiles = () => err("is not read by the simulated estate");
  const estate = parseConfig(config, "simulated estate", { env, readFile: noFiles, credentialsDirectory: undefined });
  if (!estate.ok) {
    for (const error of estate.error) io.err(formatConfigError(error));
    await simulated.stop();
    return 1;
  }
  const exitCode = await serve(compose(estate.value), "watches a SIMULATED estate: no real circuit", stopped, io);
  await simulated.stop();
  return exitCode;
}
