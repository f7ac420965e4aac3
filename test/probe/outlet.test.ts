// Real sockets on loopback: what becomes of answers that are under way when their socket is opened anew.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { Instant } from "../../agent/lib/clock.ts";
import { openProbeSockets } from "../../agent/net/probe-open.ts";
import { createOutlet } from "../../agent/probe/outlet.ts";
import { createOutletNews } from "../../agent/probe/outlet-news.ts";
import { plainProfile } from "../support/socket-profile.ts";

const at = (ms: number) => ms as Instant;

describe.runIf(process.platform === "linux")("a socket that another has taken the place of", () => {
  it("is read until it may be opened anew again, and closed", async () => {
    const { sockets } = await openProbeSockets(() => 1);
    const outlet = createOutlet(
      sockets,
      "stamp",
      { ...plainProfile(6), interface: "lo" },
      createOutletNews(() => undefined),
    );
    await outlet.open(at(0));
    const before = outlet.socket()?.identifier ?? 0;
    outlet.failed("ENETUNREACH");
    await outlet.open(at(5_000));
    const now = outlet.socket()?.identifier ?? 0;
    expect(now).not.toBe(before);

    const far = createSocket("udp6");
    const arrived: [text: string, to: number][] = [];
    const receive = (ms: number) =>
      outlet.receive(at(ms), ({ bytes }, { identifier }) =>
        arrived.push([new TextDecoder().decode(bytes), identifier]),
      );
    const send = (text: string, port: number) =>
      new Promise<void>((done, failed) => far.send(text, port, "::1", (cause) => (cause ? failed(cause) : done())));
    await send("late", before);
    await send("new", now);
    expect(receive(9_999)).toBe(true);
    expect(arrived).toEqual([
      ["late", before],
      ["new", now],
    ]);

    expect(receive(10_000)).toBe(true);
    far.close();
    const other = createSocket("udp6");
    other.bind(before, "::1");
    await once(other, "listening");
    other.close();
    outlet.close();
    sockets.close();
  });
});
