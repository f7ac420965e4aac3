// The checks in their worker, as the main thread sees them.

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Observation, SubjectKey } from "../../agent/estate/observation.ts";
import type { CheckObservation } from "../../agent/estate/service-observation.ts";
import { systemClock as clock } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import type { CheckStream } from "../../agent/probe/check-messages.ts";
import { type Checking, createChecking } from "../../agent/probe/checking.ts";
import { dnsCheck, httpCheck } from "../support/checks.ts";
import { type DnsServer, dnsServer } from "../support/dns-server.ts";
import { eventually } from "../support/eventually.ts";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const of = "service orders" as SubjectKey;
const often = { interval: milliseconds(40), timeout: milliseconds(10_000) };

let checking: Checking | undefined;
let server: Server | undefined;
let dns: DnsServer | undefined;
afterEach(async () => {
  await checking?.stop();
  server?.closeAllConnections();
  server?.close();
  await dns?.stop();
  server = undefined;
  dns = undefined;
});

async function httpPort(status: number): Promise<number> {
  server = createServer((_, response) => response.writeHead(status).end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function begin(streams: readonly CheckStream[], worker?: URL) {
  const seen: CheckObservation[] = [];
  const observe = (o: Observation) => {
    if (o.kind === "check") seen.push(o);
  };
  const begun = createChecking({ clock, log, observe, ...(worker === undefined ? {} : { worker }) }, streams);
  checking = begun;
  begun.start();
  return { seen, checking: begun };
}

describe("checking", () => {
  it("reports what each check saw, with its place and time", async () => {
    dns = await dnsServer({ "orders.example": { a: ["10.1.2.3"] } });
    const http = httpCheck({ ...often, url: `http://127.0.0.1:${await httpPort(204)}/` });
    const { seen } = begin([
      { of, index: 0, check: http },
      { of, index: 1, check: dnsCheck({ ...often, resolver: dns.at }) },
    ]);
    await eventually("both reported twice", () =>
      [0, 1].every((i) => seen.filter(({ index }) => index === i).length > 1),
    );
    expect(seen.find(({ index }) => index === 0)).toMatchObject({ of, technique: "http", status: 204 });
    expect(seen.find(({ index }) => index === 1)).toMatchObject({ of, technique: "dns", answers: ["10.1.2.3"] });
    expect(seen.every(({ at }) => at <= clock.now())).toBe(true);
  });

  it("is not held up by a check that hangs", async () => {
    dns = await dnsServer({ "orders.example": "silent" });
    const { seen, checking: begun } = begin([
      { of, index: 0, check: dnsCheck({ ...often, timeout: milliseconds(300), resolver: dns.at }) },
      { of, index: 1, check: httpCheck({ ...often, url: `http://127.0.0.1:${await httpPort(200)}/` }) },
    ]);
    await eventually("the hanging one timed out", () => seen.some(({ failure }) => failure?.reason === "timeout"));
    await eventually("the other one went on", () => seen.filter(({ index }) => index === 1).length > 2);
    expect(begun.skipped()).toBeGreaterThan(0);
  });

  it("ends at once, whatever is in flight", async () => {
    dns = await dnsServer({ "orders.example": "silent" });
    const asked = dns.asked;
    const check = dnsCheck({ ...often, timeout: milliseconds(60_000), resolver: dns.at });
    const { checking: begun } = begin([{ of, index: 0, check }]);
    await eventually("it was asked", () => asked.length > 0);
    await begun.stop();
    expect(begun.restarts()).toBe(0);
  });

  it("starts no worker when there is nothing to check", async () => {
    const { checking: begun } = begin([], new URL("data:text/javascript,throw new Error('started')"));
    await begun.stop();
    expect(begun.restarts()).toBe(0);
  });

  it("starts a worker that died again", async () => {
    const quick = { ...clock, after: (_: number, fn: () => void) => clock.after(milliseconds(1), fn) };
    const dead = new URL("data:text/javascript,process.exit(3)");
    const begun = createChecking({ clock: quick, log, observe: () => undefined, worker: dead }, [
      { of, index: 0, check: httpCheck(often) },
    ]);
    checking = begun;
    begun.start();
    await eventually("it was started again", () => begun.restarts() > 1);
  });
});
