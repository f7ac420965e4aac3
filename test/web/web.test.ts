import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Judgement } from "../../agent/estate/judgement.ts";
import { later } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { createState } from "../../agent/state/state.ts";
import { createWeb, type Web, type WebDeps, type WebLimits, webLimits } from "../../agent/web/web.ts";
import { at } from "../support/estate.ts";
import { packedOf } from "../support/packed-text.ts";
import { freePort } from "../support/ports.ts";
import { fixedClock, fourCircuits, judgementOf, linkFailure, now, stateOf } from "./scene.ts";

const estate = fourCircuits();
const silent: Logger = { info: () => {}, warn: () => {}, error: () => {} };
const running: Web[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((web) => web.stop()));
});

function webWith(deps: Partial<WebDeps> = {}, host = "127.0.0.1", port = 0, limits: WebLimits = webLimits) {
  const judgement: Judgement = judgementOf(estate, { "ams-1 azurePrivate primary": linkFailure });
  const web = createWeb(
    {
      estate,
      metrics: {
        contentType: "text/plain; version=0.0.4; charset=utf-8",
        render: async () => packedOf("some_metric 1\n"),
      },
      judgement: () => judgement,
      snapshot: stateOf(estate),
      clock: fixedClock,
      log: silent,
      version: "1.2.3",
      simulation: undefined,
      startedAt: at(99_997),
      ...deps,
    },
    { host, port },
    limits,
  );
  running.push(web);
  return web;
}

async function started(deps: Partial<WebDeps> = {}, limits: WebLimits = webLimits) {
  // Nobody else is given it when it is free again.
  const port = await freePort();
  const web = webWith(deps, "127.0.0.1", port, limits);
  const listening = await web.start();
  if (!listening.ok) throw new Error(listening.error);
  return { web, port, get: (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init) };
}

/** Sends bytes as they are, and gives all that comes back until the server hangs up. */
async function raw(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const answer = closing(socket);
  socket.write(bytes);
  socket.end();
  return answer;
}

async function closing(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  // A reset is an answer too: the close follows it.
  socket.on("error", () => {});
  await once(socket, "close");
  return Buffer.concat(chunks).toString("latin1");
}

