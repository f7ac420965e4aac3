// TCP and HTTP checks against real servers on loopback, honest and hostile.

import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { milliseconds } from "../../agent/lib/duration.ts";
import { mostBodyOctets } from "../../agent/net/http-client.ts";
import { runCheck } from "../../agent/probe/check.ts";
import { httpCheck, tcpCheck } from "../support/checks.ts";
import { createSteppedClock } from "../support/clock.ts";
import { dnsServer } from "../support/dns-server.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";

const clock = createSteppedClock();
afterAll(clock.stop);

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function listen(server: Server, host: string): Promise<number> {
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket)).on("error", () => undefined);
  });
  server.listen(0, host);
  await once(server, "listening");
  stops.push(async () => {
    for (const socket of open) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}

/** A server that does this to every connection; gives its port. */
const tcpServer = (handle: (socket: Socket) => void, host = "127.0.0.1") => listen(createServer(handle), host);
const httpServer = (handle: RequestListener, host = "127.0.0.1") => listen(createHttpServer(handle), host);

const soon = { timeout: milliseconds(250) };
const families = [
  { family: 4, host: "127.0.0.1", url: "127.0.0.1" },
  { family: 6, host: "::1", url: "[::1]" },
] as const;

describe.each(families)("over IPv$family", ({ family, host, url }) => {
  it("connects by TCP, and closes", async () => {
    let connected = 0;
    const port = await tcpServer(() => void connected++, host);
    const result = await runCheck(clock, tcpCheck({ host, port, family }));
    expect(result.failure).toBeUndefined();
    expect(result.address).toBe(host);
    expect(Object.keys(result.phases)).toEqual(["connect"]);
    await eventually("the server saw it", () => connected === 1);
  });

  it("asks by HTTP", async () => {
    const port = await httpServer((_, response) => response.end("well"), host);
    const result = await runCheck(clock, httpCheck({ url: `http://${url}:${port}/health`, family }));
    expect(result).toMatchObject({ failure: undefined, status: 200, address: host });
    expect(Object.keys(result.phases)).toEqual(["connect", "firstByte", "answer"]);
  });

  it("looks a name up for this family", async () => {
    const port = await httpServer((_, response) => response.end("well"), host);
    const dns = await dnsServer({ "app.example": { a: ["127.0.0.1"], aaaa: ["::1"] } });
    stops.push(dns.stop);
    const check = httpCheck({ url: `http://app.example:${port}/`, family, resolvers: [dns.at] });
    const result = await runCheck(clock, check);
    expect(result).toMatchObject({ failure: undefined, address: host });
    expect(Object.keys(result.phases)).toEqual(["dns", "connect", "firstByte", "answer"]);
    expect(dns.asked.map(({ type }) => type)).toEqual([family === 4 ? 1 : 28]);
  });

  it("says that a port is closed", async () => {
    const port = await freePort();
    const result = await runCheck(clock, tcpCheck({ host, port, family }));
    expect(result.failure).toMatchObject({ phase: "connect", reason: "refused" });
  });
});

describe("phases", () => {
  it("are apart: each takes what its own server takes, and their sum is the total", async () => {
    const port = await httpServer((_, response) => {
      response.writeHead(200);
      clock.after(milliseconds(60), () => response.write("first"));
      clock.after(milliseconds(180), () => response.end("last"));
    });
    const { phases, total } = await runCheck(clock, httpCheck({ url: `http://127.0.0.1:${port}/` }));
    const { connect = 0, firstByte = 0, answer = 0 } = phases;
    expect(firstByte).toBeGreaterThan(0.05);
    expect(answer).toBeGreaterThan(0.11);
    expect(connect + firstByte + answer).toBeLessThanOrEqual(total + 1e-9);
  });

  it("make a connection of their own at every turn", async () => {
    const ports = new Set<number | undefined>();
    const port = await httpServer((request, response) => {
      ports.add(request.socket.remotePort);
      expect(request.headers.connection).toBe("close");
      response.end();
    });
    const check = httpCheck({ url: `http://127.0.0.1:${port}/` });
    for (let i = 0; i < 3; i++) expect((await runCheck(clock, check)).phases.connect).toBeGreaterThan(0);
    expect(ports.size).toBe(3);
  });
});

describe("an HTTP check", () => {
  it("sends what it is told: method, path with its query, Host", async () => {
    const seen: unknown[] = [];
    const port = await httpServer((request, response) => {
      seen.push([request.method, request.url, request.headers.host]);
      response.end();
    });
    const url = `http://127.0.0.1:${port}/a?b=c`;
    await runCheck(clock, httpCheck({ url }));
    await runCheck(clock, httpCheck({ url, method: "HEAD", hostHeader: "orders.example" }));
    expect(seen).toEqual([
      ["GET", "/a?b=c", `127.0.0.1:${port}`],
      ["HEAD", "/a?b=c", "orders.example"],
    ]);
  });

  it("connects to the given address, and looks nothing up", async () => {
    const port = await httpServer((request, response) => response.end(request.headers.host));
    const result = await runCheck(clock, httpCheck({ url: `http://nowhere.invalid:${port}/`, address: "127.0.0.1" }));
    expect(result).toMatchObject({ failure: undefined, address: "127.0.0.1" });
    expect(result.phases.dns).toBeUndefined();
  });

  it("leaves from the given source address", async () => {
    let from: string | undefined;
    const port = await httpServer((request, response) => {
      from = request.socket.remoteAddress;
      response.end();
    });
    await runCheck(clock, httpCheck({ url: `http://127.0.0.1:${port}/`, source: "127.0.0.9" }));
    expect(from).toBe("127.0.0.9");
  });

  it("blames nobody else when the source address is not this host's", async () => {
    const port = await tcpServer(() => undefined);
    const result = await runCheck(clock, tcpCheck({ port, source: "192.0.2.1" }));
    expect(result.failure).toMatchObject({ phase: "connect", reason: "notSent" });
  });

  it("ignores the environment's proxy", async () => {
    const proxy = process.env.http_proxy;
    process.env.http_proxy = "http://127.0.0.1:1";
    try {
      const port = await httpServer((_, response) => response.end());
      expect((await runCheck(clock, httpCheck({ url: `http://127.0.0.1:${port}/` }))).failure).toBeUndefined();
    } finally {
      if (proxy === undefined) delete process.env.http_proxy;
      else process.env.http_proxy = proxy;
    }
  });

  it("expects a status", async () => {
    const port = await httpServer((_, response) => response.writeHead(503).end());
    const url = `http://127.0.0.1:${port}/`;
    const bad = await runCheck(clock, httpCheck({ url }));
    expect(bad).toMatchObject({ status: 503, failure: { phase: "answer", reason: "unexpectedStatus" } });
    expect(bad.failure?.detail).toBe("answered with status 503, not 200-299");
    expect((await runCheck(clock, httpCheck({ url, status: [{ from: 503, to: 503 }] }))).failure).toBeUndefined();
  });

  it("follows redirects only when told, and only so far", async () => {
    const port = await httpServer((request, response) => {
      const n = Number(request.url?.slice(1));
      if (n === 0) response.end("there");
      else response.writeHead(302, { location: `/${n - 1}` }).end();
    });
    const at = (n: number, redirects: number) =>
      runCheck(clock, httpCheck({ url: `http://127.0.0.1:${port}/${n}`, redirects }));
    expect(await at(2, 0)).toMatchObject({ status: 302, failure: { reason: "unexpectedStatus" } });
    expect(await at(2, 2)).toMatchObject({ status: 200, failure: undefined });
    expect(await at(3, 2)).toMatchObject({ status: 302, failure: { reason: "tooManyRedirects" } });
  });

  it("follows no redirect to another protocol", async () => {
    const port = await httpServer((_, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end());
    const result = await runCheck(clock, httpCheck({ url: `http://127.0.0.1:${port}/`, redirects: 3 }));
    expect(result.failure).toMatchObject({ reason: "malformed" });
  });
});

describe("a hostile server", () => {
  const check = (port: number, more = soon) =>
    runCheck(clock, httpCheck({ url: `http://127.0.0.1:${port}/`, ...more }));

  it("that accepts and is silent costs the timeout, in the phase of the first byte", async () => {
    const result = await check(await tcpServer(() => undefined));
    expect(result.failure).toMatchObject({ phase: "firstByte", reason: "timeout" });
    expect(Object.keys(result.phases)).toEqual(["connect"]);
  });

  it("that drips its header (slow loris) costs the timeout, after the first byte", async () => {
    let drops = 0;
    const port = await tcpServer((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nX-A: ");
      const drip = setInterval(() => socket.write(`${drops++}`), 20);
      socket.once("close", () => clearInterval(drip));
    });
    const result = await check(port);
    expect(result.failure).toMatchObject({ phase: "answer", reason: "timeout" });
    expect(result.phases.firstByte).toBeGreaterThan(0);
    expect(drops).toBeGreaterThan(1);
  });

  it("that never ends its body is read no further than the bound", async () => {
    let sent = 0;
    let closed = false;
    const port = await tcpServer((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      const chunk = Buffer.alloc(16_384);
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
        if (!socket.destroyed) socket.once("drain", pour);
      };
      socket.once("close", () => {
        closed = true;
      });
      pour();
    });
    const result = await check(port, { timeout: milliseconds(5_000) });
    expect(result).toMatchObject({ failure: undefined, status: 200 });
    expect(sent).toBeGreaterThanOrEqual(mostBodyOctets);
    await eventually("the connection was closed", () => closed);
  });

  it("that speaks no HTTP is said so", async () => {
    const result = await check(await tcpServer((socket) => void socket.write("\0\0\0garbage\r\n\r\n")));
    expect(result.failure).toMatchObject({ phase: "answer", reason: "malformed" });
    expect(result.failure?.detail).not.toContain("garbage");
  });

  it("whose header has no end is cut off", async () => {
    const result = await check(
      await tcpServer((socket) => void socket.write(`HTTP/1.1 200 OK\r\n${"X-A: b\r\n".repeat(20_000)}`)),
      { timeout: milliseconds(5_000) },
    );
    expect(result.failure).toMatchObject({ phase: "answer", reason: "malformed" });
  });

  it("that resets is said to reset", async () => {
    const result = await check(await tcpServer((socket) => void socket.once("data", () => socket.resetAndDestroy())));
    expect(result.failure).toMatchObject({ phase: "firstByte", reason: "reset" });
  });

  it("that closes without a word is said to close", async () => {
    const result = await check(await tcpServer((socket) => void socket.once("data", () => socket.end())));
    expect(result.failure).toMatchObject({ phase: "firstByte", reason: "closed" });
  });

  it("that ends before the length it promised is said to close", async () => {
    const port = await tcpServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
    });
    expect((await check(port)).failure).toMatchObject({ phase: "answer", reason: "closed" });
  });

  it("that goes on with informational answers costs the timeout", async () => {
    const port = await tcpServer((socket) => {
      const go = setInterval(() => socket.write("HTTP/1.1 103 Early Hints\r\n\r\n"), 10);
      socket.once("close", () => clearInterval(go));
    });
    expect((await check(port)).failure).toMatchObject({ phase: "answer", reason: "timeout" });
  });

  it("that switches protocols unasked has answered, and not as expected", async () => {
    const port = await tcpServer((socket) => {
      socket.once("data", () => socket.write("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"));
    });
    expect(await check(port)).toMatchObject({ status: 101, failure: { reason: "unexpectedStatus" } });
  });

  it("keeps no connection when the check has ended", async () => {
    let open = 0;
    const port = await tcpServer((socket) => {
      open++;
      socket.once("close", () => open--).resume();
    });
    const results = await Promise.all(Array.from({ length: 20 }, () => check(port)));
    expect(results.map(({ failure }) => failure?.reason)).toEqual(Array(20).fill("timeout"));
    await eventually("every connection was closed", () => open === 0);
  });
});
