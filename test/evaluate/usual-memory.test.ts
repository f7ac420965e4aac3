// What is usual outlives the agent: a drain that goes on while it restarts is a drain.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Estate } from "../../agent/estate/estate.ts";
import type { Judgement } from "../../agent/estate/judgement.ts";
import { subject } from "../../agent/estate/observation.ts";
import { judgeInSteps } from "../../agent/evaluate/judge.ts";
import { createUsualMemory, type Remembered, readUsual, textOfUsual } from "../../agent/evaluate/usual-memory.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { inOne } from "../../agent/lib/slices.ts";
import { stateFile } from "../../agent/lib/state-file.ts";
import { createState } from "../../agent/state/state.ts";
import { createFakeClock } from "../support/clock.ts";
import { at, circuit, estate, path } from "../support/estate.ts";
import { eventually } from "../support/eventually.ts";

const dir = mkdtempSync(join(tmpdir(), "usual-"));
afterAll(() => rmSync(dir, { recursive: true }));

const day = 86_400_000;
const key = subject.path(path("primary"));
/** 12076:5010. */
const exchange = 12_076 * 65_536 + 5_010;

function memory(name: string, clock = createFakeClock(), of: Pick<Estate, "circuits"> = estate()) {
  const lines: string[] = [];
  const line = (fields: unknown, message: string) => void lines.push(`${JSON.stringify(fields)} ${message}`);
  const file = stateFile(dir, name);
  const usual = createUsualMemory({ clock, log: { info: line, warn: line, error: line }, file }, of);
  return { usual, lines, file };
}

/** A judgement that learnt that of the primary path, some time ago. */
function learnt(clock: { now(): ReturnType<typeof at> }): Judgement {
  const judgement = inOne(judgeInSteps(estate(), createState({ keep: milliseconds(1_000) }), undefined, clock.now()));
  const [first, ...rest] = judgement.paths;
  if (first === undefined) throw new Error("no path");
  const usualPaths = { ipv4: { usual: 1, longerSince: at(clock.now() / 1_000 - 60) } };
  const usualCounts = { ipv4: { usual: 900, fewerSince: undefined } };
  const usualCommunities = { [exchange]: { usual: 40, fewerSince: at(clock.now() / 1_000 - 60) } };
  const usualDefaults = { ipv4: { usual: true, otherSince: undefined } };
  return { ...judgement, paths: [{ ...first, usualPaths, usualCounts, usualCommunities, usualDefaults }, ...rest] };
}

