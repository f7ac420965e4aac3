// The lab over real UDP on loopback, asked by npm net-snmp (an implementation that is not ours) and by plain sockets.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import * as netSnmp from "net-snmp";
import { afterEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../agent/config/load.ts";
import { type Estate, pairsOf, pathsOf } from "../../agent/estate/estate.ts";
import { createLab, type Lab, type LabEstate } from "../../agent/lab/lab.ts";
import { story } from "../../agent/lab/story.ts";
import { type Clock, type Instant, systemClock } from "../../agent/lib/clock.ts";
import { createLogger } from "../../agent/lib/log.ts";
import { decodeReflector, encodeSender, ntpTimestamp, unsynchronised } from "../../agent/wire/stamp.ts";
import { seededRandom } from "../support/clock.ts";
import { communityOf } from "../support/credentials.ts";

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

interface JumpingClock extends Clock {
  jump(ms: number): void;
  pending(): number;
}

/** The system's clock, which the test can set forward into a chapter, and which knows its timers. */
function jumpingClock(): JumpingClock {
  let ahead = 0;
  const timers = new Set<() => void>();
  return {
    ...systemClock,
    now: () => (systemClock.now() + ahead) as Instant,
    after(delay, fn) {
      const cancel = systemClock.after(delay, () => {
        timers.delete(forget);
        fn();
      });
      const forget = () => {
        timers.delete(forget);
        cancel();
      };
      timers.add(forget);
      return forget;
    },
    jump(ms) {
      ahead += ms;
    },
    pending: () => timers.size,
  };
}

async function running(
  listen?: string,
): Promise<{ clock: JumpingClock; lab: Lab; estate: Estate; given: LabEstate; to(words: string): void }> {
  const clock = jumpingClock();
  const began = clock.now();
  const lab = createLab(
    { clock, log: createLogger("silent"), random: seededRandom(stops.length + 1) },
    listen === undefined ? {} : { listen },
  );
  stops.push(() => lab.stop());
  const started = await lab.start();
  if (!started.ok) throw new Error(started.error);
  const given = started.value;
  const parsed = parseConfig(given.config, "lab.yaml", {
    env: given.env,
    readFile: () => ({ ok: false, error: "does not exist" }),
    credentialsDirectory: undefined,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error, null, 2));
  return {
    clock,
    lab,
    given,
    estate: parsed.value,
    to(words) {
      const chapter = story.find((c) => c.title.includes(words));
      if (chapter === undefined) throw new Error(`no chapter "${words}"`);
      clock.jump(began + (chapter.at + 5) * 1_000 - clock.now());
    },
  };
}

function session(
  estate: Estate,
  router: string,
  community?: string,
  options: { readonly timeout?: number; readonly retries?: number; readonly version?: number } = {},
): netSnmp.Session {
  const target = estate.routers.get(router);
  if (target === undefined) throw new Error(`no router ${router}`);
  const opened = netSnmp.createSession(target.address, community ?? communityOf(target.credentials), {
    version: netSnmp.Version2c,
    port: target.port,
    ...options,
  });
  stops.push(async () => opened.close());
  return opened;
}

/** Every instance under a root, by net-snmp's own GETBULK walk. */
function walk(from: netSnmp.Session, root: string): Promise<ReadonlyMap<string, unknown>> {
  const found = new Map<string, unknown>();
  return new Promise((resolve, reject) => {
    from.subtree(
      root,
      20,
      (varbinds) => {
        for (const varbind of varbinds) found.set(varbind.oid, varbind.value);
      },
      (error) => (error === null || error === undefined ? resolve(found) : reject(error)),
    );
  });
}

/** Sends datagrams to a port and gives what comes back within `ms`. */
async function exchange(
  port: number,
  datagrams: readonly Uint8Array[],
  expected: number,
  ms: number,
  address = "127.0.0.1",
) {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const answers: { readonly octets: Uint8Array; readonly at: number }[] = [];
  const sentAt = systemClock.now();
  const done = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    socket.on("message", (octets) => {
      answers.push({ octets, at: systemClock.now() - sentAt });
      if (answers.length < expected) return;
      clearTimeout(timer);
      resolve();
    });
  });
  for (const datagram of datagrams) socket.send(datagram, port, address);
  await done;
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return answers;
}

function stampRequest(sequence: number): Uint8Array {
  return encodeSender({ sequence, timestamp: ntpTimestamp(0, 0), errorEstimate: unsynchronised, ssid: 9 });
}

