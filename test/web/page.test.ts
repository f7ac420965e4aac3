import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pathsOf } from "../../agent/estate/estate.ts";
import { isolationCauses } from "../../agent/estate/isolation.ts";
import { pathStates } from "../../agent/estate/judgement.ts";
import { later } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { html } from "../../agent/web/html.ts";
import { renderPage } from "../../agent/web/page.ts";
import { isolationWords } from "../../agent/web/self-status.ts";
import { statusOf } from "../../agent/web/status.ts";
import { pathTicket } from "../../agent/web/ticket.ts";
import { linkOf } from "../support/link-observations.ts";
import {
  fixedClock,
  fourCircuits,
  isolatedFor,
  judgementOf,
  linkFailure,
  notSeen,
  now,
  silentLoss,
  stateOf,
  type Wrong,
} from "./scene.ts";

const estate = fourCircuits();

function statusWith(wrong: Wrong = {}, { descr = "plain", simulation = undefined as (() => string) | undefined } = {}) {
  const snapshot = stateOf(estate, {}, descr);
  return statusOf({ estate, snapshot, clock: fixedClock, version: "1", simulation }, judgementOf(estate, wrong));
}
const page = (...args: Parameters<typeof statusWith>) => renderPage(statusWith(...args), "1.2.3");

/** The part of the page that is about one path. */
function panel(text: string, id: string): string {
  const from = text.indexOf(`id="path-${id}"`);
  expect(from).toBeGreaterThan(0);
  return text.slice(from, text.indexOf("</section>", from));
}

/** Everything between tags: what the markup itself is made of. */
const tagsOf = (text: string) => text.match(/<[^>]*>/g) ?? [];

describe("the agent itself", () => {
  const snapshot = stateOf(estate, {}, "plain");
  const source = { estate, snapshot, clock: fixedClock, version: "1", simulation: undefined };

  it.each(isolationCauses)(
    "isolated (%s): one banner with cause, evidence and since when, and its people are named",
    (cause) => {
      const text = renderPage(statusOf(source, isolatedFor(cause, judgementOf(estate))), "1");
      expect(text.match(/Monitor isolated/g)).toHaveLength(1);
      expect(text).toContain(`Monitor isolated: ${isolationWords[cause]}.`);
      expect(text).toContain("operstate down");
      expect(text).toContain("03:11:44 UTC");
      expect(page()).not.toContain("Monitor isolated");
    },
  );

  it("shows its gateway and interfaces, and what was lost at home", () => {
    const names = `<img src=x>`;
    snapshot.observe({
      kind: "host",
      at: now,
      egress: {
        gateways: [{ address: "192.0.2.1", interface: undefined }],
        interfaces: [names],
        defaultRouteLost: false,
        routed: true,
      },
      interfaces: [{ name: names, state: "down", detail: "operstate down", counters: undefined }],
      receiveBufferErrors: 7,
      cpuWait: undefined,
      cpuPressure: undefined,
      clockSteps: 2,
      sleep: undefined,
      sleptSeconds: 90,
    });
    const status = statusOf(source, judgementOf(estate));
    expect(status.host).toMatchObject({
      gateways: [{ address: "192.0.2.1", answers: null }],
      defaultRouteLost: false,
      receiveBufferErrors: 7,
      loopDelay: { main: null, probing: null },
    });
    expect(status.isolation).toBeNull();
    const text = renderPage(status, "1");
    for (const said of [
      "gateway 192.0.2.1 never answered",
      "7 datagrams lost",
      "2 steps of the wall clock",
      "slept for 1m 30s",
    ]) {
      expect(text).toContain(said);
    }
    expect(text).not.toContain(names);
  });
});

