import { pino } from "pino";

/** Structured log lines on standard error; standard output belongs to the commands. */
export interface Logger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Lines that could not be written wait for the next one up to here, in octets, as when a disk is full; more are not kept. */
const mostWaiting = 1 << 20;

/** From here on what cannot be written does not end the process: a disk is full, or nobody reads, and it watches all the same. */
export function createLogger(level: LogLevel): Logger {
  const goOn = () => undefined;
  // Not the other of Node's own streams, which would not wait for its reader any more, and could be written only in part.
  process.stdout.on("error", goOn);
  const destination = pino.destination({ dest: 2, sync: true, maxLength: mostWaiting });
  destination.on("error", goOn);
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}
