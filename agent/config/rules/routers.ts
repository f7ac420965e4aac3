import { formatAddress, parseAddress } from "../../estate/address.ts";
import { credentialNames } from "../issues.ts";
import { choose, isDefined, present, type Rule } from "./rule.ts";

/** The name that was written is not repeated: people put the community itself there. */
export const credentialsAreDefined: Rule = ({ draft, given, report }) => {
  const defined = credentialNames(given);
  if (defined === undefined) return;
  for (const [name, router] of present(draft.routers)) {
    const { credentials } = router;
    if (credentials === undefined || isDefined(credentials, defined)) continue;
    const path = ["routers", name, "credentials"];
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
