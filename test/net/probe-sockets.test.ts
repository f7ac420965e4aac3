import { createSocket } from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import { type Instant, monotonicNow } from "../../agent/lib/clock.ts";
import { openProbeSockets, type SocketKind } from "../../agent/net/probe-open.ts";
import {
  clockOffset,
  formatIpv4,
  type Incoming,
  type Outgoing,
  type ProbeSocket,
  type ProbeSockets,
  parseIpv4,
} from "../../agent/net/probe-sockets.ts";
import { decodeEcho, icmpEcho, writeProbeRequest } from "../../agent/wire/icmp.ts";

const loopback = { address: 0x7f000001, port: 0 };
const opened: ProbeSockets[] = [];

async function open(kind: SocketKind) {
  const { sockets, kind: got } = await openProbeSockets(() => 0x1234, kind);
  opened.push(sockets);
  return { sockets, got };
}

async function udp(sockets: ProbeSockets): Promise<ProbeSocket> {
  const socket = await sockets.openUdp(loopback);
  if (!socket.ok) throw new Error(socket.error.message);
  return socket.value;
}

function outgoing(to: { address: number; port: number }, text: string, failures: string[] = []): Outgoing {
  return {
    to,
    write: (into) => new TextEncoder().encodeInto(text, into).written,
    preempted: () => undefined,
    failed: (code) => failures.push(code),
  };
}

/** Everything that arrives until there are `count`, or two seconds have passed. */
async function receive(sockets: ProbeSockets, socket: ProbeSocket, count: number): Promise<Incoming[]> {
  const all: Incoming[] = [];
  const until = monotonicNow() + 2_000;
  while (all.length < count && monotonicNow() < until) {
    await sockets.wait(until as Instant);
    socket.receive((datagram) => all.push({ ...datagram, bytes: datagram.bytes.slice() }));
  }
  return all;
}

afterEach(() => {
  for (const sockets of opened.splice(0)) sockets.close();
});

const linux = process.platform === "linux";

describe.each<SocketKind>(linux ? ["kernel", "portable"] : ["portable"])("%s sockets", (kind) => {
  it("are what was asked for", async () => {
    expect((await open(kind)).got).toBe(kind);
  });

  it("carry datagrams both ways, with stamps on both clocks", async () => {
    const { sockets } = await open(kind);
    const [a, b] = [await udp(sockets), await udp(sockets)];
    const before = sockets.now();
    const texts = Array.from({ length: 20 }, (_, i) => `datagram ${i}`);
    a.send(texts.map((text) => outgoing({ ...loopback, port: b.identifier }, text)));
    const got = await receive(sockets, b, 20);
    expect(got.map(({ bytes }) => new TextDecoder().decode(bytes)).toSorted()).toEqual(texts.toSorted());
    for (const { from, realtime, readAt } of got) {
      expect(from).toEqual({ ...loopback, port: a.identifier });
      expect(realtime).toBeGreaterThanOrEqual(before.realtime);
      expect(realtime).toBeLessThanOrEqual(readAt.realtime);
      expect(Math.abs(clockOffset(readAt) - clockOffset(before))).toBeLessThan(50e6);
    }
    expect(b.overflowed()).toBe(0);
  });

  it("fail a send alone, and send the others", async () => {
    const { sockets } = await open(kind);
    const [a, b] = [await udp(sockets), await udp(sockets)];
    const failures: string[] = [];
    // Without SO_BROADCAST the kernel refuses it.
    const broadcast = { address: 0xffff_ffff, port: b.identifier };
    const good = { ...loopback, port: b.identifier };
    a.send([outgoing(good, "1"), outgoing(broadcast, "2", failures), outgoing(good, "3")]);
    expect(await receive(sockets, b, 2)).toHaveLength(2);
    expect(failures).toEqual([linux ? "EACCES" : expect.any(String)]);
  });

  it("name a source that is no address of this host", async () => {
    const { sockets } = await open(kind);
    // TEST-NET-3, RFC 5737.
    const socket = await sockets.openUdp({ address: 0xcb007109, port: 0 });
    expect(socket).toMatchObject({ ok: false, error: { kind: "noSuchSource" } });
    expect(!socket.ok && socket.error.message).toMatch(/203\.0\.113\.9 is not an address of this host/);
  });

  it("come back from a wait by themselves", async () => {
    const { sockets } = await open(kind);
    await sockets.wait(Infinity as Instant);
    await sockets.wait(0 as Instant);
  });
});

