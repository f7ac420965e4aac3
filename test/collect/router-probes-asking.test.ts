// How often the probes of routers are asked for, and by what.

import { describe, expect, it } from "vitest";
import type { Instances } from "../support/link-mibs.ts";
import { ipSla, ping } from "../support/router-probe-mibs.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { joined } from "../support/snmp-responder.ts";
import { er0, mib, of, oneRouter, peer, polls, startPolling } from "./scene.ts";

const far = "172.16.0.2";
const plain = (uptime = 100) => mib(uptime, [er0], [peer]);
const routerWith = (...instances: readonly Instances[]) => scriptedRouter(joined(plain(), ...instances));
const asked = (router: ReturnType<typeof scriptedRouter>, how: string) =>
  router.asked.filter((what) => what === `${how} routerProbes`).length;
const session = { localAddress: "172.16.0.1", remoteAddress: far, remoteAsn: 12076 };

describe("how they are asked for", () => {
  it("looked for once, then by one GET each time, and no more often than a probe runs", async () => {
    const router = routerWith(
      ipSla({ number: 7, target: far, frequency: 5 }),
      ipSla({ number: 8, target: far, frequency: 60 }),
      ipSla({ number: 9, target: far, frequency: 1 }),
    );
    const { pass } = startPolling(router, oneRouter({ session }));
    await pass(1_000);
    const walks = asked(router, "walk");
    const seen = of(await pass(60_000), "routerProbe");
    expect(asked(router, "walk")).toBe(walks);
    const times = (name: string) => seen.filter((o) => o.name === name).length;
    expect([times("7"), times("8"), times("9")]).toEqual([12, 1, 60]);
  });

  it("one that goes away is looked for again, and one that never was is left alone for long", async () => {
    const router = routerWith(ipSla({ number: 7, target: far, frequency: 1 }));
    const { pass } = startPolling(router, oneRouter({ session }));
    await pass(2_000);
    router.mib = joined(plain(102), ipSla({ number: 17, target: far, frequency: 1 }));
    expect(of(await pass(2_000), "routerProbe")).toMatchObject([{ name: "17" }, { name: "17" }]);

    const none = routerWith();
    const other = startPolling(none, oneRouter({ session }));
    const first = await other.pass(20_000);
    expect(polls(first, "routerProbes").map(({ result }) => result)).toEqual(["noSuchTable"]);
    const walks = asked(none, "walk");
    await other.pass(500_000);
    expect(asked(none, "walk")).toBe(walks);
  });

  it("each of two paths of a router gets its own", async () => {
    const estate = oneRouter({ session });
    const [circuit] = estate.circuits.values();
    if (circuit === undefined) throw new Error("no circuit");
    const peerings = circuit.peerings.map((peering) => {
      const secondary = { ...peering.paths.primary, link: "secondary" as const };
      const other = { ...secondary, session: { ...session, localAddress: "172.16.0.5", remoteAddress: "172.16.0.6" } };
      return { ...peering, paths: { ...peering.paths, secondary: other } };
    });
    const two = { ...estate, circuits: new Map([[circuit.name, { ...circuit, peerings }]]) };
    const router = routerWith(ipSla({ number: 7, target: far }), ipSla({ number: 8, target: "172.16.0.6" }));
    const seen = of(await startPolling(router, two).pass(1_000), "routerProbe");
    expect(seen.map(({ of: path, name }) => [path, name])).toEqual([
      ["path ams-1 azurePrivate primary", "7"],
      ["path ams-1 azurePrivate secondary", "8"],
    ]);
  });

  it("a failed walk of one table hides no probe of another", async () => {
    const router = routerWith(ping({ owner: "noc", test: "p", target: far }));
    const walk = router.target.walk;
    let failures = 0;
    const target = {
      ...router.target,
      walk: ((columns, ask) => {
        if (ask.table !== "rttMonCtrlAdminTable") return walk(columns, ask);
        failures++;
        const error = { kind: "timeout", router: "ams-ce1", ...ask, detail: "scripted" } as const;
        return Promise.resolve({ ok: false, error });
      }) as typeof walk,
    };
    const { pass } = startPolling({ ...router, target }, oneRouter({ session }));
    expect(of(await pass(1_000), "routerProbe")).toMatchObject([{ name: "noc/p" }]);
    expect(failures).toBe(1);
  });

  it("a row that is none is lost alone", async () => {
    const hostile: Instances = {
      // A probe without a number, one of two, an index that is too short for its strings, and a type that is a text.
      "1.3.6.1.4.1.9.9.42.1.2.1.1.4.7.7": { type: "integer", value: 1 },
      "1.3.6.1.4.1.9.9.42.1.2.1.1.4.9": { type: "octets", value: Uint8Array.of(1) },
      "1.3.6.1.2.1.80.1.2.1.3.200.1": { type: "integer", value: 1 },
      "1.3.6.1.2.1.80.1.2.1.3.1.4095.1.65": { type: "integer", value: 1 },
      "1.3.6.1.4.1.2636.3.50.1.2.1.2.1.65.1": { type: "gauge32", value: 1 },
    };
    const { pass } = startPolling(routerWith(hostile, ipSla({ number: 7, target: far })), oneRouter({ session }));
    expect(of(await pass(1_000), "routerProbe")).toMatchObject([{ name: "7" }]);
  });
});
