// Played histories in which the monitor is the problem, and some in which it only looks so.

import { describe, expect, it } from "vitest";
import type { Estate } from "../../agent/estate/estate.ts";
import { isolationCauses } from "../../agent/estate/isolation.ts";
import { estate as anEstate } from "../support/estate.ts";
import { type Scene, scene } from "./scene.ts";

/** A host that tells of itself, and an estate that is well. */
function wellFor(s: number, estate?: Estate): Scene {
  const played = scene(estate);
  played.host.tells = true;
  played.play(s);
  expect(played.selfStates()).toEqual(["inactive"]);
  return played;
}

const everything = (s: Scene) => [s.primary, s.secondary, s.pair];
const silence = (s: Scene) => {
  for (const part of everything(s)) Object.assign(part, { answers: false, dark: true });
};
const speak = (s: Scene) => {
  for (const part of everything(s)) Object.assign(part, { answers: true, dark: false, cannotSend: false });
};

/** How each cause begins and ends; every one of them cuts the agent off from everything. */
const faults: Readonly<Record<(typeof isolationCauses)[number], { begin(s: Scene): void; end(s: Scene): void }>> = {
  interfaceDown: {
    begin(s) {
      silence(s);
      for (const part of everything(s)) part.cannotSend = true;
      Object.assign(s.host, { interface: "down", routes: "none", gateway: "silent" });
    },
    end(s) {
      speak(s);
      Object.assign(s.host, { interface: "up", routes: "all", gateway: "answers" });
    },
  },
  noRoute: {
    begin(s) {
      silence(s);
      Object.assign(s.host, { routes: "noDefault", gateway: "silent" });
    },
    end(s) {
      speak(s);
      Object.assign(s.host, { routes: "all", gateway: "answers" });
    },
  },
  gatewaySilent: {
    begin(s) {
      silence(s);
      s.host.gateway = "silent";
    },
    end(s) {
      speak(s);
      s.host.gateway = "answers";
    },
  },
  hostStarved: {
    begin: (s) => s.pause(10),
    end: () => undefined,
  },
  hostSlept: {
    begin: (s) => s.sleep(3_600),
    end: () => undefined,
  },
  nothingAnswers: {
    begin: silence,
    end: speak,
  },
};

describe.each(isolationCauses)("%s", (cause) => {
  it.each([4, 10, 30])("is one isolation of %s s, blames no path, and ends", (length) => {
    const s = wellFor(20);
    const { begin, end } = faults[cause];
    begin(s);
    s.play(length);
    if (s.isolations() > 0) expect(s.latest().isolation).toMatchObject({ cause });
    end(s);
    s.play(60);
    const state = s.latest().isolation;
    expect(state.state).toBe("inactive");
    // Nobody says why: then it takes until the answers of every router are stale.
    expect(s.isolations()).toBe(1);
    expect(s.selfStates().filter((word) => word.startsWith("firing"))).toEqual([`firing ${cause}`]);
    for (const link of ["primary", "secondary"] as const) expect(s.states(link)).toEqual(["up", "unknown", "up"]);
    expect(s.redundancy().redundancy).toBe("redundant");
    expect(s.pairVerdict()).toMatchObject({ state: "up", transitions: 2 });
    expect(s.latest().routers.map(({ reachable }) => reachable)).toEqual([true, true]);
  });
});

