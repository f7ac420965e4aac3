// Services and internet dependencies of the checked configuration, as the estate has them.

import { formatAddress, parseAddress } from "../estate/address.ts";
import type {
  DnsCheck,
  HttpCheck,
  HttpProxy,
  InternetDependency,
  Service,
  ServiceCheck,
  ServiceThresholds,
} from "../estate/service.ts";
import { type Duration, milliseconds, parseDuration } from "../lib/duration.ts";
import { communitiesOfService } from "./build-communities.ts";
import type { Configuration } from "./schema.ts";
import type { TrustedCertificates } from "./trusted-certificates.ts";
import { parseDnsServer, parseStatus } from "./values.ts";

type ServiceEntry = Configuration["services"][string];
type DependencyEntry = Configuration["internetDependencies"][string];
type CheckEntry = ServiceEntry["checks"][number];

/** What checks refer to, read. */
export interface OfChecks {
  readonly trusted: TrustedCertificates;
  readonly proxies: ReadonlyMap<string, HttpProxy>;
}

/** Every text was checked before: one that does not parse is our own bug. */
function must<T>(value: T | undefined, text: unknown): T {
  if (value === undefined) throw new Error(`a value of the configuration passed its check and cannot be read: ${text}`);
  return value;
}

const duration = (text: string): Duration => must(parseDuration(text), text);
const canonical = (text: string): string => {
  const address = parseAddress(text);
  return address === undefined ? text.toLowerCase() : formatAddress(address);
};

export function servicesOf(configuration: Configuration, outside: OfChecks): readonly Service[] {
  return Object.entries(configuration.services).map(([name, entry]) => {
    const watched = watchedOf(entry, configuration, outside);
    const communities = communitiesOfService(entry, watched.checks);
    return { is: "service", name, circuit: entry.circuit, peering: entry.peering, communities, ...watched };
  });
}

export function dependenciesOf(configuration: Configuration, outside: OfChecks): readonly InternetDependency[] {
  return Object.entries(configuration.internetDependencies).map(([name, entry]) => ({
    is: "internetDependency",
    name,
    kind: entry.kind,
    ...watchedOf(entry, configuration, outside),
  }));
}

function watchedOf(
  { checks, thresholds }: ServiceEntry | DependencyEntry,
  { checking }: Configuration,
  outside: OfChecks,
) {
  const labels = labelsOf(checks);
  return {
    checks: checks.flatMap((check, i) => checksOf(check, must(labels[i], i), checking, outside)),
    thresholds: thresholdsOf(checking.thresholds, thresholds),
  };
}

/** The given name, or the technique: with a number from the second on. */
function labelsOf(checks: readonly CheckEntry[]): readonly string[] {
  const taken = new Set(checks.flatMap(({ name }) => name ?? []));
  return checks.map(({ name, technique }) => {
    if (name !== undefined) return name;
    let label: string = technique;
    for (let n = 2; taken.has(label); n++) label = `${technique}-${n}`;
    taken.add(label);
    return label;
  });
}

function checksOf(
  entry: CheckEntry,
  label: string,
  checking: Configuration["checking"],
  outside: OfChecks,
): readonly ServiceCheck[] {
  const common = {
    label,
    interval: duration(entry.interval ?? checking.interval),
    timeout: duration(entry.timeout ?? checking.timeout),
    source: entry.source === undefined ? undefined : canonical(entry.source),
  };
  const resolvers = (entry.resolvers ?? checking.resolvers ?? []).map((text) => must(parseDnsServer(text), text));
  switch (entry.technique) {
    case "tcp": {
      const host = canonical(must(entry.host, "host"));
      const port = must(entry.port, "port");
      return [{ ...common, technique: "tcp", host, port, family: familyOf(entry, host), resolvers }];
    }
    case "http":
      return [{ ...common, resolvers, ...httpOf(entry, outside) }];
    case "dns": {
      const asked = resolvers.length === 0 ? [undefined] : resolvers;
      return asked.map((resolver) => ({ ...common, resolver, ...dnsOf(entry) }));
    }
  }
}

function httpOf(
  entry: CheckEntry,
  { trusted, proxies }: OfChecks,
): Omit<HttpCheck, "label" | "interval" | "timeout" | "source" | "resolvers"> {
  const url = must(entry.url, "url");
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  const proxy = entry.proxy === undefined ? undefined : must(proxies.get(entry.proxy), entry.proxy);
  return {
    technique: "http",
    url,
    address: entry.address === undefined ? undefined : canonical(entry.address),
    // With a proxy it is the proxy that is connected to.
    family: familyOf(entry, proxy?.host ?? entry.address ?? host),
    method: entry.method ?? "GET",
    hostHeader: entry.host,
    serverName: entry.serverName,
    status: (entry.status ?? ["2xx"]).map((status) => must(parseStatus(status), status)),
    redirects: entry.redirects ?? 0,
    ca: entry.ca === undefined ? undefined : must(trusted.get(entry.ca), entry.ca),
    proxy,
  };
}

function dnsOf(entry: CheckEntry): Omit<DnsCheck, "label" | "interval" | "timeout" | "source" | "resolver"> {
  return {
    technique: "dns",
    name: must(entry.query, "query"),
    record: entry.record ?? "A",
    expect: (entry.expect ?? []).map(canonical),
    mustBePrivate: entry.mustBePrivate ?? false,
    sameAnswer: entry.sameAnswer ?? false,
  };
}

/** An address has its own family. */
function familyOf({ family }: CheckEntry, host: string): 4 | 6 {
  return parseAddress(host)?.family ?? (family === "ipv6" ? 6 : 4);
}

function thresholdsOf(
  estate: Configuration["checking"]["thresholds"],
  own: ServiceEntry["thresholds"],
): ServiceThresholds {
  const inSeconds = (text: string) => duration(text) / 1_000;
  return {
    failures: own?.failures ?? estate.failures,
    successes: own?.successes ?? estate.successes,
    duration: {
      raise: inSeconds(own?.duration?.raise ?? estate.duration.raise),
      clear: inSeconds(own?.duration?.clear ?? estate.duration.clear),
      for: milliseconds(0),
    },
    certificateExpiry: duration(own?.certificateExpiry ?? estate.certificateExpiry),
  };
}
