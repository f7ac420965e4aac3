// The tracer as a program, for a network namespace: what it observes and logs, as lines of JSON on standard output, until
// standard input ends. A line of standard input names a subject that has become degraded.

import { createInterface } from "node:readline";
import type { SubjectKey } from "../../agent/estate/observation.ts";
import type { Tracing } from "../../agent/estate/tracing.ts";
import { systemClock } from "../../agent/lib/clock.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { createTracing } from "../../agent/probe/tracing.ts";

const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
const logging = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) =>
  say({ kind: "log", level, fields, message });
const log: Logger = { info: logging("info"), warn: logging("warn"), error: logging("error") };

const tracing = createTracing({ clock: systemClock, log, observe: say }, JSON.parse(process.argv[2] ?? "") as Tracing);
tracing.start();
createInterface({ input: process.stdin })
  .on("line", (of) => tracing.degraded(of as SubjectKey))
  .on("close", async () => {
    await tracing.stop();
    say({ kind: "end", packets: tracing.packets(), dropped: tracing.dropped() });
  });
