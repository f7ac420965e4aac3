import { parseAddress } from "../../estate/address.ts";
import { peeringNames } from "../../estate/estate.ts";
import { parseDuration } from "../../lib/duration.ts";
import { type KeyPath, oneOf, quote } from "../error.ts";
import { checkingDefaults } from "../services-schema.ts";
import {
  type ConfigurationDraft,
  choose,
  isDefined,
  isWritten,
  items,
  namesUnder,
  notDefined,
  present,
  type Rule,
} from "./rule.ts";

type ServiceDraft = NonNullable<NonNullable<ConfigurationDraft["services"]>[string]>;
type CheckDraft = NonNullable<NonNullable<ServiceDraft["checks"]>[number]>;

export interface CheckList {
  readonly path: KeyPath;
  readonly checks: readonly (readonly [number, CheckDraft])[];
  readonly thresholds: ServiceDraft["thresholds"];
}

/** The checks of every service and internet dependency. */
export function checkLists(draft: ConfigurationDraft): readonly CheckList[] {
  return (["services", "internetDependencies"] as const).flatMap((section) =>
    present(draft[section]).map(([name, { checks, thresholds }]) => ({
      path: [section, name, "checks"],
      checks: items(checks),
      thresholds,
    })),
  );
}

export const servicesHavePeerings: Rule = ({ draft, given, report }) => {
  const circuits = namesUnder(given, ["circuits"]) ?? [];
  for (const [name, { circuit, peering }] of present(draft.services)) {
    if (circuit === undefined) continue;
    if (!isDefined(circuit, circuits)) {
      report(["services", name, "circuit"], notDefined(circuit, "circuits"), choose(circuit, circuits, "circuits"));
      continue;
    }
    const peerings = namesUnder(given, ["circuits", circuit, "peerings"]);
    if (peering === undefined || peerings === undefined || peerings.includes(peering)) continue;
    const known = peerings.filter((one) => peeringNames.some((name) => name === one));
    const fix = known.length === 0 ? `add ${peering} to ${circuit}` : `use ${oneOf(known)}, or add it there`;
    report(["services", name, "peering"], `${circuit} has no peering ${peering}`, fix);
  }
};

export const somethingIsChecked: Rule = ({ draft, report }) => {
  for (const section of ["services", "internetDependencies"] as const) {
    for (const [name, { checks }] of present(draft[section])) {
      if (checks?.length !== 0) continue;
      const fix = "write at least one, such as { technique: tcp, host: sql.example.com, port: 1433 }";
      report([section, name, "checks"], "nothing is checked", fix);
    }
  }
};

const everywhere = ["name", "technique", "interval", "timeout", "source", "resolvers"] as const;

