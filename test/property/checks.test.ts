// Whatever a server sends, a check ends, with a failure of a closed kind or a result; nothing throws.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CheckResult, checkFailures } from "../../agent/estate/service-observation.ts";
import { systemClock as clock } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { runCheck } from "../../agent/probe/check.ts";
import { dnsCheck, httpCheck } from "../support/checks.ts";

let answer: Uint8Array = new Uint8Array(0);
let asked = 0;
const tcp: Server = createServer((socket) => {
  socket
    .on("error", () => undefined)
    .once("data", () => {
      asked++;
      socket.end(answer);
    });
});
const udp = createSocket("udp4");
udp.on("message", (message, from) => {
  asked++;
  // The number of the question, so that the answer is read at all.
  udp.send(Buffer.concat([message.subarray(0, 2), answer]), from.port, from.address);
});

beforeAll(async () => {
  tcp.listen(0, "127.0.0.1");
  udp.bind(0, "127.0.0.1");
  await Promise.all([once(tcp, "listening"), once(udp, "listening")]);
});
afterAll(() => {
  tcp.close();
  udp.close();
});

function portOf(of: Server | typeof udp): number {
  const address = of.address();
  return address === null || typeof address === "string" ? 0 : address.port;
}

function isClosed({ failure, total }: CheckResult): void {
  expect(total).toBeGreaterThanOrEqual(0);
  if (failure === undefined) return;
  expect(checkFailures).toContain(failure.reason);
  expect(failure.reason).not.toBe("notSent");
  expect(failure.detail.length).toBeLessThan(200);
}

const words = [
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.0",
  " 999 ",
  "\r\n",
  "\r\n\r\n",
  "Transfer-Encoding: chunked\r\n",
  "ffffffff\r\n",
];
const more = [
  "Content-Length: -1\r\n",
  "Content-Length: 5\r\n",
  "Location: \0",
  ": \r\n",
  "HTTP/2 200\r\n",
  "a".repeat(5_000),
];
const piece = fc.oneof(
  fc.constantFrom(...words, ...more).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets)),
);

describe("a check ends, whatever the answer", () => {
  it("over HTTP", async () => {
    const before = asked;
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        answer = Buffer.concat(pieces);
        const url = `http://127.0.0.1:${portOf(tcp)}/`;
        isClosed(await runCheck(clock, httpCheck({ url, redirects: 1, timeout: milliseconds(2_000) })));
      }),
      { numRuns: 300 },
    );
    expect(asked - before).toBeGreaterThanOrEqual(300);
  });

  it("over DNS", async () => {
    const before = asked;
    const resolver = `127.0.0.1:${portOf(udp)}`;
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (octets) => {
        answer = octets;
        isClosed(await runCheck(clock, dnsCheck({ resolver, timeout: milliseconds(60) })));
      }),
      { numRuns: 100 },
    );
    expect(asked - before).toBeGreaterThanOrEqual(100);
  });
});
