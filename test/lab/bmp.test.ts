// The lab's routers and the agent's BMP station, over real TCP on loopback: what the story does, as BMP tells it.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BmpStation, createBmpStation } from "../../agent/collect/bmp-station.ts";
import { parseConfig } from "../../agent/config/load.ts";
import { parseCommunity } from "../../agent/estate/communities.ts";
import type { Observation } from "../../agent/estate/observation.ts";
import { createLab, type Lab } from "../../agent/lab/lab.ts";
import { story } from "../../agent/lab/story.ts";
import { type Clock, type Instant, systemClock } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createLogger } from "../../agent/lib/log.ts";
import { createState, type State } from "../../agent/state/state.ts";
import { seededRandom } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";

const far = { primary: "172.16.10.2", secondary: "172.16.10.6" } as const;
const log = createLogger("silent");

let ahead = 0;
/** The system's clock, which a test sets forward into a chapter. */
const clock: Clock = { ...systemClock, now: () => (systemClock.now() + ahead) as Instant };
let began: Instant;
let lab: Lab;
let station: BmpStation;
let state: State;
let observed: Observation[];

beforeEach(async () => {
  ahead = 0;
  began = clock.now();
  lab = createLab({ clock, log, random: seededRandom(1) });
  const started = await lab.start();
  if (!started.ok) throw new Error(started.error);
  const { config, env } = started.value;
  const noFiles = () => ({ ok: false, error: "does not exist" }) as const;
  const estate = parseConfig(config, "lab.yaml", { env, readFile: noFiles, credentialsDirectory: undefined });
  if (!estate.ok) throw new Error(JSON.stringify(estate.error));
  state = createState({ keep: seconds(10) });
  observed = [];
  const observe = (observation: Observation) => {
    observed.push(observation);
    state.observe(observation);
  };
  const random = (octets: number) => new Uint8Array(octets).fill(7);
  station = createBmpStation({ clock, log, random, observe, poll: () => {} }, estate.value);
  const listening = await station.start();
  if (!listening.ok) throw new Error(listening.error);
});

afterEach(async () => {
  await lab.stop();
  await station.stop();
});

/** Sets the clock to so many seconds of the chapter whose title has these words. */
function to(words: string, second: number): void {
  const chapter = story.find((c) => c.title.includes(words));
  if (chapter === undefined) throw new Error(`no chapter "${words}"`);
  ahead += began + (chapter.at + second) * 1_000 - clock.now();
}

const ipv4Of = (router: string, address: string) =>
  state.bmpPrefixes(router, address)?.families.find(({ family }) => family === "ipv4");
const lastOf = (router: string, remoteAddress: string) =>
  observed.findLast((o) => o.kind === "bmpSession" && o.router === router && o.remoteAddress === remoteAddress);
const told = (router: string) => station.read()?.routers.get(router);

/** A session that is up, with all of its routes. */
const isWhole = (router: string, address: string) => ipv4Of(router, address)?.advertised === 24;

