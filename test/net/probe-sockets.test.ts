import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { type Instant, monotonicNow } from "../../agent/lib/clock.ts";
import type { Endpoint, Family } from "../../agent/net/endpoint.ts";
import { AF_INET, IPPROTO_UDP, loadLibc, SOCK_RAW } from "../../agent/net/linux-libc.ts";
import { addressSize, writeSockaddr } from "../../agent/net/linux-sockaddr.ts";
import { openProbeSockets, type SocketKind } from "../../agent/net/probe-open.ts";
import {
  clockOffset,
  type Incoming,
  longestDatagram,
  type Outgoing,
  type ProbeSocket,
  type ProbeSockets,
  type SocketProfile,
} from "../../agent/net/probe-sockets.ts";
import { decodeEcho, icmpEcho, icmpv6Echo, writeProbeRequest } from "../../agent/wire/icmp.ts";
import { at, plainProfile, profileFrom } from "../support/socket-profile.ts";

/** Datagrams per second that are said to come. */
const rate = 100;
const loopbackOf = { 4: "127.0.0.1", 6: "::1" } as const;
const opened: ProbeSockets[] = [];

async function open(kind: SocketKind) {
  const { sockets, kind: got } = await openProbeSockets(() => 0x1234, kind);
  opened.push(sockets);
  return { sockets, got };
}

async function udp(sockets: ProbeSockets, profile: SocketProfile): Promise<ProbeSocket> {
  const socket = await sockets.openUdp(profile, rate);
  if (!socket.ok) throw new Error(socket.error.message);
  return socket.value;
}

function outgoing(to: Endpoint, text: string, failures: string[] = []): Outgoing {
  return {
    to,
    write: (into) => new TextEncoder().encodeInto(text, into).written,
    preempted: () => undefined,
    left: () => undefined,
    failed: (code) => failures.push(code),
  };
}

/** Everything that arrives until there are `count`, or two seconds have passed. */
async function receive(sockets: ProbeSockets, socket: ProbeSocket, count: number): Promise<Incoming[]> {
  const all: Incoming[] = [];
  const until = monotonicNow() + 2_000;
  while (all.length < count && monotonicNow() < until) {
    await sockets.wait(until as Instant);
    socket.receive((datagram) => all.push(structuredClone(datagram)));
  }
  return all;
}

/** Of UDP over IPv4, on this host since its start. */
function wrongChecksums(): number {
  const [names, values] = readFileSync("/proc/self/net/snmp", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("Udp:"))
    .map((line) => line.split(" "));
  return Number(values?.[names?.indexOf("InCsumErrors") ?? -1]);
}

afterEach(() => {
  for (const sockets of opened.splice(0)) sockets.close();
});

const linux = process.platform === "linux";

const kinds: readonly SocketKind[] = linux ? ["kernel", "portable"] : ["portable"];
const families: readonly Family[] = [4, 6];