describe("what is usual", () => {
  it("is read again by the next agent, on a timeline of its own", async () => {
    const first = createFakeClock();
    first.pass(100_000);
    const { usual, file } = memory("again", first);
    usual.start(() => learnt(first));
    await usual.stop();
    expect(file.read()).toMatchObject({ ok: true });

    // The next process: its monotonic clock begins elsewhere, the calendar goes on.
    const second = createFakeClock(7_000, first.toEpoch(first.now()) + 30_000);
    const after = memory("again", second);
    expect(after.usual.remembered().size).toBe(0);
    after.usual.start(() => undefined);
    expect(after.lines).toEqual([]);
    const found = after.usual.remembered().get(key);
    expect(found).toMatchObject({
      usualPaths: { ipv4: { usual: 1 } },
      usualCounts: { ipv4: { usual: 900, fewerSince: undefined } },
      usualCommunities: { [exchange]: { usual: 40 } },
      usualDefaults: { ipv4: { usual: true, otherSince: undefined } },
    });
    const longerSince = found?.usualPaths?.ipv4?.longerSince ?? expect.fail();
    expect(second.now() - longerSince).toBe(90_000);
    expect(found?.usualCommunities?.[exchange]?.fewerSince).toBe(longerSince);
    await after.usual.stop();
  });

  it("is written soon after the start and every ten minutes, and kept while it is not learnt anew", async () => {
    const clock = createFakeClock();
    const { usual, file } = memory("slowly", clock);
    usual.start(() => learnt(clock));
    clock.pass(10_000);
    await eventually("the file is written", () => existsSync(file.path));
    rmSync(file.path);
    clock.pass(600_000);
    await eventually("the file is written again", () => existsSync(file.path));
    expect(readFileSync(file.path, "utf8")).toContain('"usual":900');
    await usual.stop();

    const judged = inOne(judgeInSteps(estate(), createState({ keep: milliseconds(1_000) }), undefined, clock.now()));
    for (let restart = 0; restart < 2; restart++) {
      const next = memory("slowly", clock);
      next.usual.start(() => judged);
      expect(next.usual.remembered().get(key)).toMatchObject({
        usualCounts: { ipv4: { usual: 900 } },
        usualCommunities: { [exchange]: { usual: 40 } },
        usualDefaults: { ipv4: { usual: true } },
      });
      await next.usual.stop();
      clock.pass(3 * day);
    }
    // As old as when it was learnt, however often it was written since.
    clock.pass(2 * day);
    const last = memory("slowly", clock);
    last.usual.start(() => undefined);
    expect(last.usual.remembered().size).toBe(0);
  });

  it("is as old as it was where nobody tells of what is expected of a path", () => {
    const clock = createFakeClock();
    clock.pass(100_000);
    const full = circuit();
    const peerings = full.peerings.map((peering) => ({ ...peering, communities: [exchange] }));
    const of = { ...estate(), circuits: new Map([["ams-1", { ...full, peerings }]]) };
    const usualCommunities = { [exchange]: { usual: 40, fewerSince: undefined } };
    const remembered: Remembered = new Map([[key, { at: at(7), usualCommunities }]]);
    const state = createState({ keep: milliseconds(1_000) });
    let judgement: Judgement | undefined;
    for (let look = 0; look < 2; look++) judgement = inOne(judgeInSteps(of, state, judgement, clock.now(), remembered));
    const text = inOne(textOfUsual(judgement?.paths ?? [], remembered, clock.now(), clock));
    expect(JSON.parse(text)).toMatchObject({
      paths: [{ link: "primary", at: clock.toEpoch(at(7)), communities: [{ community: exchange, usual: 40 }] }],
    });
  });

  it.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["another version", JSON.stringify({ version: 2, paths: [] })],
    ["no list", JSON.stringify({ version: 1, paths: {} })],
    ["no entry", JSON.stringify({ version: 1, paths: [7] })],
    [
      "a negative count",
      JSON.stringify({ version: 1, paths: [entry({ counts: [{ family: "ipv4", usual: -1, since: null }] })] }),
    ],
    [
      "a family that is none",
      JSON.stringify({ version: 1, paths: [entry({ prepends: [{ family: "ipx", usual: 1, since: null }] })] }),
    ],
    [
      "a community of five octets",
      JSON.stringify({ version: 1, paths: [entry({ communities: [{ community: 2 ** 32, usual: 1, since: null }] })] }),
    ],
    ["no list of communities", JSON.stringify({ version: 1, paths: [entry({ communities: { exchange: 40 } })] })],
    [
      "a default route that is neither there nor not",
      JSON.stringify({ version: 1, paths: [entry({ defaults: [{ family: "ipv4", usual: 1, since: null }] })] }),
    ],
    ["a time that is none", JSON.stringify({ version: 1, paths: [entry({ at: "today" })] })],
  ])("is learnt anew, with one line, where the file holds %s", (name, text) => {
    const { usual, lines, file } = memory(name.replaceAll(" ", "-"));
    writeFileSync(file.path, text);
    usual.start(() => undefined);
    expect(usual.remembered().size).toBe(0);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("learnt anew");
    expect(lines[0]).toContain(file.path);
  });

  it("says soon, and once, that it cannot be written", async () => {
    const clock = createFakeClock();
    const { usual, lines } = memory("no/such/directory", clock);
    usual.start(() => learnt(clock));
    clock.pass(10_000);
    await eventually("it is said", () => lines.length > 0);
    clock.pass(1_300_000);
    await usual.stop();
    expect(lines.filter((line) => line.includes("cannot be kept"))).toHaveLength(1);
    expect(lines.filter((line) => line.includes("ENOENT"))).toHaveLength(1);
  });

  const clock = createFakeClock(50_000, 100 * day);
  const read = (of: object, on: Pick<Estate, "circuits"> = estate()) => {
    const result = readUsual(JSON.stringify({ version: 1, paths: [entry(of)] }), on, clock);
    return result.ok ? result.value.size : result.error;
  };

  it("is read from a file of before communities and default routes were kept", () => {
    const text = JSON.stringify({ version: 1, paths: [entry({})] });
    const result = readUsual(text, estate(), clock);
    expect(result.ok && result.value.get(key)).toMatchObject({
      usualPaths: { ipv4: { usual: 1 } },
      usualCommunities: undefined,
      usualDefaults: undefined,
    });
  });

  it("is that of a configured path and its session, and no older than a week", () => {
    expect(read({ at: 100 * day })).toBe(1);
    expect(read({ at: 94 * day })).toBe(1);
    expect(read({ at: 92 * day })).toBe(0);
    expect(read({ circuit: "gone-1" })).toBe(0);
    expect(read({ remoteAddress: "172.16.9.2" })).toBe(0);
    expect(read({ router: "ams-ce7" })).toBe(0);
    expect(read({}, { circuits: new Map() })).toBe(0);
  });
});

