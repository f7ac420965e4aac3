// The whole reflector over loopback: its worker, its socket, and Session-Senders that are sockets of Node's own.

import { createHmac } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { parseSubnet, type Subnet } from "../../agent/estate/address.ts";
import type { Reflector } from "../../agent/estate/estate.ts";
import { type Observation, type ProbeObservation, subject } from "../../agent/estate/observation.ts";
import { type Clock, systemClock } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { Secret } from "../../agent/lib/secret.ts";
import type { SocketKind } from "../../agent/net/probe-open.ts";
import { createProbing } from "../../agent/probe/probing.ts";
import { createReflecting, type ReflectingDeps } from "../../agent/probe/reflecting.ts";
import { decodeReflector, encodeSender, unsynchronised } from "../../agent/wire/stamp.ts";
import { eventually } from "../support/eventually.ts";

const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function subnets(...texts: readonly string[]): readonly Subnet[] {
  return texts.map((text) => {
    const parsed = parseSubnet(text);
    if (!parsed.ok) throw new Error(text);
    return parsed.value;
  });
}

const defaults: Reflector = {
  listen: { host: "127.0.0.1", port: 0 },
  senders: subnets("127.0.0.0/8", "::1/128"),
  key: undefined,
  stateful: true,
  senderRate: 10_000,
  totalRate: 10_000,
};

async function reflecting(config: Partial<Reflector> = {}, deps: Partial<ReflectingDeps> = {}) {
  const started = createReflecting({ clock: systemClock, log: silent, ...deps }, { ...defaults, ...config });
  ends.push(started.stop);
  expect(await started.start()).toEqual({ ok: true, value: undefined });
  return started;
}

async function sender(address = "127.0.0.1"): Promise<Socket> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  ends.push(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  return socket;
}

async function ask(from: Socket, bytes: Uint8Array, port: number, host = "127.0.0.1") {
  const answered = once(from, "message", { signal: AbortSignal.timeout(5_000) });
  from.send(bytes, port, host);
  const [answer, info] = (await answered) as [Buffer, { address: string; port: number }];
  return { answer: Uint8Array.from(answer), from: info };
}

const request = (sequence: number, ssid = 7) =>
  encodeSender({ sequence, timestamp: { seconds: 5, fraction: 6 }, errorEstimate: unsynchronised, ssid });

function read(bytes: Uint8Array) {
  const packet = decodeReflector(bytes);
  if (!packet.ok) throw new Error(packet.error.kind);
  return packet.value;
}

const linux = process.platform === "linux";

describe.each<SocketKind>(linux ? ["kernel", "portable"] : ["portable"])("a reflector with %s sockets", (sockets) => {
  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["::", "::1"],
    ["::", "127.0.0.1"],
    ["0.0.0.0", "127.0.0.2"],
  ])("that listens on %s answers what is sent to %s", async (listen, to) => {
    const reflector = await reflecting({ listen: { host: listen, port: 0 } }, { sockets });
    const socket = await sender(to.includes(":") ? "::1" : "127.0.0.1");
    const { answer, from } = await ask(socket, request(41), reflector.port(), to);
    expect(from.port).toBe(reflector.port());
    // Whoever was asked answers; only libc can choose the source of an answer.
    if (sockets === "kernel") expect(from.address).toBe(to);
    const { sequence, ssid, sender: copied, receiveTimestamp, timestamp } = read(answer);
    expect({ sequence, ssid, copied }).toEqual({
      sequence: 0,
      ssid: 7,
      copied: {
        sequence: 41,
        timestamp: { seconds: 5, fraction: 6 },
        errorEstimate: unsynchronised,
        ttl: sockets === "kernel" ? 64 : 255,
      },
    });
    const [t2, t3] = [receiveTimestamp, timestamp].map((t) => t.seconds * 1_000 + (t.fraction / 2 ** 32) * 1_000);
    expect(t3).toBeGreaterThanOrEqual(t2 ?? Number.POSITIVE_INFINITY);
    // Within the minute of this host's own clock, counted from 1900.
    expect(Math.abs((t3 ?? 0) - Date.now() - 2_208_988_800_000)).toBeLessThan(60_000);
    await eventually("the answer is counted", () => reflector.outcomes()?.answered === 1);
  });

  it("copies the TTL that a request arrived with", async () => {
    const reflector = await reflecting({}, { sockets });
    const socket = await sender();
    socket.setTTL(33);
    const { answer } = await ask(socket, request(0), reflector.port());
    expect(read(answer).sender.ttl).toBe(sockets === "kernel" ? 33 : 255);
  });

  it("counts each session for itself, and none when it is stateless", async () => {
    const stateful = await reflecting({}, { sockets });
    const stateless = await reflecting({ stateful: false }, { sockets });
    const [a, b] = [await sender(), await sender()];
    const sequences: number[] = [];
    for (const [from, sequence, ssid] of [
      [a, 10, 1],
      [a, 13, 1],
      [a, 14, 2],
      [b, 10, 1],
      [a, 15, 1],
    ] as const) {
      sequences.push(read((await ask(from, request(sequence, ssid), stateful.port())).answer).sequence);
    }
    expect(sequences).toEqual([0, 1, 0, 0, 2]);
    expect(read((await ask(a, request(99), stateless.port())).answer).sequence).toBe(99);
  });

  it("answers with a key only what carries the HMAC of it", async () => {
    const key = "a key of sixteen and more";
    const reflector = await reflecting({ key: new Secret(key) }, { sockets });
    const socket = await sender();
    const octets = Buffer.alloc(112);
    octets.writeUInt32BE(5, 0);
    const hmac = (bytes: Uint8Array, k = key) => createHmac("sha256", k).update(bytes.subarray(0, 96)).digest();
    hmac(octets, "another key of sixteen").copy(octets, 96, 0, 16);
    socket.send(octets, reflector.port(), "127.0.0.1");
    socket.send(request(0), reflector.port(), "127.0.0.1");
    await eventually("both are counted", () => reflector.outcomes()?.unauthenticated === 2);
    hmac(octets).copy(octets, 96, 0, 16);
    const { answer } = await ask(socket, octets, reflector.port());
    expect(answer.length).toBe(112);
    expect([...answer.subarray(96)]).toEqual([...hmac(answer).subarray(0, 16)]);
    await eventually("the answer is counted", () => reflector.outcomes()?.answered === 1);
  });

  it("says that it cannot listen where the port is taken", async () => {
    const taken = await sender();
    const { port } = taken.address();
    const second = createReflecting(
      { clock: systemClock, log: silent, sockets },
      { ...defaults, listen: { host: "127.0.0.1", port } },
    );
    ends.push(second.stop);
    expect(await second.start()).toEqual({
      ok: false,
      error: `reflector: cannot listen on UDP 127.0.0.1:${port}: the port is in use: stop what uses it, or choose another`,
    });
  });
});

