// The HTTP proxies of checks with their passwords read.

import { formatAddress, parseAddress } from "../estate/address.ts";
import type { HttpProxy } from "../estate/service.ts";
import type { Finding } from "./error.ts";
import { present } from "./rules/rule.ts";
import type { ConfigurationInput, Draft } from "./schema.ts";
import { type SecretSources, secretAt } from "./secrets.ts";

/** By their names; what cannot be read is added to the findings. */
export function proxiesOf(
  draft: Draft<ConfigurationInput>,
  sources: SecretSources,
  findings: Finding[],
): ReadonlyMap<string, HttpProxy> {
  const proxies = new Map<string, HttpProxy>();
  for (const [name, { host, port, user, password: reference }] of present(draft.checking?.proxies)) {
    const path = ["checking", "proxies", name, "password"];
    const password = secretAt(path, reference, sources, findings);
    if (host === undefined || port === undefined) continue;
    const address = parseAddress(host);
    const canonical = address === undefined ? host.toLowerCase() : formatAddress(address);
    const credentials = user !== undefined && password !== undefined ? { user, password } : undefined;
    proxies.set(name, { name, host: canonical, port, credentials });
  }
  return proxies;
}
