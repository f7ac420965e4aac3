import { describe, expect, it } from "vitest";
import type { Estate } from "../../agent/estate/estate.ts";
import { estate } from "../support/estate.ts";
import { scene } from "./scene.ts";

const guarded: Estate = { ...estate(), prefixGuard: { note: 0.8, raise: 0.9 } };
const [circuit] = guarded.circuits.values();
const limit = circuit?.peerings[0]?.prefixLimits.ipv4 ?? 0;

function announcing(of: Estate = guarded) {
  const s = scene(of);
  const play = { s, advertised: 10 as number | undefined };
  s.primary.tells = (remoteAddress, at) => {
    const counts = { received: 5, accepted: 5, active: 5, advertised: play.advertised };
    const router = "ams-ce1";
    return [{ kind: "prefixes", router, remoteAddress, at, families: [{ family: "ipv4", ...counts }] }];
  };
  return play;
}
const conditionOf = ({ s }: ReturnType<typeof announcing>) =>
  s.path("primary").conditions.find(({ check }) => check === "prefixLimit");

describe("the prefixes that a router announces", () => {
  it("are noted from 80 % of Microsoft's limit on, and degrade the path from 90 %", () => {
    const play = announcing();
    play.s.play(5);
    expect(conditionOf(play)).toMatchObject({ state: "inactive" });
    play.advertised = Math.ceil(limit * 0.8);
    play.s.play(5);
    expect(conditionOf(play)).toMatchObject({ state: "firing", effect: "none", owner: "customer" });
    expect(play.s.path("primary").state).toBe("up");
    play.advertised = Math.ceil(limit * 0.9);
    play.s.play(5);
    expect(play.s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ cause: "prefixLimitNear" }] });
    expect(conditionOf(play)?.evidence).toBe(
      `ams-ce1 announces ${play.advertised} ipv4 prefixes to 172.16.0.2, 90 % of the ${limit} above which Microsoft drops the session`,
    );
    play.advertised = 10;
    play.s.play(15);
    expect(play.s.path("primary")).toMatchObject({ state: "up", reasons: [] });
    expect(play.s.path("secondary").conditions.some(({ check }) => check === "prefixLimit")).toBe(false);
  });

  it("are not judged where they are not told, or nothing is configured", () => {
    const untold = announcing();
    untold.advertised = undefined;
    untold.s.play(5);
    expect(conditionOf(untold)).toBeUndefined();
    const unguarded = announcing(estate());
    unguarded.advertised = limit;
    unguarded.s.play(5);
    expect(conditionOf(unguarded)).toBeUndefined();
  });

  it("keep firing when the router does not tell any more", () => {
    const play = announcing();
    play.advertised = limit;
    play.s.play(5);
    play.advertised = undefined;
    play.s.play(30);
    expect(conditionOf(play)).toMatchObject({ state: "firing", effect: "degraded" });
  });
});

describe("the prefixes that a path receives", () => {
  const gateway = ({ s }: ReturnType<typeof receiving>) =>
    s.path("primary").conditions.find(({ check }) => check === "gatewayLimit");

  function receiving(of: Estate = guarded) {
    const s = scene(of);
    const play = { s, received: 10 };
    s.primary.tells = (remoteAddress, at) => {
      const counts = { received: play.received, accepted: undefined, active: undefined, advertised: undefined };
      return [{ kind: "prefixes", router: "ams-ce1", remoteAddress, at, families: [{ family: "ipv4", ...counts }] }];
    };
    return play;
  }

  it("are noted from 80 % of what one gateway may announce on, and never degrade the path", () => {
    const play = receiving();
    play.received = 799;
    play.s.play(5);
    expect(gateway(play)).toBeUndefined();
    play.received = 999;
    play.s.play(5);
    expect(gateway(play)).toMatchObject({ state: "firing", effect: "none", cause: "gatewayLimitNear" });
    expect(gateway(play)?.evidence).toBe(
      "ams-ce1 receives from 172.16.0.2 999 ipv4 prefixes; if they are of one virtual network gateway, that is 99 % of the 1000 above which Microsoft drops its connection",
    );
    expect(play.s.path("primary").state).toBe("up");
    play.received = 700;
    play.s.play(15);
    expect(gateway(play)).toMatchObject({ state: "inactive" });
  });

  it("are not held against a gateway where there is none: on the microsoft peering", () => {
    const [circuit] = guarded.circuits.values();
    if (circuit === undefined) throw new Error("no circuit");
    const peerings = circuit.peerings.map((peering) => {
      const { primary, secondary } = peering.paths;
      const name = "microsoft" as const;
      return {
        ...peering,
        name,
        paths: { primary: { ...primary, peering: name }, secondary: { ...secondary, peering: name } },
      };
    });
    const play = receiving({ ...guarded, circuits: new Map([[circuit.name, { ...circuit, peerings }]]) });
    play.received = 5_000;
    play.s.play(5);
    expect(gateway(play)).toBeUndefined();
  });
});
