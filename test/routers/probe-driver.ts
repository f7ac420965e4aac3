// The prober as a program, for a network namespace: what it observes and logs, as lines of JSON on standard output, until
// standard input ends. With `reflect` it is a Session-Reflector instead.

import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { systemClock } from "../../agent/lib/clock.ts";
import type { Logger } from "../../agent/lib/log.ts";
import type { ProbeStream } from "../../agent/probe/messages.ts";
import { createProbing } from "../../agent/probe/probing.ts";
import { ntpTimestamp, reflect } from "../../agent/wire/stamp.ts";

/** `busyMs`: the main thread works this long at a stretch, with as long a pause. */
export type DriverOrder =
  | { readonly kind: "probe"; readonly streams: readonly ProbeStream[]; readonly busyMs: number }
  | { readonly kind: "reflect"; readonly address: string; readonly port: number };

const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);

function probe(streams: readonly ProbeStream[], busyMs: number): void {
  const logging = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) =>
    say({ kind: "log", level, fields, message });
  const log: Logger = { info: logging("info"), warn: logging("warn"), error: logging("error") };
  const probing = createProbing({ clock: systemClock, log, observe: say }, streams);
  probing.start();
  const busy = setInterval(() => {
    const until = performance.now() + busyMs;
    while (performance.now() < until) JSON.stringify(streams);
  }, busyMs * 2);
  if (busyMs === 0) clearInterval(busy);
  process.stdin.on("end", async () => {
    clearInterval(busy);
    await probing.stop();
    const { user, system } = process.cpuUsage();
    const end = { dropped: probing.dropped(), restarts: probing.restarts(), skipped: probing.skipped() };
    say({ kind: "end", ...end, cpuSeconds: (user + system) / 1e6 });
  });
}

function reflector(address: string, port: number): void {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  socket.on("message", (request, from) => {
    const [s, ns] = process.hrtime();
    const now = ntpTimestamp(s, ns);
    const answer = reflect(request, { receiveTimestamp: now, timestamp: now });
    if (answer.ok) socket.send(answer.value, from.port, from.address);
  });
  socket.bind(port, address, () => say({ kind: "ready" }));
  process.stdin.on("end", () => socket.close());
}

const order = JSON.parse(process.argv[2] ?? "") as DriverOrder;
if (order.kind === "probe") probe(order.streams, order.busyMs);
else reflector(order.address, order.port);
process.stdin.resume();
