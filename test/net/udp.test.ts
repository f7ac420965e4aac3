import { describe, expect, it } from "vitest";
import { canonicalAddress, destinationOf, familyOf, type Sender } from "../../agent/net/udp.ts";
import { openUdp } from "../../agent/net/udp-open.ts";

describe("addresses", () => {
  it.each([
    ["10.0.0.1", "10.0.0.1", 4],
    ["FD00:0:0:0:0:0:0:2", "fd00::2", 6],
    ["fe80::0001%eth0", "fe80::1%eth0", 6],
  ] as const)("%s is named %s", (given, canonical, family) => {
    expect(canonicalAddress(given)).toBe(canonical);
    expect(familyOf(given)).toBe(family);
  });
});

const kinds = ["kernel", "portable"] as const;

describe.each(kinds)("a socket of kind %s", (kind) => {
  const deaf = { message: () => {}, error: () => {} };

  it("does nothing before start, delivers while open, and refuses when stopped", async () => {
    const create = await openUdp(kind);
    const received: string[] = [];
    const handlers = {
      message: (bytes: Uint8Array, from: Sender) =>
        void received.push(
          `${Buffer.from(bytes).toString()} ${from.address()} ${from.port()} ${from.is(self())} ${from.is(other())}`,
        ),
      error: () => {},
    };
    const failures: string[] = [];
    const socket = create({ family: 4, address: "127.0.0.1" }, handlers);
    const self = () => destinationOf("127.0.0.1", port);
    const other = () => destinationOf("127.0.0.2", port);
    const send = (text: string) => socket.send(Buffer.from(text), self(), (code) => failures.push(code));
    let port = socket.port();
    expect(port).toBe(0);
    await socket.start();
    port = socket.port();
    // More than one wakes the loop once: all the ways of reading must tell the same.
    const texts = Array.from({ length: 100 }, (_, i) => `hello ${i}`);
    for (const text of texts) send(text);
    await expect.poll(() => received).toEqual(texts.map((text) => `${text} 127.0.0.1 ${port} true false`));
    await socket.stop();
    expect(failures).toEqual([]);
    send("too late");
    expect(failures).toEqual(["EBADF"]);
  });

  it("sends what it was given, whatever becomes of those octets", async () => {
    const create = await openUdp(kind);
    const received: string[] = [];
    const socket = create(
      { family: 4, address: "127.0.0.1" },
      { message: (bytes) => void received.push(Buffer.from(bytes).toString()), error: () => {} },
    );
    await socket.start();
    const octets = Buffer.from("first");
    socket.send(octets, destinationOf("127.0.0.1", socket.port()), () => {});
    octets.write("other");
    socket.send(octets, destinationOf("127.0.0.1", socket.port()), () => {});
    await expect.poll(() => received).toEqual(["first", "other"]);
    await socket.stop();
  });

  it("takes the largest datagram, and tells when the kernel refuses one", async () => {
    const create = await openUdp(kind);
    const lengths: number[] = [];
    const socket = create(
      { family: 4, address: "127.0.0.1" },
      { message: (bytes) => void lengths.push(bytes.length), error: () => {} },
    );
    await socket.start();
    const to = destinationOf("127.0.0.1", socket.port());
    const failures: string[] = [];
    socket.send(new Uint8Array(65_507), to, (code) => failures.push(code));
    socket.send(new Uint8Array(65_508), to, (code) => failures.push(code));
    await expect.poll(() => [lengths, failures]).toEqual([[65_507], ["EMSGSIZE"]]);
    await socket.stop();
  });

  it("may be stopped by what it receives", async () => {
    const create = await openUdp(kind);
    let received = 0;
    const stopped: Promise<void>[] = [];
    const socket = create(
      { family: 4, address: "127.0.0.1" },
      {
        message() {
          received += 1;
          if (received === 2) stopped.push(socket.stop());
        },
        error: () => {},
      },
    );
    await socket.start();
    const to = destinationOf("127.0.0.1", socket.port());
    for (let i = 0; i < 10; i++) socket.send(Buffer.from("x"), to, () => {});
    await expect.poll(() => stopped).toHaveLength(1);
    await stopped[0];
    expect(received).toBe(2);
  });

  it("says why it cannot be opened", async () => {
    const create = await openUdp(kind);
    const first = create({ family: 4, address: "127.0.0.1" }, deaf);
    await first.start();
    const second = create({ family: 4, address: "127.0.0.1", port: first.port() }, deaf);
    await expect(second.start()).rejects.toThrow("EADDRINUSE");
    await first.stop();
  });

  it("speaks IPv6", async () => {
    const create = await openUdp(kind);
    const senders: string[] = [];
    const socket = create(
      { family: 6, address: "::1" },
      { message: (_, from) => void senders.push(`${from.address()} ${from.is(self())}`), error: () => {} },
    );
    await socket.start();
    const self = () => destinationOf("0:0:0:0:0:0:0:1", socket.port());
    socket.send(Buffer.from("x"), self(), () => {});
    await expect.poll(() => senders).toEqual(["::1 true"]);
    await socket.stop();
  });
});
