import { describe, expect, it } from "vitest";
import { parseConfig } from "../../agent/config/load.ts";
import { parseDnsServer, parseStatus } from "../../agent/config/values.ts";
import { ok } from "../../agent/lib/result.ts";
import { rootAuthority } from "../support/certificates.ts";
import { edited, errorsOf, estateOf, estateYaml, holding, sources } from "./estate-yaml.ts";

const withService = (checks: string, more = "") =>
  `${estateYaml}services:\n  orders:\n    circuit: ams-1\n    peering: azurePrivate\n    checks: ${checks}\n${more}`;
const withDependency = (checks: string) =>
  `${estateYaml}internetDependencies:\n  crl:\n    kind: certificateRevocation\n    checks: ${checks}\n`;

const checksOf = (checks: string) => estateOf(withService(checks)).services[0]?.checks ?? [];

/** The errors without the place, which the first test looks at. */
const wrong = (text: string) => errorsOf(text).map((line) => line.replace(/^estate\.yaml:\d+:\d+: /, ""));

describe("services and internet dependencies", () => {
  it("are none where none are written", () => {
    const estate = estateOf(estateYaml);
    expect([estate.services, estate.internetDependencies]).toEqual([[], []]);
  });

  it("become the estate's, with every default", () => {
    const estate = estateOf(withDependency("[{ technique: http, url: http://crl.example.com/root.crl }]"));
    expect(estate.internetDependencies).toEqual([
      {
        is: "internetDependency",
        name: "crl",
        kind: "certificateRevocation",
        checks: [
          {
            technique: "http",
            label: "http",
            url: "http://crl.example.com/root.crl",
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
            interval: 15_000,
            timeout: 5_000,
            source: undefined,
          },
        ],
        thresholds: {
          failures: 2,
          successes: 2,
          duration: { raise: 2, clear: 1.5, for: 0 },
          certificateExpiry: 14 * 86_400_000,
        },
      },
    ]);
  });

  it("take what is absent from checking, and have limits of their own", () => {
    const text = withService(
      "[{ technique: tcp, host: 10.1.2.3, port: 1433 }, { technique: tcp, host: A.Example, port: 1, interval: 2s, timeout: 1s }]",
      "    thresholds: { failures: 3, duration: { raise: 900ms } }\nchecking: { interval: 30s, thresholds: { successes: 4, duration: { clear: 800ms } } }\n",
    );
    const [service] = estateOf(text).services;
    expect(service?.checks.map(({ interval, timeout }) => [interval, timeout])).toEqual([
      [30_000, 5_000],
      [2_000, 1_000],
    ]);
    expect(service?.checks[1]).toMatchObject({ host: "a.example" });
    expect(service?.thresholds).toMatchObject({ failures: 3, successes: 4, duration: { raise: 0.9, clear: 0.8 } });
  });

  it("ask each resolver of a DNS check, under one name", () => {
    const checks = checksOf('[{ technique: dns, query: a.example, resolvers: [10.0.0.53, "[fd00::53]:5353"] }]');
    expect(checks.map((check) => [check.label, check.technique === "dns" && check.resolver])).toEqual([
      ["dns", "10.0.0.53:53"],
      ["dns", "[fd00::53]:5353"],
    ]);
  });

  it("name their checks by technique, with numbers where there are several, clear of the names that are given", () => {
    const tcp = "technique: tcp, host: 10.1.2.3, port: 1";
    const labels = checksOf(`[{ ${tcp} }, { ${tcp} }, { ${tcp}, name: tcp-2 }, { ${tcp} }]`).map(({ label }) => label);
    expect(labels).toEqual(["tcp", "tcp-3", "tcp-2", "tcp-4"]);
  });

  it("take the family of an address from the address", () => {
    const checks = checksOf(
      '[{ technique: http, url: "http://[fd00::1]/" }, { technique: tcp, host: fd00::2, port: 1 }, { technique: http, url: http://a.example, family: ipv6 }]',
    );
    expect(checks.map((check) => check.technique !== "dns" && check.family)).toEqual([6, 6, 6]);
  });

  it("read the certificates that they trust", () => {
    const { cert } = rootAuthority("Company Root");
    const text = withService("[{ technique: http, url: https://a.example, ca: /etc/root.pem }]");
    const parsed = parseConfig(text, "estate.yaml", { ...sources, readFile: () => ok(cert) });
    expect(parsed.ok && parsed.value.services[0]?.checks[0]).toMatchObject({ ca: cert });
  });
});

