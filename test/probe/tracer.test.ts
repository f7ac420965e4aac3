// The tracer with sockets that are not there: bounds, order, and whom it believes.

import { describe, expect, it } from "vitest";
import type { SubjectKey } from "../../agent/estate/observation.ts";
import type { MtuObservation, Traced, TraceObservation, TracingObservation } from "../../agent/estate/tracing.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { err, ok } from "../../agent/lib/result.ts";
import { type Endpoint, parseEndpoint } from "../../agent/net/endpoint.ts";
import type { TraceProfile, TraceSockets } from "../../agent/net/trace-sockets.ts";
import { createTracer } from "../../agent/probe/tracer.ts";
import type { ExtendedError } from "../../agent/wire/extended-error.ts";
import { icmpEcho, internetChecksum } from "../../agent/wire/icmp.ts";

const identifier = 4_711;

interface Sent {
  readonly to: Endpoint;
  readonly ttl: number;
  readonly bytes: Uint8Array;
  readonly profile: TraceProfile;
  readonly at: number;
}
/** What is heard, at this moment unless another is stamped on it. */
interface Hearing {
  answer(bytes: Uint8Array, from: Endpoint, at?: number): void;
  error(error: ExtendedError, quoted: Uint8Array, to: Endpoint, at?: number): void;
  malformed(): void;
}
type Arrival = (take: Hearing) => void;

const endpoint = (text: string) => parseEndpoint(text, 0) as Endpoint;
const ttlSpent = (from: string): ExtendedError => ({
  origin: "icmp",
  type: 11,
  code: 0,
  info: 0,
  offender: endpoint(from),
});

/** The reply to an echo request, as the target sends it. */
function reply(request: Uint8Array): Uint8Array {
  const bytes = request.slice();
  bytes[0] = icmpEcho.reply;
  bytes.fill(0, 2, 4);
  new DataView(bytes.buffer).setUint16(2, internetChecksum(bytes));
  return bytes;
}

/** `network` gives what a datagram causes to arrive, at once. */
function scene(
  targets: readonly Partial<Traced>[],
  network: (sent: Sent) => readonly Arrival[],
  { rate = 1_000, send = () => undefined }: { rate?: number; send?: (ttl: number) => string | undefined } = {},
) {
  let now = 0;
  const sent: Sent[] = [];
  const arrivals = new Map<string, Arrival[]>();
  const observed: TracingObservation[] = [];
  const logged: string[] = [];
  let opened = 0;
  let closed = 0;
  let refuse: string | undefined;
  const sockets: TraceSockets = {
    now: () => now as Instant,
    open(profile) {
      if (refuse !== undefined) return err({ kind: "noPermission", message: refuse });
      opened++;
      const place = JSON.stringify(profile);
      return ok({
        identifier,
        raw: false,
        send(to, ttl, write) {
          const code = send(ttl);
          if (code !== undefined) return code;
          const bytes = new Uint8Array(9_216);
          const one = { to, ttl, bytes: bytes.slice(0, write(bytes)), profile, at: now };
          sent.push(one);
          arrivals.set(place, [...(arrivals.get(place) ?? []), ...network(one)]);
          return undefined;
        },
        receive(take) {
          const all = arrivals.get(place) ?? [];
          arrivals.delete(place);
          const hearing: Hearing = {
            answer: (bytes, from, at = now) => take.answer(bytes, from, at as Instant),
            error: (error, quoted, to, at = now) => take.error(error, quoted, to, at as Instant),
            malformed: () => take.malformed(),
          };
          for (const arrival of all) arrival(hearing);
          return true;
        },
        overflowed: () => 0,
        close: () => void closed++,
      });
    },
    close: () => undefined,
  };
  let random = 0;
  const complete = targets.map(
    (target, i): Traced => ({
      of: `target ${i}` as SubjectKey,
      technique: "icmp",
      address: `10.9.9.${i + 1}`,
      port: 0,
      source: undefined,
      interface: undefined,
      dscp: 0,
      mtu: 1_500,
      ...target,
    }),
  );
  const say = (_: unknown, message: string) => void logged.push(message);
  const log: Logger = { info: say, warn: say, error: say };
  const observe = (observation: TracingObservation) => void observed.push(observation);
  const tracer = createTracer({ sockets, random: () => ++random * 77_777, log, observe }, complete, rate);
  return {
    tracer,
    sent,
    logged,
    opened: () => opened,
    closed: () => closed,
    refuse: (why: string | undefined) => {
      refuse = why;
    },
    play(ms: number) {
      for (const end = now + ms; now < end; now += 5) {
        const until = tracer.turn();
        expect(until).toBeGreaterThanOrEqual(now);
      }
    },
    observed: () => observed,
    dropped: (): Readonly<Record<string, number>> => tracer.dropped(),
  };
}

/** Hops 1 to `length` - 1, then the target. */
const row =
  (length: number) =>
  ({ to, ttl, bytes }: Sent): readonly Arrival[] =>
    ttl >= length
      ? [(take) => take.answer(reply(bytes), to)]
      : [(take) => take.error(ttlSpent(`10.0.0.${ttl}`), bytes, to)];

