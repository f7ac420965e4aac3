// HTTP checks by way of a proxy on loopback: what the proxy is asked for, what the server sees, and who is to blame.

import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Observation, SubjectKey } from "../../agent/estate/observation.ts";
import type { HttpCheck } from "../../agent/estate/service.ts";
import { systemClock } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { runCheck } from "../../agent/probe/check.ts";
import { createChecking } from "../../agent/probe/checking.ts";
import { rootAuthority } from "../support/certificates.ts";
import { httpCheck } from "../support/checks.ts";
import { createSteppedClock } from "../support/clock.ts";
import { dnsServer } from "../support/dns-server.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { startProxy } from "../support/proxy.ts";

const clock = createSteppedClock();
afterAll(clock.stop);

const root = rootAuthority("Test Root");
const app = root.issue({ name: "app.example", names: ["app.example"] });
/** Of Aladdin and "open sesame": RFC 7617 section 2. */
const aladdin = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A server over TLS or without it; gives its port and what it was asked. */
async function serve(secure: boolean, status = 200, location?: string, host = "127.0.0.1") {
  const seen: (Pick<IncomingMessage, "url"> & { host: string | undefined; headers: readonly string[] })[] = [];
  const answer: Parameters<typeof createServer>[1] = ({ url, headers }, response) => {
    seen.push({ url, host: headers.host, headers: Object.keys(headers) });
    response.writeHead(status, location === undefined ? {} : { location }).end("well");
  };
  const server = secure ? createSecureServer({ key: app.key, cert: app.chain }, answer) : createServer(answer);
  if (secure) server.on("tlsClientError", () => undefined);
  server.listen(0, host);
  await once(server, "listening");
  stops.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

async function proxying(options: Parameters<typeof startProxy>[0]) {
  const proxy = await startProxy(options);
  stops.push(proxy.stop);
  return proxy;
}

const by = (port: number, host = "127.0.0.1") => ({ name: "corporate", host, port, credentials: undefined });

const check = (port: number, more: Partial<HttpCheck> = {}, authorization?: string) =>
  runCheck(
    clock,
    httpCheck({ url: "https://app.example/a?b=c", ca: root.cert, proxy: by(port), ...more }),
    authorization,
  );

describe("by a proxy", () => {
  it("https goes through a tunnel: the proxy looks the name up, and learns nothing of what goes through", async () => {
    const server = await serve(true);
    const proxy = await proxying({ to: server.port, wants: aladdin });
    const dns = await dnsServer({ "proxy.example": { a: ["127.0.0.1"] } });
    stops.push(dns.stop);
    const more = { proxy: by(proxy.port, "proxy.example"), resolvers: [dns.at] };
    const result = await check(proxy.port, more, aladdin);
    expect(result).toMatchObject({ failure: undefined, status: 200, address: "127.0.0.1" });
    expect(Object.keys(result.phases)).toEqual(["dns", "connect", "proxy", "tls", "firstByte", "answer"]);
    expect(result.certificates?.[0]?.subject).toBe("app.example");
    expect(proxy.asked).toEqual([{ what: "CONNECT app.example:443", host: "app.example:443", authorization: aladdin }]);
    expect(server.seen).toMatchObject([{ url: "/a?b=c", host: "app.example" }]);
    expect(server.seen[0]?.headers).not.toContain("proxy-authorization");
    expect(dns.asked.map(({ name }) => name)).toEqual(["proxy.example"]);
  });

  it("407 through the tunnel is the server's own answer", async () => {
    const server = await serve(true, 407);
    const proxy = await proxying({ to: server.port });
    expect((await check(proxy.port)).failure).toMatchObject({ phase: "answer", reason: "unexpectedStatus" });
  });

  it("http is asked for by its whole URL, without a tunnel", async () => {
    const server = await serve(false);
    const proxy = await proxying({ to: server.port, wants: aladdin });
    const result = await check(proxy.port, { url: "http://app.example:8080/a?b=c" }, aladdin);
    expect(result).toMatchObject({ failure: undefined, status: 200 });
    expect(Object.keys(result.phases)).toEqual(["connect", "firstByte", "answer"]);
    expect(proxy.asked).toEqual([
      { what: "GET http://app.example:8080/a?b=c", host: "app.example:8080", authorization: aladdin },
    ]);
  });

  it("over IPv6, to an address", async () => {
    const server = await serve(true, 200, undefined, "::1");
    const proxy = await proxying({ to: server.port, host: "::1" });
    const more = {
      url: "https://[2001:db8::1]:8443/",
      family: 6,
      serverName: "app.example",
      proxy: by(proxy.port, "::1"),
    } as const;
    expect(await check(proxy.port, more)).toMatchObject({ failure: undefined, address: "::1" });
    expect(proxy.asked).toMatchObject([{ what: "CONNECT [2001:db8::1]:8443", authorization: undefined }]);
  });

  it("a redirect goes by it, too", async () => {
    const server = await serve(false, 302, "http://other.example/next");
    const proxy = await proxying({ to: server.port, wants: aladdin });
    const result = await check(proxy.port, { url: "http://app.example/", redirects: 1 }, aladdin);
    expect(result.failure).toMatchObject({ reason: "tooManyRedirects" });
    expect(proxy.asked.map(({ what }) => what)).toEqual(["GET http://app.example/", "GET http://other.example/next"]);
  });
});

describe("a proxy that does not lead on", () => {
  const says = (status: string) => `HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nno`;
  const refused = { phase: "proxy", reason: "proxyRefused" } as const;
  const urls = ["https://app.example/", "http://app.example/"];

  it.each(urls)("says so when it wants a user and password, or others: %s", async (url) => {
    const proxy = await proxying({ to: 1, wants: aladdin });
    const without = await check(proxy.port, { url });
    expect(without.failure).toMatchObject({
      reason: "proxyRefused",
      detail: 'proxy corporate: wants a user and password (status 407): add "user" and "password"',
    });
    const wrong = await check(proxy.port, { url }, "Basic d3Jvbmc6d3Jvbmc=");
    expect(wrong.failure).toMatchObject({
      reason: "proxyRefused",
      detail: "proxy corporate: does not take the user and password (status 407)",
    });
    expect(JSON.stringify(wrong)).not.toContain("d3Jv");
  });

  it.each([
    [says("403 Forbidden"), refused],
    [says("302 Found"), refused],
    [says("502 Bad Gateway"), { phase: "proxy", reason: "proxyCannotConnect" }],
    [says("504 Gateway Timeout"), { phase: "proxy", reason: "proxyCannotConnect" }],
    ["HTTP/1.1 101 Other\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", { phase: "proxy" }],
    ["SSH-2.0-OpenSSH_9.2\r\n", { phase: "proxy", reason: "malformed" }],
    [`HTTP/1.1 200 OK\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, { phase: "proxy", reason: "malformed" }],
    ["HTTP/1.1 200 O", { phase: "proxy", reason: "closed" }],
    ["", { phase: "proxy", reason: "closed" }],
    ["HTTP/1.1 200 OK\r\n\r\nSSH-2.0", { phase: "proxy", reason: "malformed" }],
    ["HTTP/1.1 200 OK\r\n\r\n", { phase: "tls", reason: "closed" }],
    ["silent", { phase: "proxy", reason: "timeout", detail: "proxy corporate: no answer to CONNECT" }],
  ] as const)("is told apart: %j", async (answer, failure) => {
    const proxy = await proxying({ to: 1, answer });
    const result = await check(proxy.port, { timeout: milliseconds(answer === "silent" ? 250 : 5_000) });
    expect(result.failure).toMatchObject(failure);
    expect(proxy.asked).toHaveLength(1);
  });

  it("is named when it does not listen, or has no address", async () => {
    expect((await check(await freePort())).failure).toMatchObject({
      phase: "connect",
      reason: "refused",
      detail: expect.stringMatching(/^proxy corporate: the connection was refused/),
    });
    const dns = await dnsServer({});
    stops.push(dns.stop);
    const result = await check(1, { proxy: by(1, "proxy.example"), resolvers: [dns.at] });
    expect(result.failure).toMatchObject({ phase: "dns", reason: "nxdomain" });
    expect(result.failure?.detail).toMatch(/^proxy corporate: proxy\.example: /);
  });
});

it("the worker is told the user and password, and nobody else", async () => {
  const server = await serve(false);
  const proxy = await proxying({ to: server.port, wants: aladdin });
  const credentials = { user: "Aladdin", password: new Secret("open sesame") };
  const asked = httpCheck({ url: "http://app.example/", proxy: { ...by(proxy.port), credentials } });
  const seen: Observation[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const checking = createChecking({ clock: systemClock, log, observe: (o) => seen.push(o) }, [
    { of: "service orders" as SubjectKey, index: 0, check: asked },
  ]);
  checking.start();
  stops.push(checking.stop);
  await eventually("a check was made", () => seen.length > 0);
  expect(seen[0]).toMatchObject({ kind: "check", failure: undefined, status: 200 });
  expect(JSON.stringify(seen)).not.toMatch(/sesame|QWxh/);
});
