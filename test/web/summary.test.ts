import { describe, expect, it } from "vitest";
import { renderPage } from "../../agent/web/page.ts";
import { statusOf } from "../../agent/web/status.ts";
import {
  headlineOf,
  meaningOf,
  problemsOf,
  redundancyAnswer,
  serviceAnswer,
  worstFirst,
} from "../../agent/web/summary.ts";
import { at } from "../support/estate.ts";
import {
  fixedClock,
  fourCircuits,
  isolatedFor,
  judgementOf,
  linkFailure,
  notSeen,
  silentLoss,
  stateOf,
  type Wrong,
} from "./scene.ts";

const estate = fourCircuits();
const source = { estate, snapshot: stateOf(estate), clock: fixedClock, version: "1", simulation: undefined };
const statusWith = (wrong: Wrong = {}) => statusOf(source, judgementOf(estate, wrong));
const bothDown = { "ams-1 microsoft primary": linkFailure, "ams-1 microsoft secondary": linkFailure };

/** What the page says first: headline, service, redundancy. */
function said(wrong: Wrong) {
  const status = statusWith(wrong);
  const { sentence, tone } = headlineOf(status);
  return { sentence, tone, service: serviceAnswer(status).answer, redundancy: redundancyAnswer(status).answer };
}

describe("headline and answers", () => {
  it("are good when all is well", () => {
    expect(said({})).toEqual({
      sentence: "All 4 circuits are up and redundant",
      tone: "good",
      service: "Yes, on every circuit",
      redundancy: "Yes, every circuit has both links",
    });
  });

  it("one path down: up, not redundant", () => {
    expect(said({ "fra-1 azurePrivate primary": linkFailure })).toEqual({
      sentence: "1 of 4 circuits is not redundant: fra-1",
      tone: "warn",
      service: "Yes, on every circuit",
      redundancy: "No: fra-1 has only its secondary link",
    });
  });

  it("say first of all that a link is drained, once for both peerings, whatever else is so", () => {
    const drained = (wrong: Wrong) => {
      const status = statusWith(wrong);
      const note = { cause: "linkDraining", since: "2026-03-08T03:00:00Z", evidence: "drained" } as const;
      const circuits = status.circuits.map((circuit) => ({
        ...circuit,
        peerings: circuit.peerings.map((peering) => ({
          ...peering,
          paths: peering.paths.map((path) =>
            circuit.name === "ams-1" && path.link === "secondary" ? { ...path, notes: [note] } : path,
          ),
        })),
      }));
      return headlineOf({ ...status, circuits });
    };
    const words = "Microsoft is draining ams-1 secondary, which is no outage: leave the other link alone";
    expect(drained({})).toEqual({ tone: "good", sentence: "All 4 circuits are up and redundant", also: [words] });
    expect(drained({ "fra-1 azurePrivate primary": linkFailure })).toMatchObject({ tone: "warn", also: [words] });
    // A path that is down is no calm drain.
    expect(drained({ "ams-1 azurePrivate secondary": linkFailure }).also).toEqual([
      "Microsoft is draining ams-1 secondary: leave the other link alone",
    ]);
    expect(headlineOf(statusWith()).also).toEqual([]);
  });

  it("name the peering when only one of two is meant", () => {
    expect(said(bothDown)).toEqual({
      sentence: "1 of 4 circuits is down: ams-1 (microsoft)",
      tone: "bad",
      service: "No: both links are down on ams-1 (microsoft)",
      redundancy: "No: nothing is left of ams-1 (microsoft)",
    });
  });

  it("unknown beside a working path: the service is up, redundancy is unknown", () => {
    expect(said({ "sin-1 azurePrivate secondary": notSeen })).toEqual({
      sentence: "1 of 4 circuits cannot be judged: sin-1",
      tone: "unknown",
      service: "Yes, on every circuit",
      redundancy: "Unknown on sin-1",
    });
  });

  it("unknown beside a broken path: nobody can say that the service is up", () => {
    const wrong = { "sin-1 azurePrivate primary": linkFailure, "sin-1 azurePrivate secondary": notSeen };
    expect(said(wrong).service).toBe("Unknown on sin-1");
    const peering = statusWith(wrong).circuits[3]?.peerings[0];
    expect(peering && meaningOf(peering)).toBe("not redundant, and it is not known whether the secondary link works");
  });

  it("a degraded path leaves the circuit redundant, and the headline says that it is there", () => {
    const { sentence, redundancy, service } = said({ "fra-1 azurePrivate secondary": silentLoss });
    expect(sentence).toBe("1 of 4 circuits has a degraded path: fra-1");
    expect(redundancy).toBe("Yes, every circuit has both links");
    expect(service).toBe("Yes, on every circuit");
  });

  it("a Global Reach that is down is a service that is down, and both its directions are one", () => {
    const status = statusWith({ "ams sin": { ...silentLoss, reasons: silentLoss?.reasons ?? [], state: "down" } });
    const there = "Global Reach from ams to sin is down";
    expect(headlineOf(status)).toMatchObject({ tone: "bad", sentence: there, also: [] });
    expect(serviceAnswer(status)).toMatchObject({ tone: "bad", answer: `No: ${there}` });
    const globalReach = status.globalReach.map((one) => ({
      ...one,
      pairs: one.pairs.flatMap((pair) => [pair, { ...pair, fromSite: pair.toSite, toSite: pair.fromSite }]),
    }));
    const both = headlineOf({ ...status, globalReach });
    expect(both).toMatchObject({ sentence: "Global Reach between ams and sin is down", also: [] });
  });

  it("put the worst first and keep the rest", () => {
    const status = statusWith({ ...bothDown, "fra-2 azurePrivate primary": linkFailure, "ams sin": silentLoss });
    expect(headlineOf(status)).toEqual({
      tone: "bad",
      sentence: "1 of 4 circuits is down: ams-1 (microsoft)",
      also: ["1 of 4 circuits is not redundant: fra-2", "Global Reach from ams to sin is degraded"],
    });
    expect(worstFirst(status.circuits).map(({ name }) => name)).toEqual(["ams-1", "fra-2", "fra-1", "sin-1"]);
  });

  it("blame no circuit when the agent itself is cut off", () => {
    const judgement = isolatedFor("gatewaySilent", judgementOf(estate, { "sin-1 azurePrivate primary": notSeen }));
    const { tone, sentence } = headlineOf(statusOf(source, judgement));
    expect(tone).toBe("unknown");
    expect(sentence).toBe("The monitor is isolated, its gateway is silent: no circuit can be judged");
  });
});

