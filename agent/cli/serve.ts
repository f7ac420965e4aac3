// Runs one agent until it is told to stop: what `run` and `lab` have in common.

import type { ListenAddress } from "../estate/estate.ts";
import type { Result } from "../lib/result.ts";
import type { Io } from "./io.ts";

/** What `main.ts` builds: nothing happens before `start`. */
export interface Agent {
  /** The error is one line for people. */
  start(): Promise<Result<ListenAddress, string>>;
  stop(): Promise<void>;
}

/** Returns the exit code. `stopped` settles when somebody asked for the end (Ctrl-C, SIGTERM). */
export async function serve(agent: Agent, what: string, stopped: Promise<void>, io: Io): Promise<number> {
  const started = await agent.start();
  if (!started.ok) {
    await agent.stop();
    io.err(`circuitwatch: ${started.error}`);
    return 1;
  }
  const { host, port } = started.value;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  io.out(`circuitwatch ${what}`);
  io.out(`  status page  ${url}/`);
  io.out(`  metrics      ${url}/metrics`);
  io.out("  Ctrl-C stops it.");
  await stopped;
  await agent.stop();
  io.out("circuitwatch stopped.");
  return 0;
}