describe("routes", () => {
  it("serves each of them with its type, to GET and to HEAD", async () => {
    const { get } = await started();
    for (const [path, type, part] of [
      ["/", "text/html; charset=utf-8", "1 of 4 circuits is not redundant"],
      ["/status.js", "text/javascript; charset=utf-8", "fetch("],
      ["/status.css", "text/css; charset=utf-8", "light-dark("],
      ["/metrics", "text/plain; version=0.0.4; charset=utf-8", "some_metric 1"],
      ["/healthz", "text/plain; charset=utf-8", "ok"],
      ["/readyz", "text/plain; charset=utf-8", "ok"],
      ["/api/v1/status", "application/json; charset=utf-8", '"redundancy":"reduced"'],
    ] as const) {
      const headers = { "accept-encoding": "identity" };
      const full = await get(path, { headers });
      const text = await full.text();
      expect([path, full.status, full.headers.get("content-type")]).toEqual([path, 200, type]);
      expect(text).toContain(part);
      const head = await get(path, { method: "HEAD", headers });
      expect([head.status, await head.text()]).toEqual([200, ""]);
      expect(head.headers.get("content-length")).toBe(String(Buffer.byteLength(text)));
    }
  });

  it("sends the metrics zipped to those who take it, and the same to those who do not", async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `some_metric{circuit="ams-${i}"} 1\n`).join("");
    const { get } = await started({ metrics: { contentType: "text/plain", render: async () => packedOf(lines) } });
    for (const [accepted, encoding] of [
      ["gzip", "gzip"],
      ["br, GZIP;q=0.5", "gzip"],
      ["deflate, gzip;q=0", null],
      ["gzip; q=0.0 , identity", null],
      ["identity", null],
    ] as const) {
      const response = await get("/metrics", { headers: { "accept-encoding": accepted } });
      expect([accepted, response.headers.get("content-encoding")]).toEqual([accepted, encoding]);
      expect(response.headers.get("vary")).toBe("accept-encoding");
      expect((await response.text()) === lines).toBe(true);
    }
  });

  it("takes a query, and ignores it", async () => {
    const { get } = await started();
    expect((await get("/healthz?x=1")).status).toBe(200);
  });

  it("sends the security headers with every answer", async () => {
    const { get } = await started();
    for (const path of ["/", "/metrics", "/nowhere"]) {
      const { headers } = await get(path);
      expect(headers.get("content-security-policy")).toMatch(/default-src 'none'; script-src 'self'/);
      expect(headers.get("content-security-policy")).not.toContain("unsafe");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  it("refuses other methods and says which it takes", async () => {
    const { web, get } = await started();
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const response = await get("/metrics", { method, body: method === "OPTIONS" ? null : "x".repeat(10_000) });
      expect([method, response.status, response.headers.get("allow")]).toEqual([method, 405, "GET, HEAD"]);
      await response.text();
    }
    expect(web.requests().methodNotAllowed).toBe(5);
  });

  it("reaches no file and echoes nothing for any other path", async () => {
    const { web, port } = await started();
    const paths = [
      "/static/status.js",
      "/../package.json",
      "/static/../../main.ts",
      "/%2e%2e/%2e%2e/package.json",
      "/status.js/",
      "//status.js",
      "/STATUS.JS",
      "/__proto__",
      "/constructor",
      "/status.js%00",
      "*",
      "http://127.0.0.1/",
      "/<script>alert(1)</script>",
    ];
    const bodies = new Set<string>();
    for (const path of paths) {
      const answer = await raw(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect([path, answer.split("\r\n")[0]]).toEqual([path, "HTTP/1.1 404 Not Found"]);
      bodies.add(answer.split("\r\n\r\n")[1] ?? "");
    }
    expect([...bodies]).toEqual(["not found\n"]);
    expect(web.requests().notFound).toBe(paths.length);
  });

  it("draws the page once for all who ask at the same moment, and again for the next", async () => {
    let drawn = 0;
    let time = now;
    const story = () => `drawn ${++drawn}`;
    const { get } = await started({ simulation: story, clock: { ...fixedClock, now: () => time } });
    const seen = async () => /drawn \d+/.exec(await (await get("/")).text())?.[0];
    expect([await seen(), await seen(), await seen()]).toEqual(["drawn 1", "drawn 1", "drawn 1"]);
    time = later(now, seconds(1));
    expect(await seen()).toBe("drawn 2");
  });

  it("answers 500 in fixed words when a part fails, logs why, and goes on", async () => {
    const errors: unknown[] = [];
    const { web, get } = await started({
      metrics: { contentType: "text/plain", render: () => Promise.reject(new Error("inner detail")) },
      log: { ...silent, error: (fields) => errors.push(fields) },
    });
    const response = await get("/metrics");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("inner detail");
    expect(JSON.stringify(errors)).toContain("inner detail");
    expect((await get("/healthz")).status).toBe(200);
    expect(web.requests()).toMatchObject({ failed: 1, served: 1 });
  });

  it("cuts an answer off when it fails behind its head, and goes on", async () => {
    const broken = packedOf("some_metric 1\n");
    broken.plain = () => {
      throw new Error("inner detail");
    };
    const { web, port, get } = await started({ metrics: { contentType: "text/plain", render: async () => broken } });
    expect(await raw(port, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")).not.toContain("some_metric");
    expect(web.requests().failed).toBe(1);
    expect((await get("/healthz")).status).toBe(200);
  });
});

describe("health", () => {
  const answered = async (path: string, deps: Partial<WebDeps>) => {
    const { get } = await started(deps);
    const response = await get(path);
    return [response.status, await response.text()];
  };

  it("is good while the last judgement is younger than 10 s", async () => {
    expect(await answered("/healthz", { judgement: () => judgementOf(estate, {}, seconds(9.9)) })).toEqual([
      200,
      "ok\n",
    ]);
    const [status, why] = await answered("/healthz", { judgement: () => judgementOf(estate, {}, seconds(10)) });
    expect(status).toBe(503);
    expect(why).toContain("the last judgement is 10s old");
  });

  it("says that nothing was judged yet", async () => {
    expect(await answered("/healthz", { judgement: () => undefined })).toEqual([
      503,
      "nothing judged yet, 3s after the start\n",
    ]);
    expect((await answered("/api/v1/status", { judgement: () => undefined }))[0]).toBe(503);
    expect((await answered("/", { judgement: () => undefined }))[0]).toBe(200);
  });

  it("is ready once every router was asked, whatever it answered", async () => {
    const snapshot = createState({ keep: seconds(10) });
    const polled = (router: string, result: "ok" | "timeout") =>
      snapshot.observe({ kind: "poll", router, group: "system", at: now, result, detail: "", seconds: 1 });
    for (const router of ["ams-ce1", "ams-ce2", "fra-ce1", "fra-ce2"]) polled(router, "ok");
    expect(await answered("/readyz", { snapshot })).toEqual([503, "not polled yet: sin-ce1, sin-ce2\n"]);
    polled("sin-ce1", "timeout");
    polled("sin-ce2", "timeout");
    expect(await answered("/readyz", { snapshot })).toEqual([200, "ok\n"]);
    expect(await answered("/readyz", { snapshot, judgement: () => undefined })).toEqual([503, "nothing judged yet\n"]);
  });
});

describe("start and stop", () => {
  it("says in one line that the port is taken", async () => {
    const { port } = await started();
    const second = await webWith({}, "127.0.0.1", port).start();
    expect(second.ok).toBe(false);
    if (second.ok) return;
    expect(second.error).toBe(
      `cannot listen on 127.0.0.1:${port}: another program has this port; stop it, or choose another port (web.listen, or --listen)`,
    );
  });

  it("says in one line that the address is not of this machine", async () => {
    const refused = await webWith({}, "192.0.2.1").start();
    expect(refused.ok).toBe(false);
    if (!refused.ok)
      expect(refused.error).toMatch(/^cannot listen on 192\.0\.2\.1:0: this machine has no such address; .+$/);
  });

  it("does nothing until it is started, and stops twice without harm", async () => {
    const web = webWith();
    await web.stop();
    const listening = await web.start();
    expect(listening.ok).toBe(true);
    await web.stop();
    await web.stop();
  });

  it("stops although clients are idle, half-way through a request, or waiting for an answer", async () => {
    let asked = () => {};
    const waiting = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const { web, port } = await started({
      metrics: {
        contentType: "text/plain",
        render: () => {
          asked();
          return new Promise(() => {});
        },
      },
    });
    const sockets = [
      "",
      "GET / HTTP/1.1\r\nHost:",
      "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
    ].map((bytes) => {
      const socket = connect(port, "127.0.0.1");
      socket.write(bytes);
      return socket;
    });
    await Promise.all([...sockets.map((socket) => once(socket, "connect")), waiting]);
    const closed = sockets.map(closing);
    await web.stop();
    await Promise.all(closed);
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  });

  it("gives its port free for the next", async () => {
    const { web, port } = await started();
    await web.stop();
    const next = createServer();
    next.listen(port, "127.0.0.1");
    await once(next, "listening");
    expect((next.address() as AddressInfo).port).toBe(port);
    next.close();
  });
});

describe("hostile clients", () => {
  it("that hang up while their answer is made cost nobody anything", async () => {
    let made: (() => void) | undefined;
    const errors: unknown[] = [];
    const { web, port, get } = await started({
      metrics: {
        contentType: "text/plain",
        render: () => new Promise((resolve) => (made = () => resolve(packedOf("some_metric 1\n")))),
      },
      log: { ...silent, error: (fields) => errors.push(fields) },
    });
    const socket = connect(port, "127.0.0.1");
    socket.write("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    await expect.poll(() => made).toBeDefined();
    const answer = made;
    socket.destroy();
    await once(socket, "close");
    // The server learns of it in a turn of its own: it has when it has answered another.
    for (let i = 0; i < 3; i++) expect((await get("/healthz")).status).toBe(200);
    answer?.();
    await expect.poll(() => web.requests().served).toBe(4);
    expect(errors).toEqual([]);
    expect((await get("/healthz")).status).toBe(200);
  });

  it("get a refusal for what is not HTTP, and the server lives on", async () => {
    const { web, port, get } = await started();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 600 }), async (bytes) => {
        const answer = await raw(port, bytes);
        expect(answer === "" || answer.startsWith("HTTP/1.1 400 ")).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(web.requests().malformed).toBeGreaterThan(100);
    expect((await get("/healthz")).status).toBe(200);
  });

  it("cannot make it read a large head", async () => {
    const { web, port, get } = await started();
    const answer = await raw(port, `GET / HTTP/1.1\r\nHost: x\r\nCookie: ${"a".repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(web.requests().malformed).toBe(1);
    expect((await get("/healthz")).status).toBe(200);
  });

  it("are not invited to send a body, and nothing that follows it is answered", async () => {
    const { port } = await started();
    const following = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    const answer = await raw(
      port,
      `GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello${following}`,
    );
    expect(answer).not.toContain("100 Continue");
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(answer).toMatch(/^connection: close\r$/im);
  });

  it("without a Host, with two lengths, or with a folded header are refused", async () => {
    const { port } = await started();
    for (const head of [
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\n Folded: y\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ]) {
      expect(await raw(port, head)).toMatch(/^HTTP\/1\.1 400 /);
    }
  });

  it("that send their head byte by byte are cut off, while others are served", async () => {
    const hasty = { ...webLimits, headersTimeout: 300, requestTimeout: 400, connectionsCheckingInterval: 50 };
    const { web, port, get } = await started({}, hasty);
    const slow = [0, 1, 2].map((i) => {
      const socket = connect(port, "127.0.0.1");
      // The first says nothing at all.
      if (i > 0) socket.write("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
      const drip = setInterval(() => (i > 0 && socket.writable ? socket.write("a") : undefined), 50);
      return closing(socket).finally(() => clearInterval(drip));
    });
    expect((await get("/healthz")).status).toBe(200);
    const answers = await Promise.all(slow);
    expect(answers.slice(1).every((answer) => answer.startsWith("HTTP/1.1 408 "))).toBe(true);
    expect(web.requests().malformed).toBeGreaterThanOrEqual(2);
    expect((await get("/healthz")).status).toBe(200);
  });
});