describe("what is wrong is said, with its place and what would be right", () => {
  it("with line and column", () => {
    expect(errorsOf(withService("[{ technique: tcp, host: 10.1.2.3 }]"))).toEqual([
      'estate.yaml:51:14: services.orders.checks[0].port: is missing: tcp needs it; add for example "port: 1433"',
    ]);
  });

  it.each([
    [
      "[]",
      "checks: nothing is checked; write at least one, such as { technique: tcp, host: sql.example.com, port: 1433 }",
    ],
    ["[{ technique: ping, host: a }]", 'checks[0].technique: "ping" is not a check technique; use tcp, http or dns'],
    [
      "[{ technique: dns, query: a.example, url: http://a.example }]",
      "checks[0].url: has no meaning with technique: dns; remove it: with dns go query, record, expect, mustBePrivate, sameAnswer",
    ],
    [
      "[{ technique: tcp, host: a.example:443, port: 443 }]",
      "checks[0].host: holds a port; write host: a.example and port: 443",
    ],
    [
      "[{ technique: http, url: https://user:sentinel@a.example/ }]",
      "checks[0].url: holds a user name or password; name a page that needs none: the URL is shown to readers",
    ],
    [
      "[{ technique: http, url: ftp://a.example/ }]",
      "checks[0].url: is no http or https URL; write for example https://orders.example.com/health",
    ],
    [
      "[{ technique: http, url: http://a.example/, serverName: b.example }]",
      "checks[0].serverName: the URL has no TLS; remove it, or use https",
    ],
    [
      "[{ technique: http, url: http://a.example/, status: [20] }]",
      "checks[0].status[0]: 20 is not a status; write a code such as 200, or a class such as 2xx",
    ],
    [
      "[{ technique: http, url: http://10.1.2.3/, family: ipv6 }]",
      "checks[0].family: is ipv6, and 10.1.2.3 is IPv4; remove it: an address has its own family",
    ],
    [
      "[{ technique: http, url: http://a.example/, source: fd00::1 }]",
      "checks[0].source: is IPv6, and the check is over IPv4; write an IPv4 address of this host, or another family",
    ],
    [
      "[{ technique: dns, query: a.example, resolvers: [dns.example] }]",
      'checks[0].resolvers[0]: "dns.example" is not the address of a DNS server; write its address, such as 10.0.0.53, 10.0.0.53:5353 or "[2001:db8::53]:53"',
    ],
    [
      "[{ technique: dns, query: a.example, record: AAAA, expect: [10.1.2.3] }]",
      'checks[0].expect[0]: "10.1.2.3" is no answer to AAAA; write an IPv6 address',
    ],
    [
      "[{ technique: dns, query: a.example, sameAnswer: true }]",
      "checks[0].sameAnswer: there is only one resolver to compare; name two resolvers or more, or remove it",
    ],
    [
      "[{ technique: dns, query: a.example, record: CNAME, mustBePrivate: true }]",
      "checks[0].mustBePrivate: a CNAME has no address; use record: A or AAAA",
    ],
    [
      "[{ technique: dns, query: a.example. }]",
      'checks[0].query: "a.example." is not a host name; write it without the last dot: a.example, such as orders.example.com',
    ],
    [
      "[{ technique: dns, query: a.example, interval: 2s }]",
      "checks[0].interval: a timeout of 5s is longer than the interval of 2s; make it at most 2s, or check less often",
    ],
    [
      "[{ technique: http, url: https://a.example, ca: /etc/none.pem }]",
      'checks[0].ca: the file "/etc/none.pem" does not exist; correct the path',
    ],
    [
      "[{ name: a, technique: tcp, host: b, port: 1 }, { name: a, technique: tcp, host: b, port: 2 }]",
      'checks[1].name: "a" stands twice here; give each its own name',
    ],
  ])("%s", (checks, message) => {
    expect(wrong(withService(checks))).toEqual([`services.orders.${message}`]);
  });

  it("of a circuit or peering that is not there", () => {
    const text = (from: string, to: string) => withService("[{ technique: tcp, host: b, port: 1 }]").replace(from, to);
    expect(wrong(text("    circuit: ams-1\n", "    circuit: ams-2\n"))).toEqual([
      'services.orders.circuit: "ams-2" is not defined under circuits; did you mean ams-1? (defined: ams-1, sin-1)',
    ]);
    expect(
      wrong(text("    circuit: ams-1\n    peering: azurePrivate", "    circuit: sin-1\n    peering: microsoft")),
    ).toEqual(["services.orders.peering: sin-1 has no peering microsoft; use azurePrivate, or add it there"]);
    // A name that is misspelt there is none to use here.
    expect(
      wrong(
        text("    circuit: ams-1\n    peering: azurePrivate", "    circuit: sin-1\n    peering: microsoft").replace(
          "      azurePrivate: { vlan: 200",
          "      private: { vlan: 200",
        ),
      ),
    ).toContain("services.orders.peering: sin-1 has no peering microsoft; add microsoft to sin-1");
  });

  it("on one line, even where a name that is defined holds a line break", () => {
    const errors = errorsOf(edited(["ams-ce1: { site", "\rms-ce1: { site"]));
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect(error).not.toMatch(/[\r\n]/);
  });

  it("of limits that would flap", () => {
    const text = `${estateYaml}checking: { thresholds: { duration: { raise: 1s } } }\n`;
    expect(wrong(text)).toEqual([
      "checking.thresholds.duration.raise: clears below 1500ms, which is above raise, 1s; write a clear of at most 1s here",
    ]);
  });

  it("of a file that holds no certificate", () => {
    const text = withService("[{ technique: http, url: https://a.example, ca: /etc/key.pem }]");
    const errors = errorsOf(text, { ...sources, readFile: holding({ "/etc/key.pem": "sentinel" }) });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('the file "/etc/key.pem" holds no PEM certificate');
    expect(errors[0]).not.toContain("sentinel;");
  });

  it("repeats nothing of a URL, which may hold a token", () => {
    const [error = ""] = wrong(withService('[{ technique: http, url: "sentinel://a?sig=sentinel" }]'));
    expect(error).not.toContain("sentinel");
  });
});

describe("values", () => {
  it.each([
    ["10.0.0.53", "10.0.0.53:53"],
    ["10.0.0.53:5353", "10.0.0.53:5353"],
    ["FD00::53", "[fd00::53]:53"],
    ["[fd00::53]:5353", "[fd00::53]:5353"],
    ["localhost:53", undefined],
    ["10.0.0.53:0", undefined],
    ["", undefined],
  ])("the DNS server %s", (text, server) => expect(parseDnsServer(text)).toBe(server));

  it.each([
    [200, { from: 200, to: 200 }],
    ["204", { from: 204, to: 204 }],
    ["3xx", { from: 300, to: 399 }],
    [99, undefined],
    [600, undefined],
    ["6xx", undefined],
    ["20", undefined],
    [200.5, undefined],
  ])("the status %s", (written, codes) => expect(parseStatus(written)).toEqual(codes));
});
