// Services behind the peerings and internet dependencies, as the configuration file says them.

import { peeringNames } from "../estate/estate.ts";
import { dependencyKinds } from "../estate/service.ts";
import { check, checkInterval, checkTimeout, defaultResolvers } from "./check-schema.ts";
import { communities } from "./communities-schema.ts";
import { integer, keys, list, named, word } from "./keys.ts";
import { proxies } from "./proxies-schema.ts";
import * as s from "./scalars.ts";

const inARow = (is: string) => integer({ is, type: "a number of checks", examples: ["2"], minimum: 1, maximum: 10 });

const limits = {
  failures: inARow("A check has failed, or is slow, after this many such results in a row."),
  successes: inARow("It is well again after this many good results in a row."),
  raise: s.duration({
    is: "A check that takes this long is slow, and its service degraded.",
    example: "2s",
    least: "1ms",
    most: "1m",
  }),
  clear: s.duration({ is: "Below this it is not slow any more.", example: "1500ms", least: "1ms", most: "1m" }),
  certificateExpiry: s.duration({
    is: "A certificate of the chain that ends sooner than this is degraded.",
    example: "14d",
    least: "1h",
    most: "365d",
  }),
};

const durationIs = "Limit on the duration of a check, all phases together.";

export const checkingDefaults = {
  interval: "15s",
  timeout: "5s",
  failures: 2,
  successes: 2,
  duration: { raise: "2s", clear: "1500ms" },
  certificateExpiry: "14d",
} as const;

export const checking = keys(
  {
    interval: s.duration({ is: "Time between two checks.", ...checkInterval }).default(checkingDefaults.interval),
    timeout: s
      .duration({ is: "The whole check has failed by then.", ...checkTimeout })
      .default(checkingDefaults.timeout),
    resolvers: defaultResolvers.optional(),
    proxies: proxies.prefault({}),
    thresholds: keys(
      {
        failures: limits.failures.default(checkingDefaults.failures),
        successes: limits.successes.default(checkingDefaults.successes),
        duration: keys(
          {
            raise: limits.raise.default(checkingDefaults.duration.raise),
            clear: limits.clear.default(checkingDefaults.duration.clear),
          },
          { is: durationIs },
        ).prefault({}),
        certificateExpiry: limits.certificateExpiry.default(checkingDefaults.certificateExpiry),
      },
      { is: "When a service or an internet dependency is degraded or down." },
    ).prefault({}),
  },
  { is: "Defaults of the checks of services and internet dependencies." },
).prefault({});

const ownThresholds = keys(
  {
    failures: limits.failures.optional(),
    successes: limits.successes.optional(),
    duration: keys({ raise: limits.raise.optional(), clear: limits.clear.optional() }, { is: durationIs }).optional(),
    certificateExpiry: limits.certificateExpiry.optional(),
  },
  { is: "Limits of its own; each that is absent is taken from checking.thresholds." },
);

const checks = list(check, {
  is: "What is checked: at least one.",
  examples: ["[{ technique: tcp, host: sql.example.com, port: 1433 }]"],
  json: { minItems: 1, maxItems: 32 },
});

const service = keys(
  {
    circuit: s.name({ is: "Name of the circuit through which it is reached.", example: "ams-1" }),
    peering: word(peeringNames, {
      is: "Peering of that circuit.",
      type: "a peering",
      examples: [...peeringNames],
    }),
    communities: communities(
      "Microsoft's BGP communities of what it is reached by: a link that does not announce one of them is degraded. When absent: what the names of Microsoft's hosts in its checks say.",
    ),
    checks,
    thresholds: ownThresholds.optional(),
  },
  { is: "A service reached through a peering. Its failure is explained by the circuit while that is lost." },
);

const internetDependency = keys(
  {
    kind: word(dependencyKinds, {
      is: "What it is needed for.",
      type: "a kind of dependency",
      examples: [...dependencyKinds],
    }),
    checks,
    thresholds: ownThresholds.optional(),
  },
  {
    is: "What is needed of the public internet all the same: DNS, certificate revocation, CDN. No circuit is blamed for it.",
  },
);

export const services = named(service, { is: "Services behind the peerings, by name." }).prefault({});
export const internetDependencies = named(internetDependency, {
  is: "Internet dependencies, by name.",
}).prefault({});