describe("problems", () => {
  it("are none when all is well", () => {
    expect(problemsOf(statusWith())).toEqual([]);
  });

  it("join the peerings that fail with their common link", () => {
    const wrong = { "ams-1 azurePrivate primary": linkFailure, "ams-1 microsoft primary": linkFailure };
    expect(problemsOf(statusWith(wrong))).toEqual([
      {
        state: "down",
        where: "ams-1 primary",
        owner: "you or the provider",
        evidence: "interface ams-ce1 er0 is down (ifOperStatus), admin up",
        ticket: "ticket-ams-1-azurePrivate-primary",
      },
    ]);
  });

  it("name the peering that fails alone, or otherwise than the other one", () => {
    const wrong = { "ams-1 azurePrivate primary": linkFailure, "ams-1 microsoft primary": silentLoss };
    expect(problemsOf(statusWith(wrong)).map(({ where }) => where)).toEqual([
      "ams-1 (azurePrivate) primary",
      "ams-1 (microsoft) primary",
    ]);
  });

  it("say of what is held when it was last seen", () => {
    const [reason] = silentLoss?.reasons ?? [];
    if (silentLoss === undefined || reason === undefined) expect.fail();
    const held = { ...silentLoss, reasons: [{ ...reason, lastSeen: at(100_000 - 7) }] };
    const status = statusWith({ "fra-1 azurePrivate primary": held });
    const words = "12.0 % of 50 probes lost (limit 5.0 %) (last seen 7s ago, and held)";
    expect(problemsOf(status)[0]?.evidence).toBe(words);
    expect(renderPage(status, "1").split(words)).toHaveLength(3);
    expect(renderPage(status, "1")).toContain(`lost (limit 5.0 %) (last seen 2026-03-08T03:12:37Z)`);
  });

  it("come in the order down, unknown, degraded", () => {
    const wrong = {
      "ams sin": silentLoss,
      "sin-1 azurePrivate secondary": notSeen,
      "fra-2 azurePrivate primary": linkFailure,
    };
    expect(problemsOf(statusWith(wrong)).map(({ where, owner }) => [where, owner])).toEqual([
      ["fra-2 primary", "you or the provider"],
      ["sin-1 secondary", "not known yet"],
      ["ams to sin", "the provider or Microsoft"],
    ]);
  });
});
