import { describe, expect, it } from "vitest";
import { canonicalAddress, createUdpSocket, familyOf } from "../../agent/net/udp.ts";

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

describe("a socket", () => {
  it("does nothing before start, delivers while open, and refuses when stopped", async () => {
    const received: string[] = [];
    const handlers = {
      message: (bytes: Uint8Array, address: string, port: number) =>
        void received.push(`${Buffer.from(bytes).toString()} ${address} ${port}`),
      error: () => {},
    };
    const failures: string[] = [];
    const socket = createUdpSocket({ family: 4, address: "127.0.0.1" }, handlers);
    const send = () => socket.send(Buffer.from("hello"), port, "127.0.0.1", (code) => failures.push(code));
    let port = socket.port();
    expect(port).toBe(0);
    await socket.start();
    port = socket.port();
    send();
    await expect.poll(() => received).toEqual([`hello 127.0.0.1 ${port}`]);
    await socket.stop();
    expect(failures).toEqual([]);
    send();
    expect(failures).toEqual(["EBADF"]);
  });

  it("says why it cannot be opened", async () => {
    const first = createUdpSocket({ family: 4, address: "127.0.0.1" }, { message: () => {}, error: () => {} });
    await first.start();
    const second = createUdpSocket(
      { family: 4, address: "127.0.0.1", port: first.port() },
      { message: () => {}, error: () => {} },
    );
    await expect(second.start()).rejects.toThrow("EADDRINUSE");
    await first.stop();
  });
});