describe.each<SocketKind>(linux ? ["kernel", "portable"] : ["portable"])("the prober with %s sockets", (sockets) => {
  it.each([
    ["authenticated", new Secret("a key that both ends have")],
    ["unauthenticated", undefined],
  ])("measures to the reflector, %s", async (_, key) => {
    const reflector = await reflecting({ key }, { sockets });
    const observed: ProbeObservation[] = [];
    const target = {
      technique: "stamp",
      address: "127.0.0.1",
      port: reflector.port(),
      source: undefined,
      interval: milliseconds(10),
      timeout: milliseconds(5_000),
      key,
    } as const;
    const of = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });
    const observe = (o: Observation) => {
      if (o.kind === "probe") observed.push(o);
    };
    const probing = createProbing({ clock: systemClock, log: silent, observe, sockets }, [{ of, index: 0, target }]);
    ends.push(probing.stop);
    probing.start();
    const sum = (count: (o: ProbeObservation) => number) => observed.reduce((total, o) => total + count(o), 0);
    await eventually("fifty answers", () => sum((o) => o.received) >= 50);
    expect(sum((o) => o.lost)).toBe(0);
    expect(Object.values(probing.dropped()).reduce((all, n) => all + n, 0)).toBe(0);
    for (const delay of observed.flatMap(({ delays }) => delays)) expect(delay).toBeGreaterThanOrEqual(0);
  });
});

describe("a reflector", () => {
  it("is started again when its worker dies, on the same port, until it is stopped", async () => {
    const given: number[] = [];
    let pending: (() => void) | undefined;
    const clock: Clock = {
      ...systemClock,
      after(_, fn) {
        pending = fn;
        return () => {
          pending = undefined;
        };
      },
    };
    const dies = `import { parentPort as p, workerData as d } from "node:worker_threads";
      p.postMessage({ kind: "listening", port: d.listen.port || 4711 });
      p.postMessage({ kind: "log", level: "info", fields: { port: d.listen.port }, message: "asked for" });
      setTimeout(() => process.exit(3), 20);`;
    const log: Logger = {
      ...silent,
      info: (fields, message) => {
        if (message === "asked for") given.push(Number((fields as { port: number }).port));
      },
    };
    const worker = new URL(`data:text/javascript,${encodeURIComponent(dies)}`);
    const reflector = await reflecting({}, { clock, log, worker });
    for (let death = 1; death <= 3; death++) {
      await eventually(`death ${death}`, () => pending !== undefined);
      const again = pending;
      pending = undefined;
      again?.();
      expect(reflector.restarts()).toBe(death);
    }
    await eventually("death 4", () => pending !== undefined);
    expect(given).toEqual([0, 4_711, 4_711, 4_711]);
    await reflector.stop();
    expect(pending).toBeUndefined();
  });

  it("counts each request of a flood, also those that its full buffer lost", async () => {
    const reflector = await reflecting({ senderRate: 1_000, totalRate: 1_000 });
    const socket = await sender();
    const port = reflector.port();
    let sent = 0;
    const send = () => socket.send(request(sent++), port, "127.0.0.1");
    while (sent < 5_000) send();
    const counted = () => Object.values(reflector.outcomes() ?? {}).reduce((sum, n) => sum + n, 0);
    // The kernel tells what it lost with the next request that it lets in.
    const waiting = () => {
      if (counted() >= 5_000) return true;
      send();
      return false;
    };
    await eventually("the flood is counted", waiting);
    await eventually("so is what followed", () => counted() === sent);
    expect(reflector.outcomes()?.answered).toBeGreaterThanOrEqual(1_000);
    expect(reflector.outcomes()?.rateLimited).toBeGreaterThan(0);
  });

  it("is none where none is configured", async () => {
    const none = createReflecting({ clock: systemClock, log: silent }, undefined);
    expect(await none.start()).toEqual({ ok: true, value: undefined });
    expect(none.outcomes()).toBeUndefined();
    await none.stop();
  });
});
