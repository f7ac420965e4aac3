// What Linux counts of its interfaces, of UDP and of the CPU, as text in /proc.

import { err, ok, type Result } from "../../lib/result.ts";
import { columnsOf, countOf, linesOf, type ProcFault } from "./lines.ts";

/** Of one line of /proc/net/dev; `drops` includes what found no room in a ring (fifo). */
export interface DeviceCounters {
  readonly receiveBytes: number;
  readonly receiveErrors: number;
  readonly receiveDrops: number;
  readonly transmitBytes: number;
  readonly transmitErrors: number;
  readonly transmitDrops: number;
}

/** /proc/net/dev: the interfaces of this network namespace, by name. */
export function readDevices(octets: Uint8Array): Result<ReadonlyMap<string, DeviceCounters>, ProcFault> {
  const { lines } = linesOf(octets);
  if (lines[0]?.startsWith("Inter-|") !== true || lines[1]?.trimStart().startsWith("face |") !== true) {
    return err({ kind: "form", line: 0 });
  }
  const devices = new Map<string, DeviceCounters>();
  for (const [line, text] of lines.entries()) {
    if (line < 2 || text.trim() === "") continue;
    // A name may hold a colon (an alias), and the first count may follow without a space.
    const [, name, rest = ""] = /^ *([\x21-\x7e]{1,15}):(?= |\d)(.*)$/.exec(text) ?? [];
    const counts = (columnsOf(rest) ?? []).map(countOf);
    const [receiveBytes, , errors, drop, fifo, , , , transmitBytes, , txErrors, txDrop, txFifo] = counts;
    if (
      name === undefined ||
      receiveBytes === undefined ||
      errors === undefined ||
      drop === undefined ||
      fifo === undefined ||
      transmitBytes === undefined ||
      txErrors === undefined ||
      txDrop === undefined ||
      txFifo === undefined
    ) {
      return err({ kind: "field", line });
    }
    devices.set(name, {
      receiveBytes,
      receiveErrors: errors,
      receiveDrops: drop + fifo,
      transmitBytes,
      transmitErrors: txErrors,
      transmitDrops: txDrop + txFifo,
    });
  }
  return ok(devices);
}

/** RcvbufErrors of UDP over IPv4 in /proc/net/snmp: datagrams that found the receive buffer of their socket full. */
export function readUdpBufferErrors(octets: Uint8Array): Result<number, ProcFault> {
  const { lines } = linesOf(octets);
  const heading = lines.findIndex((text) => text.startsWith("Udp: ") && text.includes("RcvbufErrors"));
  if (heading < 0) return err({ kind: "form", line: 0 });
  const place = columnsOf(lines[heading] ?? "")?.indexOf("RcvbufErrors") ?? -1;
  const values = lines[heading + 1];
  const count = values?.startsWith("Udp: ") ? countOf(columnsOf(values)?.[place]) : undefined;
  return count === undefined ? err({ kind: "field", line: heading + 1 }) : ok(count);
}

/** Udp6RcvbufErrors in /proc/net/snmp6: the same over IPv6. */
export function readUdp6BufferErrors(octets: Uint8Array): Result<number, ProcFault> {
  const { lines } = linesOf(octets);
  const line = lines.findIndex((text) => /^Udp6RcvbufErrors[ \t]/.test(text));
  if (line < 0) return err({ kind: "form", line: 0 });
  const count = countOf(columnsOf(lines[line] ?? "")?.[1]);
  return count === undefined ? err({ kind: "field", line }) : ok(count);
}

/**
 * The second number of /proc/PID/schedstat: seconds that the thread was ready to run and waited for a CPU
 * (sched-stats of the kernel's documentation).
 */
export function readRunDelay(octets: Uint8Array): Result<number, ProcFault> {
  const [text = ""] = linesOf(octets).lines;
  const columns = columnsOf(text);
  if (columns?.length !== 3) return err({ kind: "form", line: 0 });
  const [ran, waited, slices] = columns.map(countOf);
  if (ran === undefined || waited === undefined || slices === undefined) return err({ kind: "field", line: 0 });
  return ok(waited / 1e9);
}

/** `some avg10` of /proc/pressure/cpu (PSI): the share of the last ten seconds in which something waited for a CPU, 0 to 1. */
export function readPressure(octets: Uint8Array): Result<number, ProcFault> {
  const { lines } = linesOf(octets);
  const line = lines.findIndex((text) => text.startsWith("some "));
  if (line < 0) return err({ kind: "form", line: 0 });
  const [, percent] = /^some avg10=(\d{1,3}(?:\.\d{1,4})?) /.exec(lines[line] ?? "") ?? [];
  if (percent === undefined || Number(percent) > 100) return err({ kind: "field", line });
  return ok(Number(percent) / 100);
}