const needs = {
  tcp: { required: ["host", "port"], optional: ["family"] },
  http: {
    required: ["url"],
    optional: ["family", "host", "address", "method", "serverName", "status", "redirects", "ca", "proxy"],
  },
  dns: { required: ["query"], optional: ["record", "expect", "mustBePrivate", "sameAnswer"] },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly (keyof CheckDraft)[]>>>>;

const examples: Readonly<Record<string, string>> = {
  host: "host: sql.example.com",
  port: "port: 1433",
  url: "url: https://orders.example.com/health",
  query: "query: orders.example.com",
};

export const checksHaveWhatTheirTechniqueNeeds: Rule = ({ draft, given, report }) => {
  for (const { path, checks } of checkLists(draft)) {
    for (const [i, check] of checks) {
      const { technique } = check;
      if (technique === undefined) continue;
      const { required, optional } = needs[technique];
      const allowed: readonly string[] = [...everywhere, ...required, ...optional];
      for (const key of required) {
        if (isWritten(given, [...path, i, key])) continue;
        report([...path, i, key], `is missing: ${technique} needs it`, `add for example "${examples[key]}"`, "key");
      }
      for (const [key, value] of Object.entries(check)) {
        if (value === undefined || allowed.includes(key)) continue;
        const fix = `remove it: with ${technique} go ${[...required, ...optional].join(", ")}`;
        report([...path, i, key], `has no meaning with technique: ${technique}`, fix, "key");
      }
      checkTls(check, [...path, i], report);
      if (technique === "tcp") checkNoPort(check.host, [...path, i, "host"], report);
    }
  }
};

export function checkNoPort(text = "", path: KeyPath, report: Parameters<Rule>[0]["report"]): void {
  const [, host, port] = /^(.*):(\d+)$/.exec(text) ?? [];
  if (port === undefined || parseAddress(text) !== undefined) return;
  report(path, "holds a port", `write host: ${host?.replace(/^\[|\]$/g, "")} and port: ${port}`);
}

function checkTls(check: CheckDraft, path: KeyPath, report: Parameters<Rule>[0]["report"]): void {
  if (check.url === undefined || !check.url.startsWith("http:")) return;
  for (const key of ["serverName", "ca"] as const) {
    if (check[key] !== undefined) report([...path, key], "the URL has no TLS", "remove it, or use https", "key");
  }
}

export const checkFamiliesFit: Rule = ({ draft, report }) => {
  for (const { path, checks } of checkLists(draft)) {
    for (const [i, check] of checks) {
      const proxy = check.proxy === undefined ? undefined : draft.checking?.proxies?.[check.proxy]?.host;
      const target = proxy ?? check.address ?? (check.technique === "tcp" ? check.host : hostOf(check.url));
      const written = parseAddress(target ?? "")?.family;
      const asked = check.family === undefined ? undefined : check.family === "ipv6" ? 6 : 4;
      if (written !== undefined && asked !== undefined && written !== asked) {
        const problem = `is ${check.family}, and ${target} is IPv${written}`;
        report([...path, i, "family"], problem, "remove it: an address has its own family");
      }
      const source = parseAddress(check.source ?? "")?.family;
      if (source === undefined) continue;
      const family = written ?? asked ?? 4;
      if (check.technique !== "dns" && target !== undefined && source !== family) {
        const fix = `write an IPv${family} address of this host${written === undefined ? ", or another family" : ""}`;
        report([...path, i, "source"], `is IPv${source}, and the check is over IPv${family}`, fix);
      }
    }
  }
};

const hostOf = (url: string | undefined) => URL.parse(url ?? "")?.hostname.replace(/^\[|\]$/g, "");

export const checkNamesDiffer: Rule = ({ draft, report }) => {
  for (const { path, checks } of checkLists(draft)) {
    const seen = new Set<string>();
    for (const [i, { name }] of checks) {
      if (name === undefined) continue;
      if (seen.has(name)) report([...path, i, "name"], `${quote(name)} stands twice here`, "give each its own name");
      seen.add(name);
    }
  }
};

export const dnsAnswersFitTheirRecord: Rule = ({ draft, report }) => {
  for (const { path, checks } of checkLists(draft)) {
    for (const [i, check] of checks) {
      if (check.technique !== "dns") continue;
      const record = check.record ?? "A";
      for (const [j, answer] of items(check.expect)) {
        const family = parseAddress(answer)?.family;
        const fits = record === "CNAME" ? family === undefined : family === (record === "A" ? 4 : 6);
        if (fits) continue;
        const wanted = { A: "an IPv4 address", AAAA: "an IPv6 address", CNAME: "a name" }[record];
        report([...path, i, "expect", j], `${quote(answer)} is no answer to ${record}`, `write ${wanted}`);
      }
      if (record === "CNAME" && check.mustBePrivate === true) {
        report([...path, i, "mustBePrivate"], "a CNAME has no address", "use record: A or AAAA", "key");
      }
      const asked = check.resolvers ?? draft.checking?.resolvers ?? [];
      if (check.sameAnswer === true && asked.length < 2) {
        const fix = "name two resolvers or more, or remove it";
        report([...path, i, "sameAnswer"], "there is only one resolver to compare", fix, "key");
      }
    }
  }
};

/** A check that is not over when its next turn comes would lose that turn. */
export const checksEndBeforeTheNext: Rule = ({ draft, report }) => {
  const estate = {
    interval: draft.checking?.interval ?? checkingDefaults.interval,
    timeout: draft.checking?.timeout ?? checkingDefaults.timeout,
  };
  const compare = (
    path: KeyPath,
    own: { readonly interval?: string | undefined; readonly timeout?: string | undefined },
  ) => {
    const [interval, timeout] = [own.interval ?? estate.interval, own.timeout ?? estate.timeout];
    const [every, most] = [parseDuration(interval), parseDuration(timeout)];
    if (every === undefined || most === undefined || most <= every) return;
    const key = own.timeout === undefined ? "interval" : "timeout";
    report(
      [...path, key],
      `a timeout of ${timeout} is longer than the interval of ${interval}`,
      `make it at most ${interval}, or check less often`,
    );
  };
  compare(["checking"], draft.checking ?? {});
  for (const { path, checks } of checkLists(draft)) {
    for (const [i, { interval, timeout }] of checks) {
      if (interval !== undefined || timeout !== undefined) compare([...path, i], { interval, timeout });
    }
  }
};

export const durationClearsBelowRaise: Rule = ({ draft, report }) => {
  const estate = draft.checking?.thresholds?.duration;
  const compare = (
    path: KeyPath,
    own: { readonly raise?: string | undefined; readonly clear?: string | undefined } | undefined,
  ) => {
    if (own?.raise === undefined && own?.clear === undefined) return;
    const raise = own.raise ?? estate?.raise ?? checkingDefaults.duration.raise;
    const clear = own.clear ?? estate?.clear ?? checkingDefaults.duration.clear;
    const [high, low] = [parseDuration(raise), parseDuration(clear)];
    if (high === undefined || low === undefined || low <= high) return;
    const key = own.clear === undefined ? "raise" : "clear";
    report(
      [...path, key],
      `clears below ${clear}, which is above raise, ${raise}`,
      `write a clear of at most ${raise} here`,
    );
  };
  compare(["checking", "thresholds", "duration"], estate);
  for (const { path, thresholds } of checkLists(draft)) {
    compare([...path.slice(0, -1), "thresholds", "duration"], thresholds?.duration);
  }
};