describe("portable sockets", () => {
  it("say that they have no ICMP, why, and what to do", async () => {
    const { sockets } = await open("portable");
    expect(sockets.openIcmp(undefined)).toEqual({
      ok: false,
      error: {
        kind: "unavailable",
        message: "ICMP probes are not available here (portable sockets were asked for): use stamp probes",
      },
    });
  });
});

describe.runIf(linux)("kernel sockets under a flood", () => {
  it("count what their full buffer lost, to the datagram", async () => {
    const { sockets } = await open("kernel");
    const [a, b] = [await udp(sockets), await udp(sockets)];
    const to = { ...loopback, port: b.identifier };
    const flood = 20_000;
    for (let sent = 0; sent < flood; sent += 100) a.send(Array.from({ length: 100 }, () => outgoing(to, "flood")));
    let read = 0;
    while (!b.receive(() => read++));
    // The count comes with a datagram that was let in after the others were lost.
    a.send([outgoing(to, "after")]);
    while (!b.receive(() => read++));
    const lost = b.overflowed();
    expect(lost).toBeGreaterThan(0);
    expect(read + lost).toBe(flood + 1);
    expect(b.overflowed()).toBe(0);
  });

  it("hand over an overlong datagram as one without octets", async () => {
    const { sockets } = await open("kernel");
    const socket = await udp(sockets);
    const sender = createSocket("udp4");
    for (const length of [2_048, 2_049]) sender.send(new Uint8Array(length), socket.identifier, "127.0.0.1");
    const got = await receive(sockets, socket, 2);
    sender.close();
    expect(got.map(({ bytes }) => bytes.byteLength)).toEqual([2_048, 0]);
  });

  it("say that a send was preempted when a long time passed between its stamp and its end", async () => {
    const { sockets } = await open("kernel");
    const [a, b] = [await udp(sockets), await udp(sockets)];
    let preempted = 0;
    const slow: Outgoing = {
      ...outgoing({ ...loopback, port: b.identifier }, "slow"),
      preempted: () => preempted++,
      write(_, at) {
        // Ten times the limit.
        while (sockets.now().realtime - at.realtime < 2e6);
        return 4;
      },
    };
    a.send([slow]);
    expect(preempted).toBe(1);
    expect(await receive(sockets, b, 1)).toHaveLength(1);
  });
});

describe.runIf(linux)("ICMP sockets", () => {
  it("are answered by the kernel, or say what permission they miss", async (context) => {
    const { sockets } = await open("kernel");
    const socket = sockets.openIcmp(undefined);
    if (!socket.ok) {
      expect(socket.error.kind).toBe("noPermission");
      expect(socket.error.message).toMatch(/net\.ipv4\.ping_group_range .* CAP_NET_RAW/);
      context.skip("ICMP is not permitted here: ping_group_range excludes this group, and there is no CAP_NET_RAW");
      return;
    }
    const { identifier, raw } = socket.value;
    const probe = { stream: 1, sequence: 2, cookie: [3, 4] as const };
    socket.value.send([
      {
        ...outgoing(loopback, ""),
        write: (into) => writeProbeRequest(into, icmpEcho, { identifier, sequence: 5 }, probe),
      },
    ]);
    const mine = (await receive(sockets, socket.value, 1)).map(({ bytes }) => decodeEcho(icmpEcho, bytes));
    // A raw socket may also be handed the answers to others on this host.
    expect(raw || mine.length === 1).toBe(true);
    expect(mine).toContainEqual({
      ok: true,
      value: expect.objectContaining({ type: "reply", identifier, sequence: 5 }),
    });
  });
});

describe("IPv4 addresses", () => {
  it("are read and written as dotted quads only", () => {
    expect(parseIpv4("172.16.0.2")).toBe(0xac100002);
    expect(formatIpv4(0xffffff01)).toBe("255.255.255.1");
    for (const bad of ["", "1.2.3", "1.2.3.256", "1.2.3.4.5", "::1", "a.b.c.d", "1.2.3.-4"]) {
      expect(parseIpv4(bad)).toBeUndefined();
    }
  });
});
