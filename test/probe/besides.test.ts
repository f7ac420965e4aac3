// Streams that come and go beside the configured ones, over loopback.

import { afterEach, describe, expect, it } from "vitest";
import type { LoopObservation } from "../../agent/estate/host-observation.ts";
import { type ProbeObservation, type SubjectKey, subject } from "../../agent/estate/observation.ts";
import { systemClock } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { createProbing } from "../../agent/probe/probing.ts";
import { eventually } from "../support/eventually.ts";
import { startStampReflector } from "../support/stamp-reflector.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function reflectorStream(of: SubjectKey) {
  const far = await startStampReflector(() => "answer");
  ends.push(far.close);
  const span = { interval: milliseconds(10), timeout: milliseconds(5_000) };
  const target = { technique: "stamp" as const, address: "127.0.0.1", port: far.port, source: undefined, ...span };
  return { stream: { of, index: 0, target }, asked: () => far.done().answer };
}

function probingOf(streams: Parameters<typeof createProbing>[1]) {
  const probes: ProbeObservation[] = [];
  const loops: LoopObservation[] = [];
  const lines: string[] = [];
  const say = (_: unknown, message: string) => void lines.push(message);
  const log: Logger = { info: say, warn: say, error: say };
  const probing = createProbing(
    {
      clock: systemClock,
      log,
      observe(o) {
        if (o.kind === "probe") probes.push(o);
        if (o.kind === "loop") loops.push(o);
      },
    },
    streams,
  );
  ends.push(probing.stop);
  const answers = (of: SubjectKey) => probes.filter((o) => o.of === of).reduce((n, o) => n + o.received, 0);
  const lost = () => probes.reduce((n, o) => n + o.lost + o.sendErrors, 0);
  const unsent = (of: SubjectKey) => probes.filter((o) => o.of === of).reduce((n, o) => n + o.sendErrors, 0);
  return { probing, answers, lost, unsent, loops, lines };
}

describe("streams besides", () => {
  it("are probed beside the others, until others replace them, and lose the others nothing", async () => {
    const path = await reflectorStream(subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" }));
    const first = await reflectorStream(subject.gateway("first"));
    const second = await reflectorStream(subject.gateway("second"));
    const { probing, answers, lost, loops } = probingOf([path.stream]);
    probing.start();
    await eventually("the path is answered", () => answers(path.stream.of) > 5);
    probing.besides([first.stream]);
    await eventually("the first is answered", () => answers(first.stream.of) > 5);
    probing.besides([second.stream]);
    await eventually("the second is answered", () => answers(second.stream.of) > 5);
    const asked = first.asked();
    await eventually("the second is answered further", () => answers(second.stream.of) > 30);
    expect(first.asked()).toBe(asked);
    await eventually("its thread tells its pace", () => loops.length > 0);
    expect(loops[0]).toMatchObject({ kind: "loop", thread: "probing" });
    expect(lost()).toBe(0);
    expect(probing.dropped()).toMatchObject({ foreign: 0, forged: 0, wrongSource: 0 });
  });

  it("are said once, together with the others, to lack what both lack", async () => {
    const nowhere = async (of: SubjectKey) => {
      const { stream } = await reflectorStream(of);
      return { ...stream, target: { ...stream.target, source: "203.0.113.9" } };
    };
    const path = await nowhere(subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" }));
    const [first, second] = [await nowhere(subject.gateway("first")), await nowhere(subject.gateway("second"))];
    const { probing, unsent, lines } = probingOf([path]);
    probing.start();
    probing.besides([first]);
    await eventually("neither can be sent", () => unsent(path.of) > 0 && unsent(first.of) > 0);
    probing.besides([second]);
    await eventually("nor those that replace them", () => unsent(second.of) > 0);
    expect(lines).toEqual([
      `cannot probe: the source 203.0.113.9 is not an address of this host: fix the probe's "source"`,
    ]);
  });

  it("are probed where nothing else is, also when they were told before the start", async () => {
    const one = await reflectorStream(subject.gateway("one"));
    const two = await reflectorStream(subject.gateway("two"));
    const early = probingOf([]);
    early.probing.besides([one.stream]);
    early.probing.start();
    await eventually("it is answered", () => early.answers(one.stream.of) > 5);
    const late = probingOf([]);
    late.probing.start();
    late.probing.besides([two.stream]);
    await eventually("it is answered", () => late.answers(two.stream.of) > 5);
  });
});
