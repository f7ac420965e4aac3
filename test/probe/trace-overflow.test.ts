// A trace socket whose receive buffer is really full, on loopback: what the kernel dropped there says nothing of the path.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { SubjectKey } from "../../agent/estate/observation.ts";
import type { TracingObservation } from "../../agent/estate/tracing.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { parseEndpoint } from "../../agent/net/endpoint.ts";
import { openTraceSockets } from "../../agent/net/trace-open.ts";
import type { TraceSockets } from "../../agent/net/trace-sockets.ts";
import { createTracer, type TraceOrder } from "../../agent/probe/tracer.ts";
import { ntpTimestamp, reflect } from "../../agent/wire/stamp.ts";

const ends: (() => unknown)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const quiet: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** Octets of an IP and a UDP header. */
const headers = 28;

async function udp(): Promise<Socket> {
  const socket = createSocket("udp4");
  ends.push(() => socket.close());
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

async function traceSockets(): Promise<TraceSockets> {
  const opened = await openTraceSockets(() => 4_711);
  if (!opened.ok) throw new Error(opened.error);
  ends.push(opened.value.close);
  return opened.value;
}

const flooding = 6_000;
/**
 * More than a receive buffer takes, each datagram taken or dropped when its call returns. After those of an octet
 * nothing else finds room in what is left.
 */
function flood(by: Socket, port: number, octets = 1): Promise<unknown> {
  const one = () => new Promise<void>((done) => by.send(Buffer.alloc(octets), port, "127.0.0.1", () => done()));
  return Promise.all(Array.from({ length: flooding }, one));
}

type Deed = "answer" | "answerIntoFullBuffer" | "drop";

/** Traces a Session-Reflector on loopback that does `deed` with request number `n`, from 0, of `size` octets. */
async function traced(order: Omit<TraceOrder, "target">, deed: (n: number, size: number) => Deed) {
  const reflector = await udp();
  const junk = await udp();
  const under: Promise<unknown>[] = [];
  let came = 0;
  reflector.on("message", (request, { port }) => {
    const t = ntpTimestamp(100, 0);
    const answer = reflect(request, { receiveTimestamp: t, timestamp: t });
    if (!answer.ok) throw new Error(answer.error.kind);
    const send = () => new Promise<void>((done) => reflector.send(answer.value, port, "127.0.0.1", () => done()));
    const what = deed(came++, request.byteLength + headers);
    if (what === "answer") under.push(send());
    else if (what === "answerIntoFullBuffer") under.push(flood(junk, port).then(send));
  });

  const observed: TracingObservation[] = [];
  let drawn = 1;
  const tracer = createTracer(
    {
      sockets: await traceSockets(),
      random: () => Math.imul(drawn++, 0x9e3779b1) >>> 0,
      log: quiet,
      observe: (o) => observed.push(o),
    },
    [
      {
        ...{ of: "path" as SubjectKey, technique: "udp", address: "127.0.0.1", port: reflector.address().port },
        ...{ source: undefined, interface: undefined, dscp: 0, mtu: 1_500 },
      },
    ],
    1_000,
  );
  tracer.order([{ ...order, target: 0 } as TraceOrder]);
  while (!tracer.idle()) {
    tracer.turn();
    // Nothing is read before all is done with what was sent.
    while (came < tracer.packets()) await sleep(1);
    await Promise.all(under.splice(0));
    await sleep(5);
  }
  return { observed, dropped: tracer.dropped() };
}

describe.skipIf(process.platform !== "linux")("a full receive buffer", () => {
  it("makes no black hole of large packets whose answers it dropped", { timeout: 60_000 }, async () => {
    const { observed, dropped } = await traced({ kind: "mtu" }, (_, size) =>
      size > 1_400 ? "answerIntoFullBuffer" : "answer",
    );
    expect(observed).toMatchObject([{ kind: "mtu", result: "unheard", mtu: undefined }]);
    expect(dropped.overflow).toBeGreaterThan(0);
  });

  it("does not keep a search from its end when it is full for a while", { timeout: 60_000 }, async () => {
    const { observed } = await traced({ kind: "mtu" }, (n) => (n > 0 && n < 8 ? "answerIntoFullBuffer" : "answer"));
    expect(observed).toMatchObject([{ kind: "mtu", result: "whole", mtu: 1_500 }]);
  });

  it("makes no hop silent whose answer it dropped", { timeout: 60_000 }, async () => {
    const trace = { kind: "trace", why: "scheduled" } as const;
    const [some, all, silent] = await Promise.all([
      traced(trace, (n) => (n < 9 ? "answerIntoFullBuffer" : "answer")),
      traced(trace, () => "answerIntoFullBuffer"),
      traced(trace, () => "drop"),
    ]);
    expect(some.observed).toMatchObject([{ end: "reached", hops: [{ ttl: 1, address: "127.0.0.1" }] }]);
    expect(all.observed).toMatchObject([{ end: "unheard", hops: [] }]);
    // Without a flood, what is not answered is silent.
    expect(silent.observed).toMatchObject([{ end: "silent", hops: [{ tries: 3 }, {}, {}, {}, {}] }]);
    expect(silent.dropped.overflow).toBe(0);
  });

  it("says when an ICMP error may have found no room, which the kernel does not count", async () => {
    const sockets = await traceSockets();
    const opened = sockets.open({
      ...{ technique: "udp", family: 4, source: undefined, interface: undefined, dscp: 0 },
    });
    if (!opened.ok) throw new Error(opened.error.message);
    const { identifier, send, receive, overflowed } = opened.value;
    let answers = 0;
    let errors = 0;
    const read = () =>
      receive({ answer: () => answers++, error: () => errors++, malformed: () => expect.unreachable() });
    const nobody = parseEndpoint("127.0.0.1", 9);
    if (nobody === undefined) throw new Error("no endpoint");
    const asked = () => send(nobody, 64, () => 100);

    // So few fill it that all are read in a row; then there is no room for an error, either.
    const junk = await udp();
    await flood(junk, identifier, 1_000);
    await flood(junk, identifier);
    const lost = overflowed();
    expect(lost).toBeGreaterThan(0);
    expect(asked()).toBeUndefined();
    expect(overflowed()).toBe(0);
    expect(read()).toBe(false);
    while (!read());
    expect([answers, errors]).toEqual([2 * flooding - lost, 0]);

    expect(asked()).toBeUndefined();
    expect(read()).toBe(true);
    expect(errors).toBe(1);
  });
});