describe("the routers of the lab", () => {
  it("connect by themselves, each as itself, and tell of their sessions and routes", async () => {
    await eventually("routes of every router", () => isWhole("ams-ce1", far.primary) && isWhole("sin-ce2", "10.9.0.5"));
    expect([...(station.read()?.routers.values() ?? [])].map(({ connected, peers }) => [connected, peers])).toEqual([
      [true, 2],
      [true, 2],
      [true, 2],
      [true, 2],
      [true, 1],
      [true, 1],
    ]);
    expect(station.read()).toMatchObject({ doubts: 0, refused: 0 });
    expect(lastOf("ams-ce1", far.primary)).toMatchObject({
      established: true,
      remoteAsn: 12_076,
      localAsn: 65_010,
      holdTime: 180,
    });
    expect(ipv4Of("ams-ce1", far.primary)).toMatchObject({ received: 16, advertised: 24, hasDefault: false });
    // Microsoft's ASN once in every path; of the provider's routes it is the provider's.
    expect(ipv4Of("ams-ce1", far.primary)?.prepends[1]).toBe(16);
    expect(ipv4Of("sin-ce2", "10.9.0.5")?.prepends[1]).toBe(16);
    await eventually("both links compared", () => state.bmpSets("ams-1", "azurePrivate") !== undefined);
    expect(state.bmpSets("ams-1", "azurePrivate")?.families).toMatchObject([{ missing: { primary: 0, secondary: 0 } }]);
  });

  it("prepend eight times while their link is drained, with the session up, and no more after it", async () => {
    await eventually("the routes", () => isWhole("ams-ce2", far.secondary) && isWhole("ams-ce1", far.primary));
    to("Drain: Microsoft maintenance", 1);
    await eventually("nine times the ASN", () => ipv4Of("ams-ce2", far.secondary)?.prepends[9] === 16);
    expect(lastOf("ams-ce2", far.secondary)).toMatchObject({ established: true });
    expect(ipv4Of("ams-ce1", far.primary)?.prepends[1]).toBe(16);
    to("Drain: Microsoft closed", 1);
    await eventually("the session closed", () => told("ams-ce2")?.messages.peerDown === 2);
    expect(lastOf("ams-ce2", far.secondary)).toMatchObject({
      established: false,
      reason: "remoteNotification",
      notification: [6, 2],
    });
    to("maintenance is over", 1);
    await eventually("the ASN once", () => ipv4Of("ams-ce2", far.secondary)?.prepends[1] === 16);
    expect(ipv4Of("ams-ce2", far.secondary)?.prepends[9]).toBe(0);
  });

  it("tell a reset of two seconds, and a carrier that is lost", async () => {
    await eventually("the routes", () => isWhole("fra-ce2", "172.16.21.6") && isWhole("ams-ce1", far.primary));
    to("Link failure", 1);
    await eventually("both sessions down", () => told("ams-ce1")?.messages.peerDown === 2);
    expect(lastOf("ams-ce1", far.primary)).toMatchObject({ established: false, reason: "localFsmEvent", fsmEvent: 18 });
    to("BGP reset", 0.5);
    await eventually("the session reset", () => told("fra-ce2")?.messages.peerDown === 1);
    expect(lastOf("fra-ce2", "172.16.21.6")).toMatchObject({ established: false, notification: [6, 4] });
    to("comes back by itself", 10);
    await eventually("the session up again", () => told("fra-ce2")?.messages.peerUp === 3);
    expect(lastOf("fra-ce2", "172.16.21.6")).toMatchObject({ established: true });
  });

  it("announce too much while a filter is missing, and take it back", async () => {
    const leaking = () => ipv4Of("ams-ce1", "203.0.113.2")?.advertised;
    await eventually("24 prefixes", () => leaking() === 24);
    to("Prefix leak", 1);
    await eventually("187 prefixes", () => leaking() === 187);
    expect(ipv4Of("ams-ce2", "203.0.113.6")?.advertised).toBe(24);
    to("the filter of ams-ce1 is back", 1);
    await eventually("24 prefixes again", () => leaking() === 24);
  });

  it("withdraw one service of the forty prefixes over one link, in both views, and announce it again", async () => {
    const exchange = parseCommunity("exchangeOnline") ?? expect.fail();
    const marks = (router: string, address: string) => {
      const { received, accepted } = ipv4Of(router, address)?.communities ?? {};
      return [received?.routes.get(exchange), accepted?.routes.get(exchange)];
    };
    const secondary = ["ams-ce2", "203.0.113.6"] as const;
    await eventually("its prefixes", () => marks(...secondary)[1] === 12);
    expect(marks(...secondary)).toEqual([12, 12]);
    to("Service withdrawn", 1);
    await eventually("its prefixes gone", () => ipv4Of(...secondary)?.accepted === 28);
    expect(marks(...secondary)).toEqual([undefined, undefined]);
    expect(ipv4Of(...secondary)).toMatchObject({ received: 28, advertised: 24 });
    expect(marks("ams-ce1", "203.0.113.2")).toEqual([12, 12]);
    to("is announced over both links", 1);
    await eventually("its prefixes back", () => marks(...secondary)[1] === 12);
  });

  it("connect again after the station was away", async () => {
    await eventually("the routes", () => isWhole("ams-ce1", far.primary));
    await station.stop();
    expect(told("ams-ce1")?.connected).toBe(false);
    const again = await station.start();
    expect(again).toEqual({ ok: true, value: undefined });
    await eventually("connected again", () => told("ams-ce1")?.connected === true && isWhole("ams-ce1", far.primary));
    expect(told("ams-ce1")?.messages.initiation).toBe(2);
  });
});