describe("while it lasts", () => {
  it("everything is unknown, with the cause as its reason and the jump host's people as its owner", () => {
    const s = wellFor(20);
    faults.gatewaySilent.begin(s);
    s.play(5);
    expect(s.latest()).toMatchObject({ isolated: true });
    expect(s.path("primary").state).toBe("unknown");
    expect(s.path("primary").reasons[0]).toMatchObject({ cause: "agentIsolated", owner: "customer" });
    expect(s.path("primary").reasons[0]?.evidence).toContain("the gateway 192.0.2.1 of this host does not answer");
    expect(s.pairVerdict().state).toBe("unknown");
    expect(s.latest().routers.map(({ reachable }) => reachable)).toEqual(["unknown", "unknown"]);
    expect(s.redundancy().redundancy).toBe("unknown");
  });

  it("keeps what fired before, and lets it end afterwards", () => {
    const s = wellFor(20);
    s.primary.interface = { operStatus: "down" };
    s.play(5);
    expect(s.path("primary").state).toBe("down");
    faults.interfaceDown.begin(s);
    s.play(30);
    expect(s.latest().isolated).toBe(true);
    expect(s.path("primary").state).toBe("down");
    expect(s.path("primary").reasons[0]).toMatchObject({ cause: "interfaceDown" });
    expect(s.redundancy().redundancy).toBe("reduced");
    s.primary.interface = {};
    faults.interfaceDown.end(s);
    s.play(60);
    expect(s.states("primary")).toEqual(["up", "down", "unknown", "up"]);
    expect(s.states("secondary")).toEqual(["up", "unknown", "up"]);
  });

  it("an uplink that comes and goes is one isolation", () => {
    const s = wellFor(20);
    for (let i = 0; i < 6; i++) {
      faults.interfaceDown.begin(s);
      s.play(5);
      faults.interfaceDown.end(s);
      s.play(3);
    }
    s.play(30);
    expect(s.isolations()).toBe(1);
    for (const link of ["primary", "secondary"] as const) expect(s.states(link)).toEqual(["up", "unknown", "up"]);
  });

  it.each([0.5, 1, 1.5, 1.75, 2, 2.5])("an uplink that blinks for %s s leaves no loss behind", (length) => {
    const s = wellFor(20);
    faults.gatewaySilent.begin(s);
    s.play(length);
    faults.gatewaySilent.end(s);
    s.play(60);
    // Half a second of loss is 5 % of the window, and no more is seen of it than of any loss.
    for (const link of ["primary", "secondary"] as const) {
      expect(s.states(link).filter((word) => word === "down")).toEqual([]);
      if (length >= 1.75) expect(s.states(link)).not.toContain("degraded");
    }
  });
});

describe("an agent that starts cut off", () => {
  it("says so, and judges when it hears for the first time", () => {
    const s = scene();
    Object.assign(s.host, { tells: true, routes: "none", gateway: "neverAnswered" });
    silence(s);
    s.play(10);
    expect(s.latest().isolation).toMatchObject({ state: "firing", cause: "noRoute" });
    expect(s.latest().isolation.evidence).toBe("this host has no route to any router or target, and nothing is heard");
    speak(s);
    Object.assign(s.host, { routes: "all", gateway: "answers" });
    s.play(30);
    expect(s.isolations()).toBe(1);
    for (const link of ["primary", "secondary"] as const) expect(s.states(link)).toEqual(["unknown", "up"]);
  });
});

describe("afterwards", () => {
  it("a path that comes back dark is down, once it had its time", () => {
    const s = wellFor(20);
    faults.interfaceDown.begin(s);
    s.play(20);
    faults.interfaceDown.end(s);
    s.primary.dark = true;
    s.play(4);
    expect(s.path("primary").state).not.toBe("down");
    s.play(6);
    expect(s.path("primary")).toMatchObject({ state: "down", reasons: [{ cause: "probesSilent" }] });
    expect(s.states("secondary")).toEqual(["up", "unknown", "up"]);
  });

  it("a path over which the host cannot send yet is not", () => {
    const s = wellFor(20);
    faults.gatewaySilent.begin(s);
    s.play(20);
    faults.gatewaySilent.end(s);
    s.primary.cannotSend = true;
    s.play(40);
    expect(s.states("primary")).toEqual(["up", "unknown", "up"]);
  });

  it("a router that stays silent is unreachable after as many polls as ever", () => {
    const s = wellFor(20);
    faults.gatewaySilent.begin(s);
    s.play(20);
    faults.gatewaySilent.end(s);
    s.primary.answers = false;
    s.play(2.5);
    expect(s.latest().routers.map(({ reachable }) => reachable)).toEqual(["unknown", "unknown"]);
    s.play(4);
    expect(s.latest().routers.map(({ reachable }) => reachable)).toEqual([false, true]);
  });

  it("a link that broke meanwhile is told as soon as the router says so", () => {
    const s = wellFor(20);
    s.pause(10);
    s.secondary.interface = { operStatus: "down" };
    s.play(2);
    expect(s.latest().isolated).toBe(true);
    expect(s.path("secondary")).toMatchObject({ state: "down", reasons: [{ cause: "interfaceDown" }] });
  });
});

