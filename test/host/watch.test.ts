import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { Gateway, HostObservation } from "../../agent/estate/host-observation.ts";
import type { Observation } from "../../agent/estate/observation.ts";
import { gatewayStreams } from "../../agent/host/gateways.ts";
import { createHostWatch, type HostDeps } from "../../agent/host/watch.ts";
import { type Clock, type Instant, systemClock } from "../../agent/lib/clock.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { estate as anEstate } from "../support/estate.ts";
import { eventually } from "../support/eventually.ts";
import { deviceTable, ipv4Table } from "../support/proc.ts";

const ends: (() => unknown)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const viaEth0 = ipv4Table([
  { family: 4, network: 0n, length: 0, gateway: 0xc0000201n, metric: 0, interface: "eth0", refuses: false },
]);
const text = (s: string) => Buffer.from(s);

/** A host made of files, and a clock that the test moves. */
function watching(files: Map<string, Uint8Array>, deps: Partial<HostDeps> = {}) {
  let now = 10_000;
  let asleep = 0;
  let stepped = 0;
  let preempted = 0;
  let next: { readonly at: number; readonly run: () => void } | undefined;
  const clock: Clock = {
    now: () => now as Instant,
    toEpoch: (at) => at,
    after: (delay, run) => {
      next = { at: now + delay, run };
      return () => {
        next = undefined;
      };
    },
  };
  const observed: Observation[] = [];
  const gateways: (readonly Gateway[])[] = [];
  const warnings: unknown[] = [];
  const log: Logger = { info: () => undefined, warn: (fields) => warnings.push(fields), error: () => undefined };
  const watch = createHostWatch(
    {
      clock,
      log,
      observe: (o) => observed.push(o),
      gateways: (g) => gateways.push(g),
      readFile: (path) => files.get(path),
      wall: () => now + asleep + stepped,
      boot: () => {
        now += preempted;
        return now + asleep;
      },
      ...deps,
    },
    anEstate(),
  );
  watch.start();
  ends.push(watch.stop);
  return {
    gateways,
    warnings,
    host: () => observed.findLast((o): o is HostObservation => o.kind === "host"),
    late: () => observed.flatMap((o) => (o.kind === "loop" ? [o.late] : [])),
    /** Runs what is due in the next `ms`, each `late` after its time. */
    pass(ms: number, late = 0) {
      const until = now + ms;
      for (let due = next; due !== undefined && due.at <= until; due = next) {
        now = Math.max(now, due.at + late);
        next = undefined;
        due.run();
      }
      now = Math.max(now, until);
    },
    sleep(ms: number) {
      asleep += ms;
    },
    /** So long passes between the reading of one clock and of the next. */
    preempt(ms: number) {
      preempted = ms;
    },
    step(ms: number) {
      stepped += ms;
    },
    stop: watch.stop,
    pending: () => next !== undefined,
  };
}

const linux = () =>
  new Map<string, Uint8Array>([
    ["/proc/self/net/route", viaEth0],
    ["/proc/self/net/ipv6_route", text("")],
    ["/proc/self/net/dev", deviceTable([["eth0", 7, 2]])],
    ["/sys/class/net/eth0/operstate", text("up\n")],
    ["/sys/class/net/eth0/carrier", text("1\n")],
    ["/proc/self/net/snmp", text("Udp: RcvbufErrors\nUdp: 40\n")],
    ["/proc/self/net/snmp6", text("Udp6RcvbufErrors 2\n")],
    ["/proc/self/schedstat", text("1 1000000000 3\n")],
    ["/proc/pressure/cpu", text("some avg10=50.00 avg60=0.00 avg300=0.00 total=1\n")],
  ]);

