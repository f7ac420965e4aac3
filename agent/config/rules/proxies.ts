import { choose, isDefined, isWritten, namesUnder, notDefined, present, type Rule } from "./rule.ts";
import { checkLists, checkNoPort } from "./services.ts";

export const proxiesAreDefined: Rule = ({ draft, given, report }) => {
  const proxies = namesUnder(given, ["checking", "proxies"]) ?? [];
  for (const { path, checks } of checkLists(draft)) {
    for (const [i, { proxy, address, host, url }] of checks) {
      if (proxy === undefined) continue;
      const here = [...path, i];
      if (!isDefined(proxy, proxies)) {
        const section = "checking.proxies";
        report([...here, "proxy"], notDefined(proxy, section), choose(proxy, proxies, section));
      }
      if (address !== undefined) {
        report([...here, "address"], "the proxy chooses the address", "remove it, or proxy", "key");
      }
      if (host !== undefined && url?.startsWith("http:") === true) {
        const problem = "a proxy takes the host from the URL (RFC 9112 section 3.2.2)";
        report([...here, "host"], problem, "remove it, or proxy", "key");
      }
    }
  }
};

/** A user without a password, or the other way round, would be found out by the proxy only. */
export const proxiesAreWhole: Rule = ({ draft, given, report }) => {
  for (const [name, { host, user, password }] of present(draft.checking?.proxies)) {
    const path = ["checking", "proxies", name];
    checkNoPort(host, [...path, "host"], report);
    if (user !== undefined && !isWritten(given, [...path, "password"])) {
      const fix = "add where the secret is, such as password: { credential: proxy-password }";
      report([...path, "password"], "is missing: there is a user", fix, "key");
    }
    if (password !== undefined && !isWritten(given, [...path, "user"])) {
      report([...path, "user"], "is missing: there is a password", "add the user that it is of", "key");
    }
  }
};