describe("not isolated", () => {
  it("when the gateway answers no ping and the rest does", () => {
    const s = scene();
    Object.assign(s.host, { tells: true, gateway: "neverAnswered" });
    s.play(30);
    s.host.gateway = "answers";
    s.play(5);
    s.host.gateway = "silent";
    s.play(60);
    expect(s.isolations()).toBe(0);
    expect(s.states("primary")).toEqual(["up"]);
  });

  it("when the host calls its interface down, or has no default route, and things answer", () => {
    const s = wellFor(20);
    Object.assign(s.host, { interface: "down", routes: "none", gateway: "silent" });
    s.play(30);
    expect(s.selfStates()).toEqual(["inactive"]);
    expect(s.states("primary")).toEqual(["up"]);
  });

  it("when one router and its path are dead and the gateway answers: that path is down", () => {
    const s = wellFor(20);
    Object.assign(s.primary, { answers: false, dark: true });
    s.play(10);
    expect(s.selfStates()).toEqual(["inactive"]);
    expect(s.path("primary")).toMatchObject({ state: "down" });
    expect(s.latest().routers.map(({ reachable }) => reachable)).toEqual([false, true]);
  });

  it("when the only router is dead and the gateway answers", () => {
    const all = anEstate();
    const [first] = all.routers;
    const circuits = new Map(
      [...all.circuits].map(([name, circuit]) => {
        const peerings = circuit.peerings.map((peering) => {
          const { primary, secondary } = peering.paths;
          return { ...peering, paths: { primary, secondary: { ...secondary, router: "ams-ce1", interface: "er1" } } };
        });
        return [name, { ...circuit, peerings }] as const;
      }),
    );
    const one: Estate = { ...all, routers: new Map(first === undefined ? [] : [first]), circuits };
    const s = wellFor(20, one);
    silence(s);
    s.play(20);
    expect(s.selfStates()).toEqual(["inactive"]);
    expect(s.redundancy().redundancy).toBe("lost");
    // Without the gateway nobody could tell.
    const deaf = scene(one);
    deaf.play(20);
    silence(deaf);
    deaf.play(20);
    expect(deaf.latest().isolation).toMatchObject({ state: "firing", cause: "nothingAnswers" });
    expect(deaf.redundancy().redundancy).toBe("unknown");
  });

  it("when every probe is dark while routers and gateway answer", () => {
    const s = wellFor(20);
    for (const part of everything(s)) part.dark = true;
    s.play(8);
    expect(s.selfStates()).toEqual(["inactive"]);
    expect(s.redundancy().redundancy).toBe("lost");
  });
});

describe("two routers and every probe silent, and only the gateway answers", () => {
  it("is isolation, for what is behind the gateway cannot be told apart", () => {
    const s = wellFor(20);
    silence(s);
    s.play(30);
    expect(s.latest().isolation).toMatchObject({ state: "firing", cause: "nothingAnswers" });
    expect(s.latest().isolation.evidence).toContain("only the gateway 192.0.2.1 answers");
    for (const link of ["primary", "secondary"] as const) expect(s.states(link)).toEqual(["up", "unknown"]);
  });
});

describe("starvation", () => {
  it("of the probing thread alone counts, also when it is late again and again", () => {
    for (const late of [3, 0.6]) {
      const s = wellFor(20);
      s.host.probingLate = late;
      s.play(20);
      expect(s.latest().isolation).toMatchObject({ state: "firing", cause: "hostStarved" });
      expect(s.latest().isolation.evidence).toContain("it waited for a CPU 90 % of the time");
      s.host.probingLate = 0;
      s.play(30);
      expect(s.selfStates()).toEqual(["inactive", "firing hostStarved", "inactive"]);
    }
  });

  it("that is short is none", () => {
    const s = wellFor(20);
    s.host.probingLate = 0.3;
    s.play(20);
    s.pause(1.5);
    s.play(20);
    expect(s.selfStates()).toEqual(["inactive"]);
  });

  it("takes no probe that was lost in it for evidence", () => {
    const s = wellFor(20);
    // Every probe of the last second before the pause is lost, and none was read in time.
    for (const part of everything(s)) part.dark = true;
    s.play(1);
    s.pause(10);
    for (const part of everything(s)) part.dark = false;
    s.play(60);
    for (const link of ["primary", "secondary"] as const) expect(s.states(link)).toEqual(["up", "unknown", "up"]);
  });
});