describe("the configuration", () => {
  it("is one that the agent accepts: three sites, four circuits, one of each connectivity model", async () => {
    const { estate, given } = await running("127.0.0.1:19580");
    expect(given.config).toMatch(/^# SIMULATED/);
    expect(estate.web).toEqual({ host: "127.0.0.1", port: 19580 });
    expect(new Set([...estate.routers.values()].map((r) => r.site))).toEqual(new Set(["ams", "fra", "sin"]));
    expect([...estate.circuits.values()].map((c) => c.connectivityModel).sort()).toEqual([
      "anyToAny",
      "cloudExchange",
      "direct",
      "pointToPoint",
    ]);
    expect(estate.circuits.get("ams-1")?.peerings.map((p) => p.name)).toEqual(["azurePrivate", "microsoft"]);
    expect(estate.globalReach.get("ams-sin")?.circuits).toEqual(["ams-1", "sin-1"]);
    for (const router of estate.routers.values()) expect(router.pollInterval).toBe(1_000);
  });

  it("has a reflector of its own for every path and every direction of Global Reach", async () => {
    const { estate } = await running();
    const targets = [...pathsOf(estate), ...pairsOf(estate)].flatMap((of) => of.probes);
    expect(targets.length).toBe(12);
    expect(new Set(targets.map((t) => t.port)).size).toBe(12);
    for (const target of targets) expect(target).toMatchObject({ technique: "stamp", address: "127.0.0.1" });
  });

  it("does not write the community down", async () => {
    const { given } = await running();
    const community = given.env.CIRCUITWATCH_LAB_COMMUNITY;
    expect(community).toMatch(/^lab-[0-9a-f]+$/);
    expect(given.config).not.toContain(community);
  });
});

describe("a router, asked by net-snmp", () => {
  it("can be walked to its end", async () => {
    const { estate, lab } = await running();
    const found = await walk(session(estate, "fra-ce1"), "1.3.6.1");
    expect(found.size).toBeGreaterThan(350);
    expect(String(found.get("1.3.6.1.2.1.1.5.0"))).toBe("fra-ce1");
    const states = [...found].filter(([name]) => name.startsWith("1.3.6.1.2.1.15.3.1.2."));
    expect(states).toEqual([
      ["1.3.6.1.2.1.15.3.1.2.10.20.0.3", 6],
      ["1.3.6.1.2.1.15.3.1.2.172.16.20.2", 6],
      ["1.3.6.1.2.1.15.3.1.2.172.16.21.2", 6],
    ]);
    expect(lab.snmp()).toMatchObject({ malformed: 0, wrongCommunity: 0 });
  });

  it("can be walked by SNMPv1, where all but Counter64 is the same", async () => {
    const { estate, lab } = await running();
    const version = netSnmp.Version1;
    const [found, all] = await Promise.all([
      walk(session(estate, "fra-ce1", undefined, { version }), "1.3.6.1.2.1.31"),
      walk(session(estate, "fra-ce1"), "1.3.6.1.2.1.31"),
    ]);
    const isCounter64 = (name: string) => /^1\.3\.6\.1\.2\.1\.31\.1\.1\.1\.([6-9]|1[0-3])\./.test(name);
    const narrow = [...all.keys()].filter((name) => !isCounter64(name));
    expect(narrow.length).toBeLessThan(all.size);
    expect([...found.keys()]).toEqual(narrow);
    expect(lab.snmp()).toMatchObject({ malformed: 0, wrongCommunity: 0 });
  });

  it("has the interface of every link and the peer of every path that the configuration names", async () => {
    const { estate } = await running();
    for (const router of estate.routers.keys()) {
      const found = await walk(session(estate, router), "1.3.6.1.2.1");
      const ifNames = [...found]
        .filter(([name]) => name.startsWith("1.3.6.1.2.1.31.1.1.1.1."))
        .map(([, v]) => String(v));
      for (const path of pathsOf(estate).filter((p) => p.router === router)) {
        expect(ifNames).toContain(path.interface);
        expect(found.get(`1.3.6.1.2.1.15.3.1.9.${path.session.remoteAddress}`)).toBe(path.session.remoteAsn);
      }
    }
  });

  it("shows the chapter that is on", async () => {
    const { estate, lab, to } = await running();
    const asked = session(estate, "ams-ce1");
    expect((await walk(asked, "1.3.6.1.2.1.15.3.1.2")).get("1.3.6.1.2.1.15.3.1.2.172.16.10.2")).toBe(6);
    to("Link failure");
    expect(lab.chapter()).toMatch(/^Link failure: .* \(\d+ s to the next: recovery\)$/);
    expect((await walk(asked, "1.3.6.1.2.1.15.3.1.2")).get("1.3.6.1.2.1.15.3.1.2.172.16.10.2")).toBe(1);
  });

  it("stays silent to a wrong community, and while its SNMP agent is down", async () => {
    const { estate, lab, to } = await running();
    const impatient = { timeout: 50, retries: 0 };
    await expect(walk(session(estate, "sin-ce2", "public", impatient), "1.3.6.1.2.1.1")).rejects.toThrow(/timed out/i);
    expect(lab.snmp()).toMatchObject({ wrongCommunity: 1, answered: 0 });
    to("does not answer");
    const asked = session(estate, "sin-ce2", undefined, impatient);
    await expect(walk(asked, "1.3.6.1.2.1.1")).rejects.toThrow(/timed out/i);
    expect(lab.snmp()).toMatchObject({ silent: 1, answered: 0 });
  });
});

describe("a reflector", () => {
  it("answers in order, after the simulated delay", async () => {
    const { estate, lab } = await running();
    const pair = pairsOf(estate)[0];
    const answers = await exchange(pair?.probes[0]?.port ?? 0, [1, 2, 3].map(stampRequest), 3, 5_000);
    const decoded = answers.map((a) => decodeReflector(a.octets));
    expect(decoded.map((d) => (d.ok ? d.value.sender.sequence : d.error))).toEqual([1, 2, 3]);
    // A lower bound only: nothing may answer before the simulated way has been travelled.
    for (const { at } of answers) expect(at).toBeGreaterThanOrEqual(163);
    expect(lab.stamp()).toEqual({ answered: 3, lost: 0, malformed: 0 });
  });

  it("goes dark with its path, and only with its path", async () => {
    const { estate, lab, to } = await running();
    to("Link failure");
    const port = (link: string) =>
      pathsOf(estate).find((p) => p.circuit === "ams-1" && p.peering === "azurePrivate" && p.link === link)?.probes[0]
        ?.port ?? 0;
    expect((await exchange(port("secondary"), [stampRequest(1)], 1, 5_000)).length).toBe(1);
    expect(await exchange(port("primary"), [stampRequest(1), stampRequest(2)], 1, 100)).toEqual([]);
    expect(lab.stamp()).toEqual({ answered: 1, lost: 2, malformed: 0 });
  });
});

describe("its life", () => {
  it("does nothing before it is started, and says so", () => {
    const clock: Clock = {
      now: () => {
        throw new Error("construction looked at the clock");
      },
      toEpoch: () => 0,
      after: () => {
        throw new Error("construction started a timer");
      },
    };
    const lab = createLab({ clock, log: createLogger("silent"), random: seededRandom(1) });
    expect(lab.chapter()).toBe("The lab is not running");
  });

  it("never clashes with another lab, and can be started again", async () => {
    const first = await running();
    const second = await running();
    const ports = (estate: Estate) => [...estate.routers.values()].map((r) => `${r.address} ${r.port}`);
    expect(new Set([...ports(first.estate), ...ports(second.estate)]).size).toBe(12);
    expect(await first.lab.start()).toEqual({ ok: false, error: "the lab is running already" });
    await first.lab.stop();
    await first.lab.stop();
    const again = await first.lab.start();
    expect(again.ok).toBe(true);
  });

  it("gives its ports back when it stops", async () => {
    const { estate, lab } = await running();
    await lab.stop();
    const socket = createSocket("udp4");
    const router = estate.routers.get("ams-ce1");
    socket.bind(router?.port, router?.address);
    await once(socket, "listening");
    socket.close();
  });

  it("forgets the answers that it still held back", async () => {
    const { clock, estate, lab } = await running();
    expect(await exchange(pairsOf(estate)[0]?.probes[0]?.port ?? 0, [stampRequest(1)], 1, 30)).toEqual([]);
    expect(lab.stamp()).toEqual({ answered: 0, lost: 0, malformed: 0 });
    expect(clock.pending()).toBeGreaterThan(0);
    await lab.stop();
    expect(clock.pending()).toBe(0);
  });

  it("survives whatever is thrown at its ports, and counts it", async () => {
    const { estate, lab } = await running();
    const random = seededRandom(99);
    const noise = Array.from({ length: 200 }, () =>
      Uint8Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256)),
    );
    const { port = 0, address } = estate.routers.get("ams-ce1") ?? {};
    expect(await exchange(port, noise, 1, 200, address)).toEqual([]);
    const found = await walk(session(estate, "ams-ce1"), "1.3.6.1.2.1.1");
    expect(found.size).toBe(7);
    expect(lab.snmp().malformed).toBe(200);
  });
});
