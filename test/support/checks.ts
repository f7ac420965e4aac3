// Checks as the configuration would make them.

import type { DnsCheck, HttpCheck, ServiceThresholds, TcpCheck } from "../../agent/estate/service.ts";
import { milliseconds, seconds } from "../../agent/lib/duration.ts";

const common = { interval: seconds(1), timeout: seconds(5), source: undefined } as const;

export const tcpCheck = (more: Partial<TcpCheck> = {}): TcpCheck => ({
  ...common,
  technique: "tcp",
  label: "tcp",
  host: "127.0.0.1",
  port: 443,
  family: 4,
  resolvers: [],
  ...more,
});

export const httpCheck = (more: Partial<HttpCheck> = {}): HttpCheck => ({
  ...common,
  technique: "http",
  label: "http",
  url: "http://127.0.0.1/",
  address: undefined,
  family: 4,
  resolvers: [],
  method: "GET",
  hostHeader: undefined,
  serverName: undefined,
  status: [{ from: 200, to: 299 }],
  redirects: 0,
  ca: undefined,
  proxy: undefined,
  ...more,
});

export const dnsCheck = (more: Partial<DnsCheck> = {}): DnsCheck => ({
  ...common,
  technique: "dns",
  label: "dns",
  name: "orders.example",
  record: "A",
  resolver: undefined,
  expect: [],
  mustBePrivate: false,
  sameAnswer: false,
  ...more,
});

export const serviceThresholds: ServiceThresholds = {
  failures: 2,
  successes: 2,
  duration: { raise: 1, clear: 0.8, for: milliseconds(0) },
  certificateExpiry: seconds(14 * 86_400),
};