const addresses = (o: TraceObservation | MtuObservation | undefined) =>
  o?.kind === "trace" ? o.hops.map(({ address }) => address ?? "*") : undefined;

describe("a trace", () => {
  it("names the hops, and is said with its reason", () => {
    const s = scene([{}], row(3));
    s.tracer.order([{ kind: "trace", target: 0, why: "degraded" }]);
    s.play(100);
    expect(s.observed()).toMatchObject([
      { kind: "trace", of: "target 0", why: "degraded", end: "reached", target: "10.9.9.1" },
    ]);
    expect(addresses(s.observed()[0])).toEqual(["10.0.0.1", "10.0.0.2", "10.9.9.1"]);
    expect(s.tracer.idle()).toBe(true);
  });

  it("takes the times of the kernel, however late what arrived is read", () => {
    const s = scene([{}], ({ to, ttl, bytes, at }) =>
      ttl >= 2
        ? [(take) => take.answer(reply(bytes), to, at + 3)]
        : [(take) => take.error(ttlSpent("10.0.0.1"), bytes, to, at + 1)],
    );
    s.tracer.order([{ kind: "trace", target: 0, why: "scheduled" }]);
    s.play(100);
    expect(s.observed()[0]).toMatchObject({ hops: [{ delay: 0.001 }, { delay: 0.003 }] });
  });

  it.each([
    ["from before it was sent", -3_600_000],
    ["of what is still to come", 3_600_000],
  ])("does not take a stamp %s, as one is across a step of the wall clock", (_, by) => {
    const s = scene([{}], ({ to, bytes, at }) => [(take) => take.answer(reply(bytes), to, at + by)]);
    s.tracer.order([{ kind: "trace", target: 0, why: "scheduled" }]);
    s.play(100);
    // As it is read, 5 ms later.
    expect(s.observed()[0]).toMatchObject({ hops: [{ delay: 0.005 }] });
  });

  it("goes on without a socket that cannot be opened, says why once, and tries again", () => {
    const s = scene([{}, {}], row(2));
    s.refuse("ICMP is not permitted");
    s.tracer.order([0, 1].map((target) => ({ kind: "trace", target, why: "scheduled" })));
    s.play(50);
    expect(s.observed()).toMatchObject([{ end: "unsent", detail: "ICMP is not permitted" }, { end: "unsent" }]);
    expect(s.logged).toEqual(["cannot trace: ICMP is not permitted"]);
    s.refuse(undefined);
    s.tracer.order([{ kind: "trace", target: 0, why: "scheduled" }]);
    s.play(50);
    expect(s.observed().at(-1)).toMatchObject({ end: "reached" });
  });

  it("that could not be sent says nothing of the path, and opens its socket anew", () => {
    const s = scene([{}], row(2), { send: () => "ENETUNREACH" });
    s.tracer.order([{ kind: "trace", target: 0, why: "scheduled" }]);
    s.play(50);
    expect(s.observed()).toMatchObject([{ end: "unsent", detail: "ENETUNREACH", hops: [] }]);
    expect([s.opened(), s.closed()]).toEqual([1, 1]);
  });
});

describe("the bounds", () => {
  it("hold: so many at once, so many packets a second, whatever is asked for", () => {
    const many = Array.from({ length: 40 }, () => ({}));
    const s = scene(many, () => [], { rate: 20 });
    s.tracer.order(many.map((_, target) => ({ kind: "trace", target, why: "scheduled" })));
    s.play(10_000);
    expect(new Set(s.sent.map(({ to }) => to.words[3])).size).toBeLessThanOrEqual(16);
    expect(s.sent.length).toBeGreaterThan(190);
    for (let from = 0; from < 9_000; from += 500) {
      const within = s.sent.filter(({ at }) => at >= from && at < from + 1_000).length;
      expect(within).toBeLessThanOrEqual(26);
    }
  });

  it("let what is urgent go first, and take one that waits already for the same", () => {
    const many = Array.from({ length: 30 }, () => ({}));
    const s = scene(many, row(2), { rate: 20 });
    const scheduled = many.map((_, target) => ({ kind: "trace", target, why: "scheduled" }) as const);
    s.tracer.order(scheduled);
    s.tracer.order(scheduled);
    s.tracer.order([{ kind: "trace", target: 29, why: "degraded" }]);
    s.play(20_000);
    const order = s.observed().map(({ of, ...o }) => `${of} ${o.kind === "trace" ? o.why : ""}`);
    expect(order).toHaveLength(31);
    expect(order.indexOf("target 29 degraded")).toBeLessThan(9);
  });

  it("let one flow be used by one trace or search at a time", () => {
    const s = scene([{}, { of: "other" as SubjectKey, address: "10.9.9.1" }], row(2));
    s.tracer.order([
      { kind: "trace", target: 0, why: "scheduled" },
      { kind: "mtu", target: 0 },
      { kind: "trace", target: 1, why: "scheduled" },
    ]);
    s.play(200);
    expect(s.observed().map(({ kind, of }) => `${kind} ${of}`)).toEqual([
      "trace target 0",
      "mtu target 0",
      "trace other",
    ]);
    expect(s.opened()).toBe(1);
  });
});