function entry(change: object) {
  return {
    circuit: "ams-1",
    peering: "azurePrivate",
    link: "primary",
    router: "ams-ce1",
    remoteAddress: "172.16.0.2",
    at: 100 * day,
    prepends: [{ family: "ipv4", usual: 1, since: null }],
    counts: [],
    ...change,
  };
}

describe("an agent that starts while a link is drained, or its prefixes, a service or the default route are gone", () => {
  function judgedWith(remembered: Remembered | undefined) {
    const of = { ...estate(), circuits: new Map([["ams-1", circuit()]]) };
    const state = createState({ keep: milliseconds(10_000) });
    const [router, remoteAddress] = ["ams-ce1", "172.16.0.2"];
    const prepends = Array<number>(32).fill(0);
    prepends[9] = 4;
    const communities = { received: { routes: new Map(), unread: 0, unnumbered: 0 }, accepted: undefined };
    let judgement: Judgement | undefined;
    for (let s = 1; s <= 90; s++) {
      const now = at(s);
      state.observe({
        kind: "bmpConnection",
        router,
        at: now,
        connected: true,
        since: at(0),
        detail: "",
        unconfigured: [],
      });
      state.observe({
        kind: "session",
        router,
        remoteAddress,
        at: now,
        present: true,
        state: "established",
        adminUp: true,
        remoteAsn: 12076,
        establishedTransitions: 1,
        establishedSeconds: 9_000,
        lastError: [0, 0],
      });
      const family = {
        family: "ipv4",
        received: 4,
        accepted: 4,
        advertised: 1,
        hasDefault: false,
        prepends,
        communities,
      } as const;
      state.observe({ kind: "bmpPrefixes", router, remoteAddress, at: now, families: [family] });
      judgement = inOne(judgeInSteps(of, state, judgement, now, remembered));
    }
    const found = judgement?.paths.find((verdict) => verdict.path.link === "primary");
    const learnt = ["drain", "prefixCount", "communities", "defaultRoute"];
    const states = found?.conditions.filter(({ check }) => learnt.includes(check));
    return states?.map(({ check, state: of }) => `${check} ${of}`);
  }

  it("sees them with what it remembers, and takes them for usual without", () => {
    const remembered: Remembered = new Map([
      [
        key,
        {
          at: at(0),
          usualPaths: { ipv4: { usual: 1, longerSince: undefined } },
          usualCounts: { ipv4: { usual: 900, fewerSince: undefined } },
          usualCommunities: { [exchange]: { usual: 40, fewerSince: undefined } },
          usualDefaults: { ipv4: { usual: true, otherSince: undefined } },
        },
      ],
    ]);
    expect(judgedWith(remembered)).toEqual([
      "drain firing",
      "prefixCount firing",
      "communities firing",
      "defaultRoute firing",
    ]);
    // Of communities it knows none then, and has nothing to check.
    expect(judgedWith(undefined)).toEqual(["drain inactive", "prefixCount inactive", "defaultRoute inactive"]);
    expect(inOne(textOfUsual([], remembered, at(0), createFakeClock()))).toBe('{"version":1,"paths":[]}');
  });
});
