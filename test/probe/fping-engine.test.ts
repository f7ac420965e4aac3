import { describe, expect, it } from "vitest";
import { subject } from "../../agent/estate/observation.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { type FpingHandlers, type FpingProfile, fpingArguments } from "../../agent/net/fping.ts";
import { createFpingEngine } from "../../agent/probe/fping-engine.ts";
import type { FromWorker } from "../../agent/probe/messages.ts";
import { icmp } from "./engine-scene.ts";

const of = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });

/** The engine over children that say what the test has them say. */
function probing(targets: readonly (typeof icmp)[]) {
  const time = { now: 1_000 };
  const messages: FromWorker[] = [];
  const started: { profile: FpingProfile; addresses: readonly string[]; handlers: FpingHandlers; stopped: boolean }[] =
    [];
  const engine = createFpingEngine(
    {
      now: () => time.now as Instant,
      emit: (message) => messages.push(message),
      start(profile, addresses, handlers) {
        const child = { profile, addresses, handlers, stopped: false };
        started.push(child);
        return () => {
          child.stopped = true;
        };
      },
    },
    targets.map((target, index) => ({ of, index, target })),
  );
  engine.turn();
  const reported = () => {
    messages.length = 0;
    engine.report();
    return messages.flatMap((message) => (message.kind === "batch" ? message.observations : []));
  };
  return { time, messages, started, engine, reported };
}

const reply = (address: string, n: number, ms: number) => `${address} : [${n}], 64 bytes, ${ms} ms (1.00 avg, 0% loss)`;
const timeout = (address: string, n: number) => `${address} : [${n}], timed out (NaN avg, 100% loss)`;

describe("ICMP probes by fping", () => {
  it("are what its lines say: answered, lost, doubled", () => {
    const p = probing([icmp, { ...icmp, address: "172.16.0.6" }]);
    const [child] = p.started;
    if (child === undefined) throw new Error("nothing was started");
    for (const line of [
      reply("172.16.0.2", 0, 20.1),
      reply("172.16.0.6", 0, 1.5),
      // Later versions say it so; 5.1 says it as one more answer, and a late one too.
      "172.16.0.2 : duplicate for [0], 64 bytes, 20.3 ms",
      reply("172.16.0.2", 0, 20.4),
      timeout("172.16.0.2", 1),
      reply("172.16.0.2", 1, 120),
      timeout("172.16.0.2", 2),
      "ICMP Host Unreachable from 10.0.0.1 for ICMP Echo sent to 172.16.0.6",
      reply("203.0.113.1", 0, 5),
    ]) {
      child.handlers.line(line);
    }
    expect(p.reported()).toMatchObject([
      { index: 0, received: 1, lost: 2, duplicate: 2, late: 1, delays: [expect.closeTo(0.0201, 9)], lossRun: 2 },
      { index: 1, received: 1, lost: 0, delays: [0.0015], lastReceivedAt: 1_000 },
    ]);
    expect(p.reported()).toEqual([]);
  });

  it("share a child where their options agree, and never have an address twice in one", () => {
    const p = probing([icmp, { ...icmp, address: "172.16.0.6" }, icmp, { ...icmp, dscp: 46 }]);
    expect(p.started.map(({ addresses }) => addresses)).toEqual([
      ["172.16.0.2", "172.16.0.6"],
      ["172.16.0.2"],
      ["172.16.0.2"],
    ]);
  });

  it("wait no longer for an answer than until the next probe, for fping would miscount", () => {
    const p = probing([icmp]);
    expect(p.started[0]?.profile).toMatchObject({ interval: 100, timeout: 100 });
    expect(probing([{ ...icmp, timeout: milliseconds(40) }]).started[0]?.profile.timeout).toBe(40);
  });

  it("are started again when the child ended, a while later, and its reason is told once", () => {
    const p = probing([icmp]);
    const why = "ICMP probes need fping here: install it (Debian: apt-get install fping)";
    p.started[0]?.handlers.ended(why);
    p.engine.turn();
    expect(p.started).toHaveLength(1);
    p.time.now += 5_000;
    p.engine.turn();
    p.started[1]?.handlers.ended(why);
    expect(p.started).toHaveLength(2);
    expect(p.messages).toEqual([
      { kind: "log", level: "warn", fields: { streams: 1, targets: ["172.16.0.2"] }, message: `cannot probe: ${why}` },
    ]);
  });

  it("are counted as not sent while there is no child, however often it is started", () => {
    const p = probing([{ ...icmp, interval: milliseconds(1_000) }]);
    let unsent = 0;
    let ended = 0;
    for (let ms = 250; ms <= 20_000; ms += 250) {
      p.time.now = 1_000 + ms;
      p.engine.turn();
      const begun = p.started.length > ended;
      if (ms <= 10_000 && begun) p.started[ended++]?.handlers.ended("fping: it may not");
      if (ms > 10_250) p.started.at(-1)?.handlers.line(reply("172.16.0.2", ms, 1));
      for (const o of p.reported()) {
        unsent += o.sendErrors;
        expect(o.unsent).toEqual(o.sendErrors > 0 ? { reason: "failed", says: "fping: it may not" } : undefined);
      }
    }
    expect(p.started).toHaveLength(3);
    expect(unsent).toBe(10);
  });

  it("end with the engine", () => {
    const p = probing([icmp, { ...icmp, dscp: 46 }]);
    p.engine.stop();
    expect(p.started.map(({ stopped }) => stopped)).toEqual([true, true]);
  });
});

describe("the arguments of fping", () => {
  it("say all that a probe can ask for", () => {
    const profile = {
      family: 6,
      interval: 1_000,
      timeout: 500,
      source: "::1",
      interface: "eth0",
      dscp: 46,
      size: 200,
      dontFragment: true,
    } as const;
    expect(fpingArguments(profile, ["2001:db8::1", "2001:db8::2"]).join(" ")).toBe(
      "-l -6 -p 1000 -t 500 -i 500 -b 200 -S ::1 -I eth0 -O 184 -M 2001:db8::1 2001:db8::2",
    );
  });
});
