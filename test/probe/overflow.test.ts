// A receive buffer that is really full, on loopback: what the kernel dropped is no loss of the path.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { ProbeTarget } from "../../agent/estate/estate.ts";
import { subject } from "../../agent/estate/observation.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { openProbeSockets } from "../../agent/net/probe-open.ts";
import { createEngine } from "../../agent/probe/engine.ts";
import type { FromWorker } from "../../agent/probe/messages.ts";
import { createOverflow } from "../../agent/probe/overflow.ts";
import { ntpTimestamp, reflect } from "../../agent/wire/stamp.ts";

const of = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });
const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

async function udp(): Promise<Socket> {
  const socket = createSocket("udp4");
  open.push(socket);
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

/** A Session-Reflector that answers when it is let, and junk as much as one likes. */
async function farEnd() {
  const reflector = await udp();
  const junk = await udp();
  const held: (() => Promise<void>)[] = [];
  const far = { port: reflector.address().port, proberPort: 0, answers: true };
  const own = { receiveTimestamp: ntpTimestamp(100, 0), timestamp: ntpTimestamp(100, 0) };
  reflector.on("message", (request, from) => {
    far.proberPort = from.port;
    const answer = reflect(request, own);
    if (!answer.ok) throw new Error(answer.error.kind);
    const send = () => new Promise<void>((done) => reflector.send(answer.value, from.port, from.address, () => done()));
    if (far.answers) void send();
    else held.push(send);
  });
  return {
    far,
    held,
    /** 40 MB are more than any buffer; each is taken or dropped when its call returns. */
    flood: () =>
      Promise.all(
        Array.from(
          { length: 40_000 },
          () => new Promise<void>((done) => junk.send(Buffer.alloc(1_000), far.proberPort, "127.0.0.1", () => done())),
        ),
      ),
  };
}

describe.skipIf(process.platform !== "linux")("a full receive buffer", () => {
  it("makes a probe unheard whose answer it dropped, and only such a one", { timeout: 60_000 }, async () => {
    const { far, held, flood } = await farEnd();
    let drawn = 1;
    const random = () => Math.imul(drawn++, 0x9e3779b1) >>> 0;
    const { sockets } = await openProbeSockets(random);
    const target: ProbeTarget = {
      ...{ technique: "stamp" as const, address: "127.0.0.1", port: far.port, source: undefined },
      ...{ interval: milliseconds(200), timeout: milliseconds(400) },
    };
    const seen: FromWorker[] = [];
    const engine = createEngine({ sockets, random, emit: (m) => seen.push(m) }, [{ of, index: 0, target }]);
    await engine.open();
    const turns = async (ms: number) => {
      for (const until = performance.now() + ms; performance.now() < until; await sleep(5)) await engine.turn();
    };
    const sum = (key: "received" | "lost" | "unheard") =>
      seen
        .flatMap((m) => (m.kind === "batch" ? m.observations : []))
        .reduce((n, observation) => n + (observation[key] ?? 0), 0);
    const overflow = () => seen.reduce((n, m) => n + (m.kind === "batch" ? m.dropped.overflow : 0), 0);

    await turns(600);
    expect(sum("received")).toBeGreaterThan(0);
    far.answers = false;
    for (let tries = 0; held.length === 0 && tries < 100; tries++) await turns(50);
    expect(held.length).toBeGreaterThan(0);
    await flood();
    // Sent, and dropped, before anything is read.
    await Promise.all(held.splice(0).map((answer) => answer()));
    far.answers = true;
    await turns(1_500);
    expect(overflow()).toBeGreaterThan(0);
    expect(sum("unheard")).toBeGreaterThan(0);
    expect(sum("lost")).toBe(0);

    // Without a flood, what is not answered is lost.
    const unheard = sum("unheard");
    far.answers = false;
    await turns(1_500);
    expect(sum("lost")).toBeGreaterThan(1);
    expect(sum("unheard")).toBe(unheard);
    engine.close();
    sockets.close();
  });
});

describe("what may have been dropped", () => {
  const at = (ms: number) => ms as Instant;

  it("is as many answers as datagrams, in any of the times in which some were", () => {
    const overflow = createOverflow();
    overflow.dropped(0, at(0), at(250));
    overflow.dropped(1, at(250), at(500));
    overflow.dropped(1, at(500), at(750));
    overflow.dropped(0, at(750), at(1_000));
    overflow.dropped(1, at(1_000), at(1_250));
    const asked = (...times: [from: number, until: number]) => overflow.mayHaveTaken(at(times[0]), at(times[1]));
    expect([asked(0, 249), asked(751, 999), asked(1_251, 2_000)]).toEqual([false, false, false]);
    expect([asked(0, 250), asked(600, 700), asked(600, 999)]).toEqual([true, true, false]);
    expect([asked(600, 1_100), asked(0, 2_000)]).toEqual([true, false]);
    overflow.dropped(Number.POSITIVE_INFINITY, at(1_250), at(1_500));
    expect([asked(1_300, 1_400), asked(1_300, 1_400), asked(1_501, 1_600)]).toEqual([true, true, false]);
  });
});