describe("page", () => {
  it.each(pathStates)("says the word for a path that is %s, and never by colour alone", (state) => {
    const shown = panel(
      page({ "fra-1 azurePrivate primary": { ...silentLoss, state, reasons: silentLoss?.reasons ?? [] } }),
      "fra-1-azurePrivate-primary",
    );
    expect(shown).toMatch(new RegExp(`<span aria-hidden="true">.</span> ${state}</span>`));
  });

  it("begins with what is not well, and with the circuits where they are not", () => {
    const order = (text: string) =>
      [...text.matchAll(/<section id="(circuits|global-reach)"/g)].map(([, section]) => section);
    const pair = { "ams sin": silentLoss ?? { reasons: [] } };
    expect(order(page({}))).toEqual(["circuits", "global-reach"]);
    expect(order(page(pair))).toEqual(["global-reach", "circuits"]);
    expect(order(page({ ...pair, "fra-1 azurePrivate primary": pair["ams sin"] }))).toEqual([
      "circuits",
      "global-reach",
    ]);
  });

  it("shows sessions that nobody configured, with who told of them, and drops of those that are", () => {
    const snapshot = stateOf(estate);
    const unconfigured = [{ remoteAddress: "172.16.0.66", state: "active" }] as const;
    snapshot.observe({ kind: "peers", router: "ams-ce1", at: now, unconfigured });
    const path = pathsOf(estate)[0] ?? expect.fail();
    const was = { kind: "session", router: path.router, remoteAddress: path.session.remoteAddress } as const;
    const up = { present: true, state: "established", adminUp: true, remoteAsn: 12_076, lastError: [0, 0] } as const;
    const seen = { ...was, ...up, establishedTransitions: 11, establishedSeconds: 1e6, holdTime: 180 } as const;
    snapshot.observe({ ...seen, at: later(now, seconds(-20)) });
    snapshot.observe({ ...seen, at: now, establishedTransitions: 12, establishedSeconds: 5 });
    const status = statusOf(
      { estate, snapshot, clock: fixedClock, version: "1", simulation: undefined },
      judgementOf(estate),
    );
    const text = renderPage(status, "1");
    expect(text).toContain(
      "BGP sessions with AS 12076 that no path of the configuration has, so nothing watches them: 172.16.0.66 (active; by snmp under 1s ago)",
    );
    expect(text).toContain("<dd>hold time 3m; by snmp under 1s ago</dd>");
    expect(text).toMatch(/1 drop in 24h \(1 in 1h, 1 in 5m\), last \d\d:\d\d:\d\d UTC/);
    expect(status.routers.find(({ name }) => name === "ams-ce1")?.unconfigured).toEqual([
      { remoteAddress: "172.16.0.66", state: "active", sources: [{ source: "snmp", age: 0 }] },
    ]);
    expect(status.routers.filter(({ unconfigured: others }) => others.length > 0)).toHaveLength(1);
  });

  it("shows cause, evidence, owner, figures and how long of a broken path", () => {
    const shown = panel(page({ "ams-1 azurePrivate primary": linkFailure }), "ams-1-azurePrivate-primary");
    for (const text of [
      "Interface down:",
      "interface ams-ce1 er0 is down (ifOperStatus), admin up",
      "you or the provider",
      "03:08:32 UTC",
      "4m 12s",
      "100 % of 50 probes",
      "no answer",
      "AS 12076",
    ]) {
      expect(shown).toContain(text);
    }
  });

  it("shows what the router tells of the link besides, and so does the ticket", () => {
    const snapshot = stateOf(estate);
    const path = estate.circuits.get("ams-1")?.peerings[0]?.paths.primary ?? expect.fail();
    for (const observation of linkOf(path.router, path.session.remoteAddress, path.interface, now)) {
      snapshot.observe(observation);
    }
    const judgement = judgementOf(estate, { "ams-1 azurePrivate primary": linkFailure });
    const status = statusOf({ estate, snapshot, clock: fixedClock, version: "1", simulation: undefined }, judgement);
    const text = renderPage(status, "1.2.3");
    const shown = panel(text, "ams-1-azurePrivate-primary");
    const folded = /<details id="path-ams-1-azurePrivate-primary-more"[\s\S]*?<\/details>/.exec(shown)?.[0];
    expect(folded).toContain("<dt>BFD</dt><dd>up for 1m, detects in 900 ms (300 ms x 3)</dd>");
    expect(shown).toContain("<dt>ARP</dt><dd>present, 12:34:56:78:9a:bc</dd>");
    expect(shown).toMatch(/^Optics: +receive -3\.1/m);
    // The router tells nothing of the other links.
    expect(panel(text, "fra-1-azurePrivate-primary")).not.toContain("BFD");
  });

  it("offers a ticket only for what is broken", () => {
    expect(page()).not.toContain("Evidence for the ticket");
    const wrong = page({ "ams-1 azurePrivate primary": linkFailure, "ams sin": silentLoss });
    expect(wrong.match(/Evidence for the ticket/g)).toHaveLength(2);
  });

  it("links each answer to a ticket that is on the page", () => {
    const wrong = {
      "ams-1 azurePrivate primary": linkFailure,
      "ams sin": silentLoss,
      "sin-1 azurePrivate primary": notSeen,
    };
    const text = page(wrong);
    const targets = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets).toHaveLength(3);
    for (const id of targets) expect(text).toContain(`<details id="${id}"`);
  });

  it("never uses an id twice", () => {
    const everything = Object.fromEntries(
      [...estate.circuits.values()].flatMap((c) =>
        c.peerings.flatMap((p) => ["primary", "secondary"].map((l) => [`${c.name} ${p.name} ${l}`, linkFailure])),
      ),
    ) as Wrong;
    const ids = [...page(everything).matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(20);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("says plainly that an estate is simulated, and only then", () => {
    const banner = "Simulated estate: no real circuit is watched.";
    expect(page({}, { simulation: () => "Chapter <one>" })).toContain(`${banner}</strong> Chapter &lt;one&gt;`);
    expect(page()).not.toContain("Simulated");
  });

  it("says that it is old when the agent stopped judging", () => {
    const source = { estate, snapshot: stateOf(estate), clock: fixedClock, version: "1", simulation: undefined };
    const old = renderPage(statusOf(source, judgementOf(estate, {}, seconds(34))), "1");
    expect(old).toContain("The agent stopped judging 34s ago");
    expect(page()).not.toContain("stopped judging");
  });

  it("has something to show before the first judgement", () => {
    expect(renderPage(undefined, "1")).toContain("nothing judged yet");
  });

  it("has no running time in the live headline, so that it is read aloud only when it changed", () => {
    const live = page({ "ams-1 azurePrivate primary": linkFailure })
      .split('aria-live="polite">')[1]
      ?.split("</header>")[0];
    expect(live).toContain("1 of 4 circuits is not redundant");
    expect(live).not.toMatch(/UTC|\d+m \d+s/);
  });

  it("carries no inline script and no inline style: the policy would refuse them", () => {
    const text = page({ "ams-1 azurePrivate primary": linkFailure });
    expect(text).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/);
  });
});

describe("hostile text", () => {
  const nasty = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "<script>alert(1)</script>",
      "\"'><img src=x onerror=alert(1)>",
      "</pre></details>",
      "&#60;b&#62;",
      "`x`",
    ),
  );

  it("from routers and reasons changes no tag of the page", () => {
    const shape = (text: string) =>
      tagsOf(
        page(
          {
            "ams-1 azurePrivate primary": {
              ...linkFailure,
              reasons: [{ cause: "interfaceDown", owner: "customer", evidence: text }],
            },
          },
          { descr: text, simulation: () => text },
        ),
      );
    const plain = shape("plain");
    fc.assert(
      fc.property(nasty, (text) => {
        expect(shape(`x${text}`)).toEqual(plain);
      }),
      { numRuns: 100 },
    );
  });

  it("cannot leave an attribute or a text", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(html`${text}`.markup).not.toMatch(/[<>"'`]/);
      }),
      { numRuns: 1_000 },
    );
  });

  it("cannot reorder the line that quotes it", () => {
    expect(html`${"up \u202enwod\u2066\u0007"}`.markup).toBe("up \ufffdnwod\ufffd\ufffd");
  });

  it("cannot begin a line of the ticket", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const ticketLines = (evidence: string) => {
          const status = statusWith({
            "ams-1 azurePrivate primary": {
              ...linkFailure,
              reasons: [{ cause: "interfaceDown", owner: "customer", evidence }],
            },
          });
          const circuit = status.circuits[0];
          const peering = circuit?.peerings[0];
          const path = peering?.paths[0];
          if (circuit === undefined || peering === undefined || path === undefined) throw new Error("no path");
          return pathTicket(status, circuit, peering, path).split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/).length;
        };
        expect(ticketLines(`x\r\nOwner: Microsoft${text}`)).toBe(ticketLines("plain"));
      }),
      { numRuns: 200 },
    );
  });
});

