// Tools that Debian packages. A missing one fails the test with the line that installs it: nothing is skipped.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const packages = {
  promtool: "prometheus",
  amtool: "prometheus-alertmanager",
  tshark: "tshark",
  "systemd-analyze": "systemd",
  "systemd-sysusers": "systemd",
} as const;

export interface Ran {
  readonly status: number | null;
  /** stdout, then stderr. */
  readonly output: string;
}

/** Milliseconds after which a tool hangs: promtool works for ten seconds, and much longer on a machine that is slow and busy. */
export const hangsAfter = 600_000;

/** Runs a tool to its end, in `cwd`. Throws when it is not installed. */
export function run(tool: keyof typeof packages, args: readonly string[], cwd: string): Ran {
  const found = (process.env.PATH ?? "").split(delimiter).some((dir) => existsSync(join(dir, tool)));
  if (!found) throw new Error(`${tool} is missing. Run: apt-get install --no-install-recommends ${packages[tool]}`);
  const { status, stdout, stderr } = spawnSync(tool, args, { cwd, encoding: "utf8", timeout: hangsAfter });
  return { status, output: `${stdout}${stderr}` };
}
