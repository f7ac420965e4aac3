// A receive buffer that is full, on loopback and played: what the kernel dropped is no loss of the path.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { ProbeTarget } from "../../agent/estate/estate.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { openProbeSockets } from "../../agent/net/probe-open.ts";
import { createEngine } from "../../agent/probe/engine.ts";
import type { FromWorker } from "../../agent/probe/messages.ts";
import { createOverflow } from "../../agent/probe/overflow.ts";
import { ntpTimestamp, reflect } from "../../agent/wire/stamp.ts";
import { endpoint, nth, of, probing, reflected, stamp } from "./engine-scene.ts";

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
  it("makes a probe unheard whose answer it dropped, and only such a one", async () => {
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
    const turnsUntil = async (happened: () => boolean) => {
      for (let tries = 0; !happened() && tries < 200; tries++) await turns(50);
      expect(happened()).toBe(true);
    };
    const sum = (key: "received" | "lost" | "unheard") =>
      seen
        .flatMap((m) => (m.kind === "batch" ? m.observations : []))
        .reduce((n, observation) => n + (observation[key] ?? 0), 0);
    const overflow = () => seen.reduce((n, m) => n + (m.kind === "batch" ? m.dropped.overflow : 0), 0);

    await turnsUntil(() => sum("received") > 0);
    far.answers = false;
    await turnsUntil(() => held.length > 0);
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
    await turnsUntil(() => sum("lost") > 1);
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

describe("an answer that the full receive buffer may have dropped", () => {
  it("is no loss of the path: its probe is unheard, and the run of lost ones is no longer for it", async () => {
    const p = await probing([stamp]);
    await p.turnAt(0);
    p.arrive(reflected(nth(p.sent, 0)), endpoint(stamp), nth(p.sent, 0), 20);
    await p.turnAt(100);
    await p.turnAt(200);
    p.faults.overflow = 500;
    await p.turnAt(300);
    p.arrive(reflected(nth(p.sent, 3)), endpoint(stamp), nth(p.sent, 3), 20);
    await p.turnAt(400);
    p.arrive(reflected(nth(p.sent, 4)), endpoint(stamp), nth(p.sent, 4), 20);
    for (let ms = 500; ms < 1_450; ms += 50) await p.turnAt(ms);
    expect(p.total()).toMatchObject({ received: 3, lost: 0, unheard: 2, last: { lossRun: 0 } });
    expect(p.dropped()).toEqual({ overflow: 500 });
  });

  it("excuses no more probes than datagrams were dropped, and none that was over before or sent after", async () => {
    const p = await probing([stamp]);
    for (let ms = 0; ms <= 1_000; ms += 100) await p.turnAt(ms);
    p.arrive(reflected(nth(p.sent, 10)), endpoint(stamp), nth(p.sent, 10), 20);
    await p.turnAt(1_050);
    p.faults.overflow = 3;
    await p.turnAt(1_100);
    for (let ms = 1_150; ms < 4_000; ms += 50) await p.turnAt(ms);
    // The first was over by then; of the others that were on their way three may have been answered.
    const { received, lost, unheard } = p.total();
    expect({ received, unheard, lost }).toEqual({ received: 1, unheard: 3, lost: 26 });
  });

  it("says nothing when it comes late", async () => {
    const p = await probing([stamp]);
    await p.turnAt(0);
    p.faults.overflow = 1;
    for (let ms = 50; ms < 1_300; ms += 50) await p.turnAt(ms);
    p.arrive(reflected(nth(p.sent, 0)), endpoint(stamp), nth(p.sent, 0), 1_290);
    await p.turnAt(1_300);
    expect(p.total()).toMatchObject({ received: 0, late: 0, duplicate: 0, unheard: 1 });
  });
});
