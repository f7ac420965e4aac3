// DNS checks against a DNS server on loopback, honest and hostile.

import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { DnsCheck } from "../../agent/estate/service.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { runCheck } from "../../agent/probe/check.ts";
import { dnsCheck, tcpCheck } from "../support/checks.ts";
import { createSteppedClock } from "../support/clock.ts";
import { type Behaviour, type DnsServer, dnsServer, type Zone } from "../support/dns-server.ts";

const clock = createSteppedClock();
afterAll(clock.stop);

const servers: DnsServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function serve(zone: Zone, host?: string): Promise<DnsServer> {
  const server = await dnsServer(zone, host);
  servers.push(server);
  return server;
}

const soon = { timeout: milliseconds(250) };
const asking = (resolver: string, more: Partial<DnsCheck> = {}) => runCheck(clock, dnsCheck({ resolver, ...more }));

describe.each(["127.0.0.1", "::1"])("a DNS server at %s", (host) => {
  it("answers, with the time to live", async () => {
    const { at } = await serve({ "orders.example": { a: ["10.1.2.4", "10.1.2.3"], ttl: 17 } }, host);
    const result = await asking(at);
    expect(result).toMatchObject({ failure: undefined, answers: ["10.1.2.3", "10.1.2.4"], ttl: 17 });
    expect(Object.keys(result.phases)).toEqual(["dns"]);
  });

  it("is asked for every type of record", async () => {
    const { at } = await serve({ "orders.example": { aaaa: ["fd00::1"], cname: "Orders.PrivateLink.example" } }, host);
    expect((await asking(at, { record: "AAAA" })).answers).toEqual(["fd00::1"]);
    expect((await asking(at, { record: "CNAME" })).answers).toEqual(["orders.privatelink.example"]);
  });
});

describe("what a DNS server may do instead of answering", () => {
  const outcomes: readonly (readonly [string, Behaviour | undefined, string])[] = [
    ["no such name", undefined, "nxdomain"],
    ["no such record", { aaaa: ["fd00::1"] }, "noData"],
    ["failure", "servfail", "servfail"],
    ["refusal", "refused", "refused"],
    ["silence", "silent", "timeout"],
    ["the answer to another question", "wrongId", "timeout"],
    ["garbage", "garbage", "malformed"],
    ["a record that is cut", "cutRecord", "malformed"],
    ["a name that points to itself", "loop", "malformed"],
  ];

  it.each(outcomes)("%s", async (_, behaviour, reason) => {
    const { at, asked } = await serve(behaviour === undefined ? {} : { "orders.example": behaviour });
    expect((await asking(at, soon)).failure).toMatchObject({ phase: "dns", reason });
    expect(asked.length).toBeGreaterThan(0);
  });

  it("an answer too long for a datagram is asked for by TCP", async () => {
    const { at, asked } = await serve({ "orders.example": "truncated" });
    expect((await asking(at)).answers).toEqual(["10.1.2.3"]);
    expect(asked.map(({ over }) => over)).toEqual(["udp", "tcp"]);
  });

  it("nothing listens there", async () => {
    const server = await dnsServer({});
    await server.stop();
    expect((await asking(server.at)).failure).toMatchObject({ phase: "dns", reason: "unreachable" });
  });

  it("the source address is not this host's: nobody else is blamed", async () => {
    const { at } = await serve({ "orders.example": { a: ["10.1.2.3"] } });
    expect((await asking(at, { source: "192.0.2.1" })).failure).toMatchObject({ reason: "notSent" });
  });

  it("is asked from the given source address", async () => {
    const { at, asked } = await serve({ "orders.example": { a: ["10.1.2.3"] } });
    await asking(at, { source: "127.0.0.9" });
    expect(asked.map(({ from }) => from)).toEqual(["127.0.0.9"]);
  });

  it("remembers nothing from one check to the next", async () => {
    const server = await serve({ "orders.example": { a: ["10.1.2.3"], ttl: 3_600 } });
    await asking(server.at);
    server.zone["orders.example"] = { a: ["10.9.9.9"] };
    expect((await asking(server.at)).answers).toEqual(["10.9.9.9"]);
    expect(server.asked).toHaveLength(2);
  });
});

describe("what the answer must be", () => {
  it("private: a private endpoint that resolves to a public address is found", async () => {
    const server = await serve({ "orders.example": { a: ["10.1.2.3"], aaaa: ["fd00::1"] } });
    expect((await asking(server.at, { mustBePrivate: true })).failure).toBeUndefined();
    expect((await asking(server.at, { mustBePrivate: true, record: "AAAA" })).failure).toBeUndefined();
    server.zone["orders.example"] = { a: ["10.1.2.3", "203.0.113.7"], aaaa: ["2001:db8::1"] };
    const { failure, answers } = await asking(server.at, { mustBePrivate: true });
    expect(failure).toMatchObject({ phase: "dns", reason: "notPrivate" });
    expect(failure?.detail).toContain("203.0.113.7");
    expect(answers).toEqual(["10.1.2.3", "203.0.113.7"]);
    expect((await asking(server.at, { mustBePrivate: true, record: "AAAA" })).failure?.reason).toBe("notPrivate");
  });

  it.each(["127.0.0.1", "169.254.1.1", "0.0.0.0", "8.8.8.8"])("%s is no private endpoint", async (address) => {
    const { at } = await serve({ "orders.example": { a: [address] } });
    expect((await asking(at, { mustBePrivate: true })).failure?.reason).toBe("notPrivate");
  });

  it("exactly the expected addresses, in any order", async () => {
    const { at } = await serve({ "orders.example": { a: ["10.1.2.4", "10.1.2.3"] } });
    expect((await asking(at, { expect: ["10.1.2.3", "10.1.2.4"] })).failure).toBeUndefined();
    for (const expected of [["10.1.2.3"], ["10.1.2.3", "10.1.2.5"], ["10.1.2.3", "10.1.2.4", "10.1.2.5"]]) {
      expect((await asking(at, { expect: expected })).failure).toMatchObject({ reason: "unexpectedAnswer" });
    }
  });
});

describe("the name of another check's host", () => {
  it("fails in the phase of DNS, and names the host", async () => {
    const { at } = await serve({});
    const { failure } = await runCheck(clock, tcpCheck({ host: "gone.example", resolvers: [at] }));
    expect(failure).toMatchObject({ phase: "dns", reason: "nxdomain" });
    expect(failure?.detail).toContain("gone.example");
  });

  it("is asked of the next server when the first fails", async () => {
    const bad = await serve({ "app.example": "servfail" });
    const good = await serve({ "app.example": { a: ["127.0.0.1"] } });
    const result = await runCheck(clock, tcpCheck({ host: "app.example", port: 1, resolvers: [bad.at, good.at] }));
    expect(result).toMatchObject({ address: "127.0.0.1", failure: { phase: "connect" } });
    expect(bad.asked.length).toBeGreaterThan(0);
  });

  it("is asked of servers of another family than the source", async () => {
    const { at } = await serve({ "app.example": { a: ["127.0.0.1"] } }, "::1");
    const result = await runCheck(
      clock,
      tcpCheck({ host: "app.example", port: 1, resolvers: [at], source: "127.0.0.9" }),
    );
    expect(result.address).toBe("127.0.0.1");
  });
});
