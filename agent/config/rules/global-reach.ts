import { oneOf, quote } from "../error.ts";
import { choose, isDefined, items, namesUnder, notDefined, present, type Rule } from "./rule.ts";

export const globalReachJoinsTwoCircuits: Rule = ({ draft, given, report }) => {
  const defined = namesUnder(given, ["circuits"]) ?? [];
  const seen = new Map<string, string>();
  for (const [name, { circuits }] of present(draft.globalReach)) {
    if (circuits === undefined) continue;
    const path = ["globalReach", name, "circuits"];
    if (circuits.length !== 2) {
      const problem = `names ${circuits.length} circuit${circuits.length === 1 ? "" : "s"}`;
      report(path, problem, "a Global Reach joins exactly two: write one entry for each pair, such as [ams-1, sin-1]");
    }
    for (const [i, circuit] of items(circuits)) {
      const circuitPath = [...path, i];
      if (circuits.indexOf(circuit) < i)
        report(circuitPath, `${quote(circuit)} stands twice`, "name two different circuits");
      else if (!isDefined(circuit, defined)) {
        report(circuitPath, notDefined(circuit, "circuits"), choose(circuit, defined, "circuits"));
      } else {
        const described = draft.circuits?.[circuit];
        if (described?.sku === "local") {
          report(
            circuitPath,
            `${circuit} has the SKU local, which has no Global Reach`,
            "remove it, or correct the SKU of the circuit",
          );
        }
        if (namesUnder(given, ["circuits", circuit, "peerings"])?.includes("azurePrivate") === false) {
          const fix = `Global Reach joins private peerings: add azurePrivate to ${circuit}`;
          report(circuitPath, `${circuit} has no azurePrivate peering`, fix);
        }
      }
    }
    const pair = circuits.toSorted().join(" ");
    const first = seen.get(pair);
    if (circuits.length === 2 && first !== undefined) {
      report(path, `these circuits are joined by ${first} already`, "keep one of the two entries");
    } else seen.set(pair, name);
  }
};

/** Sites are not declared: one exists where a router or this agent stands. */
export const probesRunBetweenSites: Rule = ({ draft, given, report }) => {
  const routers = namesUnder(given, ["routers"]);
  const complete = routers?.every((name) => draft.routers?.[name]?.site !== undefined) ?? false;
  const sites = [...new Set([draft.site, ...present(draft.routers).map(([, router]) => router.site)])].filter(
    (site): site is string => site !== undefined,
  );
  for (const [name, { probes }] of present(draft.globalReach)) {
    for (const [i, { from, to }] of items(probes)) {
      const path = ["globalReach", name, "probes", i];
      if (from !== undefined && from === to) {
        report([...path, "to"], `is the site from which the probe is sent`, "name the site at the other end");
      }
      // With the site of some router unreadable, a site that seems unknown may be that one.
      if (!complete || draft.site === undefined) continue;
      for (const [key, site] of Object.entries({ from, to })) {
        if (site === undefined || sites.includes(site)) continue;
        const problem = `no router stands at a site ${quote(site)}`;
        report([...path, key], problem, `use ${oneOf(sites)}, or correct the site of a router`);
      }
    }
  }
};