describe.each(kinds.flatMap((kind) => families.map((family) => [kind, family] as const)))(
  "%s sockets, IPv%d",
  (kind, family) => {
    const loopback = loopbackOf[family];
    const mine = profileFrom(loopback);

    it("are what was asked for", async () => {
      expect((await open(kind)).got).toBe(kind);
    });

    it("carry datagrams both ways, with stamps on both clocks", async () => {
      const { sockets } = await open(kind);
      const [a, b] = [await udp(sockets, mine), await udp(sockets, mine)];
      const before = sockets.now();
      const texts = Array.from({ length: 20 }, (_, i) => `datagram ${i}`);
      a.send(texts.map((text) => outgoing(at(loopback, b.identifier), text)));
      const got = await receive(sockets, b, 20);
      expect(got.map(({ bytes }) => new TextDecoder().decode(bytes)).toSorted()).toEqual(texts.toSorted());
      for (const { from, realtime, readAt } of got) {
        expect(from).toEqual(at(loopback, a.identifier));
        expect(realtime).toBeGreaterThanOrEqual(before.realtime);
        expect(realtime).toBeLessThanOrEqual(readAt.realtime);
        expect(Math.abs(clockOffset(readAt) - clockOffset(before))).toBeLessThan(50e6);
      }
      expect(b.overflowed()).toBe(0);
    });

    it("fail a send alone, and send the others", async () => {
      const { sockets } = await open(kind);
      const [a, b] = [await udp(sockets, mine), await udp(sockets, mine)];
      const failures: string[] = [];
      // The kernel refuses the one without SO_BROADCAST, and the other on a socket of IPv6 alone.
      const bad = at(family === 4 ? "255.255.255.255" : "::ffff:127.0.0.1", b.identifier);
      const good = at(loopback, b.identifier);
      a.send([outgoing(good, "1"), outgoing(bad, "2", failures), outgoing(good, "3")]);
      expect(await receive(sockets, b, 2)).toHaveLength(2);
      expect(failures).toEqual([expect.stringMatching(/^E[A-Z]+$/)]);
    });

    it("name a source that is no address of this host", async () => {
      const { sockets } = await open(kind);
      // RFC 5737 and RFC 3849: documentation.
      const socket = await sockets.openUdp(profileFrom(family === 4 ? "203.0.113.9" : "2001:db8::9"), rate);
      expect(socket).toMatchObject({ ok: false, error: { kind: "noSuchSource" } });
      expect(!socket.ok && socket.error.message).toMatch(/the source [0-9a-f.:]+9 is not an address of this host/);
    });

    it("take nothing of the other family", async () => {
      const { sockets } = await open(kind);
      const socket = await udp(sockets, plainProfile(family));
      const other = await udp(sockets, plainProfile(family === 4 ? 6 : 4));
      other.send([outgoing(at(loopbackOf[family === 4 ? 6 : 4], socket.identifier), "of the other")]);
      const one = await udp(sockets, mine);
      one.send([outgoing(at(loopback, socket.identifier), "taken")]);
      const got = await receive(sockets, socket, 1);
      expect(got.map(({ bytes }) => new TextDecoder().decode(bytes))).toEqual(["taken"]);
    });

    it("come back from a wait by themselves", async () => {
      const { sockets } = await open(kind);
      await sockets.wait(Infinity as Instant);
      await sockets.wait(0 as Instant);
    });
  },
);

describe("portable sockets", () => {
  it("read all that arrived while their thread stood still before a wait is over", async () => {
    const { sockets } = await open("portable");
    const [a, b] = [await udp(sockets, profileFrom("127.0.0.1")), await udp(sockets, profileFrom("127.0.0.1"))];
    const waited = sockets.wait((monotonicNow() + 5) as Instant);
    // More than libuv reads at a time.
    a.send(Array.from({ length: 100 }, () => outgoing(at("127.0.0.1", b.identifier), "there")));
    for (const until = monotonicNow() + 30; monotonicNow() < until; );
    await waited;
    let read = 0;
    b.receive(() => read++);
    expect(read).toBe(100);
  });

  it("say that they have no ICMP, why, and what to do", async () => {
    const { sockets } = await open("portable");
    expect(sockets.openIcmp(plainProfile(4), rate)).toEqual({
      ok: false,
      error: {
        kind: "unavailable",
        message: "ICMP probes are not available here (portable sockets were asked for): use stamp probes",
      },
    });
  });

  it.each([
    [{ dscp: 46 }, "a dscp"],
    [{ interface: "lo" }, "an interface"],
    [{ dontFragment: true }, "dontFragment"],
  ])("refuse %o, which they cannot do", async (option, name) => {
    const { sockets } = await open("portable");
    const message = `probes with ${name} are not available here (portable sockets were asked for)`;
    const socket = await sockets.openUdp({ ...plainProfile(4), ...option }, rate);
    expect(socket).toEqual({ ok: false, error: { kind: "unavailable", message } });
  });
});

describe.runIf(linux).each(families)("kernel sockets with options, IPv%d", (family) => {
  const loopback = loopbackOf[family];

  it("say that there is no such interface", async () => {
    const { sockets } = await open("kernel");
    const message = `this host has no interface cw-none0: fix the probe's "interface"`;
    const profile = { ...plainProfile(family), interface: "cw-none0" };
    expect(await sockets.openUdp(profile, rate)).toEqual({ ok: false, error: { kind: "noSuchInterface", message } });
  });

  it("carry datagrams over the interface that is named, marked or not", async () => {
    const { sockets } = await open("kernel");
    const a = await udp(sockets, { ...profileFrom(loopback), interface: "lo", dscp: 46, dontFragment: true });
    const b = await udp(sockets, { ...profileFrom(loopback), interface: "lo" });
    a.send([outgoing(at(loopback, b.identifier), "there")]);
    const [got] = await receive(sockets, b, 1);
    expect(got?.from).toEqual(at(loopback, a.identifier));
  });
});

