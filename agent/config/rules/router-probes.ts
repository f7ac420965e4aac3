import { linkNames, peeringNames } from "../../estate/estate.ts";
import { items, present, type Rule } from "./rule.ts";

/** Each way to name a probe of a router is whole, and the only one. */
export const routerProbesAreNamedInOneWay: Rule = ({ draft, given, report }) => {
  for (const [circuit, { peerings }] of present(draft.circuits)) {
    for (const peering of peeringNames) {
      for (const link of linkNames) {
        for (const [i] of items(peerings?.[peering]?.routerProbes?.[link])) {
          const path = ["circuits", circuit, "peerings", peering, "routerProbes", link, i];
          const written = keysAt(given, path);
          const has = (key: string) => written.includes(key);
          const ways = ["index", "tag"].filter(has).length + (has("owner") || has("test") ? 1 : 0);
          const fix = "write index, or tag, or owner and test";
          if (ways > 1) report(path, "names a probe in several ways", fix);
          else if (ways === 0) report(path, "names no probe", fix);
          else if (has("owner") && !has("test")) report(path, "has an owner and no test", "add the name of the test");
          else if (has("test") && !has("owner")) report(path, "has a test and no owner", "add the owner of the test");
        }
      }
    }
  }
};

/** What is written, also where its value is wrong, which is reported there. */
function keysAt(given: unknown, path: readonly (string | number)[]): readonly string[] {
  let value = given;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return [];
    value = (value as Record<string | number, unknown>)[part];
  }
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}