describe("the host", () => {
  it("is told once a second: the way out, the interface and what the kernel counts", () => {
    const files = linux();
    const s = watching(files);
    expect(s.gateways).toEqual([[{ address: "192.0.2.1", interface: undefined }]]);
    expect(gatewayStreams(s.gateways[0] ?? [])).toMatchObject([
      { of: "gateway 192.0.2.1", index: 0, target: { technique: "icmp", address: "192.0.2.1" } },
    ]);
    files.set("/proc/self/net/snmp", text("Udp: RcvbufErrors\nUdp: 45\n"));
    files.set("/proc/self/schedstat", text("1 1250000000 3\n"));
    s.pass(1_000);
    expect(s.host()).toMatchObject({
      egress: { interfaces: ["eth0"], routed: true, defaultRouteLost: false },
      interfaces: [{ name: "eth0", state: "up", counters: { receiveErrors: 2, transmitDrops: 2 } }],
      receiveBufferErrors: 5,
      cpuWait: 0.25,
      cpuPressure: 0.5,
      clockSteps: 0,
      sleep: undefined,
    });
  });

  it("keeps the interface in sight when its routes go with it, and names no other gateway", () => {
    const files = linux();
    const s = watching(files);
    files.set("/proc/self/net/route", ipv4Table([]));
    files.set("/sys/class/net/eth0/operstate", text("down\n"));
    files.delete("/sys/class/net/eth0/carrier");
    s.pass(1_000);
    expect(s.host()).toMatchObject({
      egress: { routed: false, defaultRouteLost: true },
      interfaces: [{ state: "down", detail: "operstate down, carrier not told" }],
    });
    files.set("/proc/self/net/dev", deviceTable([["lo", 0, 0]]));
    s.pass(1_000);
    expect(s.host()?.interfaces).toMatchObject([{ name: "eth0", state: "absent" }]);
    expect(s.gateways).toHaveLength(1);
  });

  it.each([
    ["up\n", "1\n", "up"],
    ["unknown\n", "1\n", "up"],
    ["unknown\n", undefined, "unknown"],
    ["lowerlayerdown\n", "0\n", "down"],
    ["dormant\n", "0\n", "down"],
    ["\u0000../../etc", undefined, "unknown"],
  ])("takes operstate %j with carrier %j for %s", (operstate, carrier, state) => {
    const files = linux();
    files.set("/sys/class/net/eth0/operstate", text(operstate));
    if (carrier === undefined) files.delete("/sys/class/net/eth0/carrier");
    else files.set("/sys/class/net/eth0/carrier", text(carrier));
    expect(watching(files).host()?.interfaces).toMatchObject([{ state }]);
  });

  it("says that it does not know where the kernel tells nothing, and complains once of what it does not understand", () => {
    expect(watching(new Map()).host()).toMatchObject({
      egress: undefined,
      interfaces: [],
      receiveBufferErrors: undefined,
      cpuWait: undefined,
      cpuPressure: undefined,
    });
    const files = linux().set("/proc/self/net/route", text("nonsense")).set("/proc/self/net/snmp", text(""));
    const s = watching(files);
    s.pass(5_000);
    // A table that is not understood may hold any route.
    expect(s.host()?.egress).toMatchObject({ routed: true, defaultRouteLost: false, gateways: [] });
    expect(s.warnings).toEqual([
      { path: "/proc/self/net/route", reason: "form" },
      { path: "/proc/self/net/snmp", reason: "form" },
    ]);
  });

  it("tells a sleep and a step of the wall clock", () => {
    const s = watching(linux());
    s.pass(1_000);
    s.sleep(3_600_000);
    s.pass(1_000);
    expect(s.host()).toMatchObject({ clockSteps: 0, sleptSeconds: 3_600, sleep: { until: 12_000, length: 3_600_000 } });
    s.step(-5_000);
    s.pass(1_000);
    expect(s.host()).toMatchObject({ clockSteps: 1, sleptSeconds: 3_600 });
  });

  it("takes clocks that were not read at one moment for nothing", () => {
    const s = watching(linux());
    s.pass(1_000);
    s.preempt(5_000);
    s.pass(1_000);
    s.preempt(0);
    s.pass(2_000);
    expect(s.host()).toMatchObject({ sleptSeconds: 0, clockSteps: 0 });
  });

  it("says how late its own thread was, and stops", () => {
    const s = watching(linux());
    s.pass(2_000);
    expect(s.late()).toEqual([0, 0, 0]);
    s.pass(250, 3_000);
    s.pass(1_000);
    expect(Math.max(...s.late())).toBe(3_000);
    s.stop();
    expect(s.pending()).toBe(false);
  });

  it.runIf(process.platform === "linux")("counts the datagrams that a full receive buffer really lost", async () => {
    const observed: HostObservation[] = [];
    const log: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const observe = (o: Observation) => void (o.kind === "host" && observed.push(o));
    const watch = createHostWatch({ clock: systemClock, log, observe, gateways: () => undefined }, anEstate());
    watch.start();
    ends.push(watch.stop);
    const [receiver, sender] = [createSocket("udp4"), createSocket("udp4")];
    ends.push(
      () => receiver.close(),
      () => sender.close(),
    );
    receiver.bind(0, "127.0.0.1");
    await once(receiver, "listening");
    receiver.setRecvBufferSize(4_096);
    let received = 0;
    receiver.on("message", () => received++);
    sender.connect(receiver.address().port, "127.0.0.1");
    await once(sender, "connect");
    const sent = 300;
    await Promise.all(
      Array.from({ length: sent }, () => new Promise((resolve) => sender.send(Buffer.alloc(1_400), resolve))),
    );
    // Others on the host lose some as well, which say nothing of these.
    const counted = () => observed.at(-1)?.receiveBufferErrors ?? 0;
    await eventually("the loss is counted", () => received > 0 && counted() >= sent - received);
    // The proof that it happened: the receiver did not get them.
    expect(received).toBeLessThan(sent);
  });
});