describe.runIf(linux).each(families)("the kernel's transmit stamps, IPv%d", (family) => {
  const loopback = loopbackOf[family];
  const bad = at(family === 4 ? "255.255.255.255" : "::ffff:127.0.0.1", 9);

  /** Sends in one batch to a port of our own: what is told of each by its index, and what arrived. */
  async function send(of: readonly Endpoint[], perSecond = rate) {
    const { sockets } = await open("kernel");
    const far = await udp(sockets, profileFrom(loopback));
    const near = await sockets.openUdp(profileFrom(loopback), perSecond);
    if (!near.ok) throw new Error(near.error.message);
    const stamps = new Map<number, number>();
    const preempted = new Set<number>();
    const written = new Map<number, number>();
    const batch = of.map((to, i) => ({
      ...outgoing(to.port === 9 ? to : { ...to, port: far.identifier }, ""),
      write(into: Uint8Array, { realtime }: { readonly realtime: number }) {
        written.set(i, realtime);
        into[0] = i;
        return 1;
      },
      preempted: () => preempted.add(i),
      left: (realtime: number) => stamps.set(i, realtime),
    }));
    near.value.send(batch);
    const got = await receive(sockets, far, of.filter(({ port }) => port !== 9).length);
    near.value.receive(() => undefined);
    return { stamps, written, preempted, got };
  }
  const good = at(loopback, 1);

  it("lie between our own stamp and the arrival, for each datagram its own", async () => {
    const { stamps, written, got } = await send(Array.from({ length: 100 }, () => good));
    expect(stamps.size).toBe(100);
    expect(new Set(stamps.values()).size).toBeGreaterThan(90);
    for (const { bytes, realtime } of got) {
      const i = bytes[0] ?? -1;
      expect(stamps.get(i)).toBeGreaterThanOrEqual(written.get(i) ?? Infinity);
      // The loopback device hands it over before it says that it was sent, if by microseconds.
      expect(stamps.get(i)).toBeLessThan(realtime + 5e6);
    }
    const inOrder = [...stamps].toSorted(([a], [b]) => a - b).map(([, stamp]) => stamp);
    expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
  });

  it("are those of the right datagrams, though others fail between them", async () => {
    const mixed = Array.from({ length: 40 }, (_, i) => (i % 3 === 1 ? bad : good));
    const { stamps, written, got } = await send(mixed);
    expect(got).toHaveLength(27);
    for (const [i, stamp] of stamps) {
      expect(mixed[i]).toBe(good);
      expect(stamp).toBeGreaterThanOrEqual(written.get(i) ?? Infinity);
    }
    expect(stamps.size).toBeGreaterThan(20);
  });

  it("are not asked for where more is sent than they are good for", async () => {
    const { stamps, got } = await send([good, good], 1_000_000);
    expect(got).toHaveLength(2);
    expect(stamps.size).toBe(0);
  });
});

