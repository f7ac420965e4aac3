import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { errorsOf, estateOf, estateYaml, sources } from "./estate-yaml.ts";

const secrets = { ...sources, env: { ...sources.env, PROXY_PASSWORD: "sentinel" } };
const by = (proxies: string, check: string) =>
  `${estateYaml}checking: { proxies: ${proxies} }\ninternetDependencies:\n  crl:\n    kind: certificateRevocation\n    checks: [${check}]\n`;
const asking = (more = "") => `{ technique: http, url: https://a.example/, proxy: corporate${more} }`;

describe("proxies", () => {
  it("are found by their names, with the password read", () => {
    const proxies =
      "{ corporate: { host: Proxy.Example, port: 3128, user: watcher, password: { env: PROXY_PASSWORD } } }";
    const [check] = estateOf(by(proxies, asking()), secrets).internetDependencies[0]?.checks ?? [];
    if (check?.technique !== "http") throw new Error("no HTTP check");
    expect(check.proxy).toMatchObject({ name: "corporate", host: "proxy.example", port: 3128 });
    expect(check.proxy?.credentials?.user).toBe("watcher");
    expect(check.proxy?.credentials?.password.reveal()).toBe("sentinel");
    expect(inspect(check, { depth: 9 })).not.toContain("sentinel");
  });

  it("need nobody to ask them", () => {
    const [check] = estateOf(by("{ corporate: { host: fd00::1, port: 3128 } }", asking(", family: ipv6")), secrets)
      .internetDependencies[0]?.checks ?? [undefined];
    expect(check).toMatchObject({ proxy: { host: "fd00::1", credentials: undefined } });
  });

  it.each([
    ["proxy.example", "", "[2001:db8::1]", 4],
    ["proxy.example", ", family: ipv6", "192.0.2.1", 6],
    ["10.1.2.3", "", "[2001:db8::1]", 4],
    ["fd00::1", "", "192.0.2.1", 6],
  ])(
    "at %s are connected to as the check says%s, whatever the address in the URL is: %s",
    (host, asked, address, family) => {
      const check = `{ technique: http, url: "https://${address}/", proxy: corporate${asked} }`;
      const estate = estateOf(by(`{ corporate: { host: "${host}", port: 3128 } }`, check), secrets);
      expect(estate.internetDependencies[0]?.checks[0]).toMatchObject({ family });
    },
  );

  it.each([
    ["{}", asking(), '[0].proxy: "corporate" is not defined under checking.proxies; define it under checking.proxies'],
    [
      "{ corporat: { host: a, port: 1 } }",
      asking(),
      '[0].proxy: "corporate" is not defined under checking.proxies; did you mean corporat? (defined: corporat)',
    ],
    [
      "{ corporate: { host: a, port: 1 } }",
      "{ technique: tcp, host: b, port: 1, proxy: corporate }",
      "[0].proxy: has no meaning with technique: tcp; remove it: with tcp go host, port, family",
    ],
    [
      "{ corporate: { host: a, port: 1 } }",
      asking(", address: 10.1.2.3"),
      "[0].address: the proxy chooses the address; remove it, or proxy",
    ],
    [
      "{ corporate: { host: a, port: 1 } }",
      "{ technique: http, url: http://a.example/, host: b.example, proxy: corporate }",
      "[0].host: a proxy takes the host from the URL (RFC 9112 section 3.2.2); remove it, or proxy",
    ],
    [
      "{ corporate: { host: 10.1.2.3, port: 1 } }",
      asking(', source: "fd00::1"'),
      "[0].source: is IPv6, and the check is over IPv4; write an IPv4 address of this host",
    ],
  ])("%s with %s", (proxies, check, message) => {
    expect(errorsOf(by(proxies, check), secrets).map((line) => line.replace(/^\S+ /, ""))).toEqual([
      `internetDependencies.crl.checks${message}`,
    ]);
  });

  it.each([
    ["host: a.example:3128, port: 1", "host: holds a port; write host: a.example and port: 3128"],
    [
      "host: a, port: 1, user: b",
      "password: is missing: there is a user; add where the secret is, such as password: { credential: proxy-password }",
    ],
    [
      "host: a, port: 1, password: { env: PROXY_PASSWORD }",
      "user: is missing: there is a password; add the user that it is of",
    ],
    [
      "host: a, port: 1, user: b, password: { env: NOT_SET }",
      "password: environment variable NOT_SET is not set; set NOT_SET for the user that runs this (systemd: EnvironmentFile=)",
    ],
    [
      'host: a, port: 1, user: "b:c", password: { env: PROXY_PASSWORD }',
      "user: holds a colon, which ends the user in Basic; remove it",
    ],
    ['host: "http://b:sentinel@a:3128", port: 1', "host: is a URL; write its host alone, such as orders.example.com"],
    [
      "host: b:sentinel@a:3128, port: 1",
      "host: is more than a host: something stands before @; write its host alone, such as orders.example.com",
    ],
  ])("that cannot be: { %s }", (proxy, message) => {
    expect(
      errorsOf(by(`{ corporate: { ${proxy} } }`, asking()), secrets).map((line) => line.replace(/^\S+ /, "")),
    ).toEqual([`checking.proxies.corporate.${message}`]);
  });
});
