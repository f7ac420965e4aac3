import { formatAddress, parseAddress } from "../../estate/address.ts";
import type { KeyPath } from "../error.ts";
import { credentialNames } from "../issues.ts";
import { choose, isDefined, items, present, type Rule } from "./rule.ts";

/** The name that was written is not repeated: people put the community itself there. */
export const credentialsAreDefined: Rule = ({ draft, given, report }) => {
  const defined = credentialNames(given);
  if (defined === undefined) return;
  const named: readonly (readonly [KeyPath, string | undefined])[] = [
    [["snmp", "notifications", "credentials"], draft.snmp?.notifications?.credentials],
    ...present(draft.routers).flatMap(([name, { credentials, notifications }]) => [
      [["routers", name, "credentials"], credentials] as const,
      [["routers", name, "notifications", "credentials"], notifications?.credentials] as const,
    ]),
  ];
  for (const [path, credentials] of named) {
    if (credentials === undefined || isDefined(credentials, defined)) continue;
    report(path, "names credentials that are not defined", choose(credentials, defined, "snmp.credentials"));
  }
};

export const routersHaveTheirOwnAddress: Rule = ({ draft, report }) => {
  const seen = new Map<string, string>();
  for (const [name, { address, port = 161 }] of present(draft.routers)) {
    const parsed = parseAddress(address ?? "");
    if (parsed === undefined) continue;
    const socket = parsed.family === 6 ? `[${formatAddress(parsed)}]:${port}` : `${formatAddress(parsed)}:${port}`;
    const first = seen.get(socket);
    if (first === undefined) seen.set(socket, name);
    else {
      const problem = `${socket} is also the address of ${first}`;
      report(["routers", name, "address"], problem, "give each router its own address or port, or remove one of them");
    }
  }
};

/** A notification is known by its source address, so no address may be of two routers. */
export const notificationAddressesAreOfOneRouter: Rule = ({ draft, report }) => {
  const routers = present(draft.routers);
  const owners = new Map<string, string>();
  for (const [name, { address }] of routers) {
    const parsed = parseAddress(address ?? "");
    if (parsed !== undefined) owners.set(formatAddress(parsed), name);
  }
  for (const [name, { notifications }] of routers) {
    for (const [i, text] of items(notifications?.addresses)) {
      const parsed = parseAddress(text);
      if (parsed === undefined) continue;
      const address = formatAddress(parsed);
      const owner = owners.get(address) ?? name;
      owners.set(address, owner);
      if (owner === name) continue;
      const fix = "a notification is known by its source: list each address under the one router that has it";
      report(["routers", name, "notifications", "addresses", i], `${address} is also an address of ${owner}`, fix);
    }
  }
};
