// TLS of HTTP checks, with certificates that the test makes.

import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import type { TlsOptions } from "node:tls";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { HttpCheck } from "../../agent/estate/service.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { runCheck } from "../../agent/probe/check.ts";
import { rootAuthority } from "../support/certificates.ts";
import { httpCheck } from "../support/checks.ts";
import { createSteppedClock } from "../support/clock.ts";

const clock = createSteppedClock();
afterAll(clock.stop);

const root = rootAuthority("Test Root");
const intermediate = root.authority({ name: "Test Issuer", to: 200 });
const good = intermediate.issue({ name: "app.example", names: ["app.example", "127.0.0.1"], to: 30 });

const servers: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Seen {
  requests: number;
  names: (string | false | null | undefined)[];
}

async function httpsServer(options: TlsOptions, host = "127.0.0.1"): Promise<Seen & { port: number; server: Server }> {
  const seen: Seen = { requests: 0, names: [] };
  const server = createServer(options, (_, response) => {
    seen.requests++;
    response.end("well");
  });
  server.on("secureConnection", (socket) => seen.names.push(socket.servername));
  server.on("tlsClientError", () => undefined);
  server.listen(0, host);
  await once(server, "listening");
  servers.push(server);
  return Object.assign(seen, { port: (server.address() as AddressInfo).port, server });
}

const of = ({ key, chain }: { readonly key: string; readonly chain: string }) => ({ key, cert: chain });

const check = (port: number, more: Partial<HttpCheck> = {}) =>
  runCheck(clock, httpCheck({ url: `https://app.example:${port}/`, address: "127.0.0.1", ca: root.cert, ...more }));

describe("TLS", () => {
  it("is a phase of its own, and shows when each certificate of the chain ends", async () => {
    const { port, names } = await httpsServer(of(good));
    const result = await check(port);
    expect(result).toMatchObject({ failure: undefined, status: 200 });
    expect(Object.keys(result.phases)).toEqual(["connect", "tls", "firstByte", "answer"]);
    expect(result.certificates?.map(({ subject }) => subject)).toEqual(["app.example", "Test Issuer", "Test Root"]);
    const days = result.certificates?.map(({ notAfter }) => Math.round((notAfter - Date.now()) / 86_400_000));
    expect(days).toEqual([30, 200, 365]);
    expect(names).toEqual(["app.example"]);
  });

  it("works over IPv6, by address", async () => {
    const { port } = await httpsServer(of(good), "::1");
    expect((await check(port, { address: "::1", family: 6 })).failure).toBeUndefined();
  });

  it("asks for the given server name, whatever the URL says", async () => {
    const { port, names } = await httpsServer(of(good));
    const url = `https://10.0.0.1:${port}/`;
    expect((await check(port, { url, serverName: "app.example" })).failure).toBeUndefined();
    expect(names).toEqual(["app.example"]);
  });

  it("names no address by SNI, and finds it in the certificate", async () => {
    const { port, names } = await httpsServer(of(good));
    expect((await check(port, { url: `https://127.0.0.1:${port}/`, address: undefined })).failure).toBeUndefined();
    expect(names).toEqual([false]);
  });

  const short = rootAuthority("Short Root");
  const wrong = [
    ["certificateExpired", intermediate.issue({ name: "app.example", names: ["app.example"], from: -90, to: -3 })],
    ["certificateNotYetValid", intermediate.issue({ name: "app.example", names: ["app.example"], from: 3, to: 90 })],
    ["hostnameMismatch", intermediate.issue({ name: "other.example", names: ["other.example"] })],
    ["untrustedCertificate", short.issue({ name: "app.example", names: ["app.example"] })],
    ["untrustedCertificate", rootAuthority("app.example")],
    [
      "certificateExpired",
      root.authority({ name: "Old Issuer", from: -90, to: -1 }).issue({ name: "app.example", names: ["app.example"] }),
    ],
  ] as const;

  it.each(wrong)("tells %s, and sends nothing over it", async (reason, issued) => {
    const served = await httpsServer(of(issued));
    const result = await check(served.port);
    expect(result.failure).toMatchObject({ phase: "tls", reason });
    expect(result.certificates?.length).toBeGreaterThan(0);
    expect(served.requests).toBe(0);
  });

  it("tells all that is wrong at once", async () => {
    const { port } = await httpsServer(of(short.issue({ name: "other.example", names: ["other.example"], to: -1 })));
    const { failure } = await check(port);
    expect(failure?.detail).toMatch(
      /other.example expired on .*; the certificate of other.example is not for app.example/,
    );
  });

  it("trusts what Node trusts where no ca is given", async () => {
    const { port } = await httpsServer(of(good));
    expect((await check(port, { ca: undefined })).failure).toMatchObject({ reason: "untrustedCertificate" });
  });

  it("says that the far end speaks no TLS", async () => {
    const server = createTcpServer((socket) => socket.on("error", () => undefined).write("220 mail.example\r\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
    const { failure } = await check((server.address() as AddressInfo).port);
    expect(failure).toMatchObject({ phase: "tls", reason: "tlsFailed" });
  });

  it("says that the far end speaks only a TLS that is too old", async () => {
    const { port } = await httpsServer({
      ...of(good),
      minVersion: "TLSv1.1",
      maxVersion: "TLSv1.1",
      ciphers: "ALL@SECLEVEL=0",
    });
    expect((await check(port)).failure).toMatchObject({ phase: "tls", reason: "tlsFailed" });
  });

  it("says that the far end wants a certificate of ours", async () => {
    const { port } = await httpsServer({ ...of(good), requestCert: true, rejectUnauthorized: true, ca: root.cert });
    const { failure } = await check(port);
    expect(failure?.reason).toBe("tlsFailed");
  });

  it.each([
    ["silent", "timeout", () => undefined],
    ["reset", "reset", (socket: { resetAndDestroy(): unknown }) => void socket.resetAndDestroy()],
    ["closed", "closed", (socket: { end(): unknown }) => void socket.end()],
  ] as const)("ends in its phase when the far end is %s", async (_, reason, act) => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => undefined).once("data", () => act(socket));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
    const { port } = server.address() as AddressInfo;
    const { failure } = await check(port, { timeout: milliseconds(250) });
    expect(failure).toMatchObject({ phase: "tls", reason });
  });

  it("quotes no more of a certificate than fits on a line", async () => {
    const name = `${"x".repeat(3_000)}\n<script>`;
    const { port } = await httpsServer(of(root.issue({ name, names: ["app.example"] })));
    const [first] = (await check(port)).certificates ?? [];
    expect(first?.subject).toHaveLength(100);
  });
});