describe("what arrives", () => {
  const hostile = (make: (sent: Sent) => Arrival) => {
    const s = scene([{}], (sent) => (sent.ttl === 1 ? [make(sent)] : []));
    s.tracer.order([{ kind: "trace", target: 0, why: "scheduled" }]);
    s.play(8_000);
    return { trace: s.observed()[0] as TraceObservation, dropped: s.dropped() };
  };
  const changed = (bytes: Uint8Array, at: number) => {
    const copy = bytes.slice();
    copy[at] = (copy[at] ?? 0) ^ 0xff;
    return copy;
  };

  it.each<[string, string, (sent: Sent) => Arrival]>([
    [
      "an error with another identifier",
      "foreign",
      ({ bytes, to }) =>
        (take) =>
          take.error(ttlSpent("6.6.6.6"), changed(bytes, 4), to),
    ],
    [
      "an error with a tag that was not sent",
      "foreign",
      ({ bytes, to }) =>
        (take) =>
          take.error(ttlSpent("6.6.6.6"), changed(bytes, 6), to),
    ],
    [
      "an error about another target",
      "foreign",
      ({ bytes }) =>
        (take) =>
          take.error(ttlSpent("6.6.6.6"), bytes, endpoint("10.1.1.1")),
    ],
    [
      "an error without our random bits",
      "forged",
      ({ bytes, to }) =>
        (take) =>
          take.error(ttlSpent("6.6.6.6"), changed(bytes, 12), to),
    ],
    [
      "an error that quotes nothing",
      "malformed",
      ({ to }) =>
        (take) =>
          take.error(ttlSpent("6.6.6.6"), new Uint8Array(3), to),
    ],
    [
      "a reply from elsewhere",
      "wrongSource",
      ({ bytes }) =>
        (take) =>
          take.answer(reply(bytes), endpoint("6.6.6.6")),
    ],
    [
      "a reply that is shorter than what was sent",
      "malformed",
      ({ bytes, to }) =>
        (take) =>
          take.answer(reply(bytes.slice(0, 40)), to),
    ],
    [
      "a reply without our random bits",
      "forged",
      ({ bytes, to }) =>
        (take) =>
          take.answer(reply(changed(bytes, 9)), to),
    ],
    [
      "a request",
      "foreign",
      ({ bytes, to }) =>
        (take) =>
          take.answer(bytes, to),
    ],
    [
      "junk",
      "malformed",
      ({ to }) =>
        (take) =>
          take.answer(new Uint8Array(5), to),
    ],
    ["control messages that cannot be read", "malformed", () => (take) => take.malformed()],
  ])("is not believed, and counted: %s", (_, kind, make) => {
    const { trace, dropped } = hostile(make);
    expect(trace.hops.every(({ address }) => address === undefined)).toBe(true);
    expect(trace.end).toBe("silent");
    expect(dropped[kind]).toBe(3);
    expect(Object.values(dropped).reduce((a, b) => a + b)).toBe(3);
  });

  it("is believed with the 8 octets that old routers quote", () => {
    const { trace } = hostile(
      ({ bytes, to }) =>
        (take) =>
          take.error(ttlSpent("10.0.0.1"), bytes.slice(0, 8), to),
    );
    expect(trace.hops[0]).toMatchObject({ address: "10.0.0.1", tries: 1 });
  });

  it("of UDP that quotes no payload is taken only where one hop alone can be meant", () => {
    const quoteNothing = ({ to, ttl }: Sent): readonly Arrival[] => [
      (take) => take.error(ttlSpent(`10.0.0.${ttl}`), new Uint8Array(0), { ...to, port: 33_434 }),
    ];
    const s = scene([{ technique: "udp", port: 33_434 }], quoteNothing);
    s.tracer.order([{ kind: "trace", target: 0, why: "scheduled" }]);
    s.play(60_000);
    const trace = s.observed()[0] as TraceObservation;
    // Some hops stay unknown; none gets the address of another.
    for (const { ttl, address } of trace.hops) expect([undefined, `10.0.0.${ttl}`]).toContain(address);
    expect(s.dropped().ambiguous).toBeGreaterThan(0);
  });
});

describe("a search", () => {
  it("finds what a hop names, and what this host's interface takes", () => {
    const tooBig: ExtendedError = { origin: "icmp", type: 3, code: 4, info: 1_400, offender: endpoint("10.0.0.1") };
    const s = scene([{}], ({ to, bytes }) =>
      bytes.length > 1_380
        ? [(take) => take.error(tooBig, bytes.slice(0, 40), to)]
        : [(take) => take.answer(reply(bytes), to)],
    );
    s.tracer.order([{ kind: "mtu", target: 0 }]);
    s.play(2_000);
    expect(s.observed()).toMatchObject([{ kind: "mtu", result: "limited", mtu: 1_400, by: "10.0.0.1" }]);
    expect(s.sent.map(({ bytes }) => bytes.length + 20)).toEqual([100, 1_500, 1_400]);
  });
});