describe.runIf(linux)("kernel sockets under a flood", () => {
  const loopback = profileFrom(loopbackOf[4]);
  const to4 = (port: number) => at(loopbackOf[4], port);

  it("count what their full buffer lost, to the datagram", async () => {
    const { sockets } = await open("kernel");
    const [a, b] = [await udp(sockets, loopback), await udp(sockets, loopback)];
    const to = to4(b.identifier);
    const flood = 20_000;
    for (let sent = 0; sent < flood; sent += 100) a.send(Array.from({ length: 100 }, () => outgoing(to, "flood")));
    let read = 0;
    while (!b.receive(() => read++));
    const lost = b.overflowed();
    expect(lost).toBeGreaterThan(0);
    expect(read + lost).toBe(flood);
    expect(b.overflowed()).toBe(0);
  });

  it("do not count what came with a wrong checksum: their buffer had room for it", async (context) => {
    const loaded = await loadLibc();
    if (!loaded.ok) throw new Error(loaded.error);
    const libc = loaded.value;
    const raw = libc.socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
    if (raw < 0) return context.skip("a raw socket is not permitted here, and no other sends a wrong checksum");
    const { sockets } = await open("kernel");
    const socket = await udp(sockets, loopback);
    // The kernel drops a short one before it looks for the socket.
    const length = 200;
    const datagram = libc.arena(length);
    for (const [at, value] of [9, socket.identifier, length, 0xbad].entries()) datagram.view.setUint16(2 * at, value);
    const sockaddr = libc.arena(addressSize);
    writeSockaddr(sockaddr.view, 0, to4(0));
    const before = wrongChecksums();
    for (let n = 0; n < 30; n++) libc.sendto(raw, datagram.address, length, 0, sockaddr.address, addressSize);
    libc.close(raw);
    let read = 0;
    while (!socket.receive(() => read++));
    expect(read).toBe(0);
    expect(wrongChecksums() - before).toBeGreaterThanOrEqual(30);
    expect(socket.overflowed()).toBe(0);
  });

  it("hand over an overlong datagram as one without octets", async () => {
    const { sockets } = await open("kernel");
    const socket = await udp(sockets, loopback);
    const sender = createSocket("udp4");
    for (const length of [longestDatagram, longestDatagram + 1])
      sender.send(new Uint8Array(length), socket.identifier, "127.0.0.1");
    const got = await receive(sockets, socket, 2);
    sender.close();
    expect(got.map(({ bytes }) => bytes.byteLength)).toEqual([longestDatagram, 0]);
  });

  it("say that a send was preempted when a long time passed between its stamp and its end, and when it left all the same", async () => {
    const { sockets } = await open("kernel");
    const [a, b] = [await udp(sockets, loopback), await udp(sockets, loopback)];
    const told: string[] = [];
    let stamp = 0;
    const slow: Outgoing = {
      ...outgoing(to4(b.identifier), "slow"),
      preempted: () => told.push("preempted"),
      left(realtime) {
        told.push("left");
        expect(realtime - stamp).toBeGreaterThan(2e6);
      },
      write(_, at) {
        stamp = at.realtime;
        // Ten times the limit.
        while (sockets.now().realtime - at.realtime < 2e6);
        return 4;
      },
    };
    a.send([slow]);
    expect(told).toEqual(["preempted", "left"]);
    expect(await receive(sockets, b, 1)).toHaveLength(1);
  });
});

describe.runIf(linux).each(families)("ICMP sockets, IPv%d", (family) => {
  const types = family === 4 ? icmpEcho : icmpv6Echo;
  it.for([56, 16, 1_200])("are answered by the kernel, %d octets, or say what they miss", async (size, context) => {
    const { sockets } = await open("kernel");
    const socket = sockets.openIcmp(plainProfile(family), rate);
    if (!socket.ok) {
      expect(socket.error.kind).toBe("noPermission");
      expect(socket.error.message).toMatch(/net\.ipv4\.ping_group_range .* CAP_NET_RAW/);
      context.skip("ICMP is not permitted here: ping_group_range excludes this group, and there is no CAP_NET_RAW");
      return;
    }
    const { identifier, raw } = socket.value;
    const probe = { stream: 1, sequence: 2, cookie: [3, 4] as const };
    const before = sockets.now().realtime;
    socket.value.send([
      {
        ...outgoing(at(loopbackOf[family]), ""),
        write: (into) => writeProbeRequest(into, types, { identifier, sequence: 5 }, probe, size),
      },
    ]);
    const got = await receive(sockets, socket.value, 1);
    const mine = got.map(({ bytes }) => decodeEcho(types, bytes));
    // A raw socket may also be handed the answers to others on this host.
    expect(raw || mine.length === 1).toBe(true);
    expect(mine).toContainEqual({
      ok: true,
      value: expect.objectContaining({ type: "reply", identifier, sequence: 5, payload: expect.any(Uint8Array) }),
    });
    expect(mine.map((echo) => echo.ok && echo.value.payload.byteLength)).toContain(size);
    expect(got[0]?.from).toEqual(at(loopbackOf[family]));
    expect(got[0]?.realtime).toBeGreaterThanOrEqual(before);
  });
});