describe("ticket", () => {
  const ticketOf = (circuitIndex: number, wrong: Wrong, simulation?: () => string) => {
    const status = statusWith(wrong, { simulation });
    const circuit = status.circuits[circuitIndex];
    const peering = circuit?.peerings[0];
    const path = peering?.paths[0];
    if (circuit === undefined || peering === undefined || path === undefined) throw new Error("no path");
    return pathTicket(status, circuit, peering, path);
  };

  it("has all that a provider or Microsoft asks for", () => {
    expect(ticketOf(0, { "ams-1 azurePrivate primary": linkFailure }).split("\n")).toEqual([
      "ExpressRoute ams-1, azurePrivate, primary link: down",
      "State:       down since 2026-03-08T03:08:32Z (4m 12s)",
      "As of:       2026-03-08T03:12:44Z (UTC)",
      "Circuit:     ams-1 (premium, cloudExchange, 1 Gbit/s)",
      "Service key: 7a3c0000-0000-4000-8000-000000000061",
      "Provider:    Equinix, Amsterdam",
      "Peering:     azurePrivate, VLAN 100",
      "Redundancy:  reduced since 2026-03-08T03:08:32Z",
      "Our router:  ams-ce1, interface er0: up",
      "Far end:     MSEE 172.16.100.2, AS 12076, subnet 172.16.100.0/30",
      "BGP session: 172.16.100.1 to 172.16.100.2: established for 4h 11m",
      "Loss:        100 % of 50 probes",
      "Round trip:  no answer",
      "Other link:  secondary: up since 2026-03-07T23:00:44Z",
      "Fault with:  our side or the provider",
      "Evidence:    interface down: interface ams-ce1 er0 is down (ifOperStatus), admin up",
      expect.stringMatching(/^Evidence: {4}BGP session down: /),
    ]);
  });

  it("names the provider edge, and no subnet of Microsoft, where that is the far end", () => {
    const text = ticketOf(3, { "sin-1 azurePrivate primary": linkFailure });
    expect(text).toContain("Far end:     provider edge 10.9.0.1, AS 64999\n");
    expect(text).toContain("Not covered: the MSEE");
  });

  it("warns that a simulated failure is not for a ticket", () => {
    expect(ticketOf(0, { "ams-1 azurePrivate primary": linkFailure }, () => "story")).toContain("SIMULATED:");
  });
});
