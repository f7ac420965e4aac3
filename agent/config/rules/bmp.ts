import { formatAddress, parseAddress } from "../../estate/address.ts";
import { choose, isDefined, items, namesUnder, notDefined, present, type Rule } from "./rule.ts";

export const bmpRoutersAreDefined: Rule = ({ draft, given, report }) => {
  const defined = namesUnder(given, ["routers"]);
  if (defined === undefined) return;
  for (const [name] of present(draft.bmp?.routers)) {
    if (isDefined(name, defined)) continue;
    report(["bmp", "routers", name], notDefined(name, "routers"), choose(name, defined, "routers"), "key");
  }
};

/** A router is known by the address that it connects from, so none may be of two. */
export const bmpAddressesAreOfOneRouter: Rule = ({ draft, report }) => {
  if (draft.bmp === undefined) return;
  const owners = new Map<string, string>();
  const canonical = (text: string | undefined) => {
    const parsed = parseAddress(text ?? "");
    return parsed && formatAddress(parsed);
  };
  const monitored =
    draft.bmp.routers === undefined ? undefined : new Set(present(draft.bmp.routers).map(([name]) => name));
  for (const [name, { address: polled, notifications }] of present(draft.routers)) {
    const others = items(notifications?.addresses).map(([, text]) => text);
    if (monitored?.has(name) === false) continue;
    const own = canonical(polled);
    const owner = own === undefined ? undefined : owners.get(own);
    if (own !== undefined && owner !== undefined) {
      const problem = `${own} is also the address of ${owner}, and BMP connections are known by their address`;
      report(["routers", name, "address"], problem, "leave one of the two out of bmp.routers");
    }
    for (const address of [own, ...others.map(canonical)]) if (address !== undefined) owners.set(address, name);
  }
  for (const [name, router] of present(draft.bmp.routers)) {
    for (const [i, text] of items(router.addresses)) {
      const address = canonical(text);
      if (address === undefined) continue;
      const owner = owners.get(address) ?? name;
      owners.set(address, owner);
      if (owner === name) continue;
      const fix = "a connection is known by its source: list each address under the one router that has it";
      report(["bmp", "routers", name, "addresses", i], `${address} is also an address of ${owner}`, fix);
    }
  }
};
