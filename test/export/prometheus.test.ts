import { describe, expect, it } from "vitest";
import { allMetrics } from "../../agent/catalog/metrics.ts";
import { type Estate, type LinkName, type Path, type ProbeTarget, pathsOf } from "../../agent/estate/estate.ts";
import type { HostObservation } from "../../agent/estate/host-observation.ts";
import { type InterfaceCounters, interfaceCounters, pollGroups, subject } from "../../agent/estate/observation.ts";
import { judge } from "../../agent/evaluate/judge.ts";
import { type AgentTelemetry, createPrometheusExport, type PrometheusExport } from "../../agent/export/prometheus.ts";
import type { Clock } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState, type State } from "../../agent/state/state.ts";
import { estate as anEstate, at } from "../support/estate.ts";
import { noCounters, reading } from "../support/interfaces.ts";
import { bfdOf, linkOf } from "../support/link-observations.ts";
import { textOf } from "../support/packed-text.ts";
import { routerProbeOf } from "../support/router-probe-observations.ts";

const epoch = 1_800_000_000;

function clockAt(s: number): Clock {
  return { now: () => at(s), toEpoch: (instant) => epoch * 1_000 + instant, after: () => () => undefined };
}

const telemetry: AgentTelemetry = {
  version: "1.2.3",
  simulated: false,
  pollOverruns: () => 0,
  openBreakers: () => 2,
  snmpMessages: () => ({ sent: 5, retransmitted: 1, answered: 4, timedOut: 0 }),
  snmpDropped: () => ({ malformed: 3 }),
  notifications: {
    taken: () => new Map([["ams-ce1", { link: 1, bgp: 2, bfd: 0, start: 0 }]]),
    dropped: () => ({ flood: 4 }),
    datagrams: () => ({ received: 7 }),
    confirmed: () => new Map([["ams-ce1", 3]]),
  },
  probesDropped: () => ({ foreign: 2 }),
  probesSkipped: () => 0,
  probeRestarts: () => 0,
  checking: { inFlight: () => 0, skipped: () => 0, restarts: () => 0 },
  reflector: { outcomes: () => undefined, restarts: () => 0 },
  tracing: {
    traces: () => ({ reached: 3, silent: 1 }),
    searches: () => ({ whole: 2, blackHole: 1 }),
    packets: () => 40,
    dropped: () => ({ forged: 5 }),
  },
  bmp: () => undefined,
  httpRequests: () => ({ served: 9 }),
};

function observeAll(state: State, s: number, sysDescr = "Router OS 1"): void {
  for (const router of ["ams-ce1", "ams-ce2"]) {
    for (const group of pollGroups) {
      state.observe({ kind: "poll", router, group, at: at(s), result: "ok", detail: "", seconds: 0.02 });
    }
    const system = { sysName: router, sysDescr, sysObjectId: "1.3.6.1.4.1.8072.3.2.10", sysUpTime: 100 };
    state.observe({ kind: "router", router, at: at(s), ...system });
    const counters = {
      ...Object.fromEntries(interfaceCounters.map((name, i) => [name, BigInt(i)])),
      receiveBytes: 2n ** 60n,
      transmitDiscards: undefined,
    } as InterfaceCounters;
    state.observe(reading(s, { router, counters, duplex: "fullDuplex" }));
  }
  for (const [router, remoteAddress] of [
    ["ams-ce1", "172.16.0.2"],
    ["ams-ce2", "172.16.0.6"],
  ] as const) {
    const established = { state: "established", adminUp: true, remoteAsn: 12076, establishedTransitions: 3 } as const;
    const session = { ...established, establishedSeconds: 60, lastError: [6, 2] as const };
    state.observe({ kind: "session", router, remoteAddress, at: at(s), present: true, ...session });
    for (const observation of linkOf(router, remoteAddress, "er0", at(s))) state.observe(observation);
    const link = router === "ams-ce1" ? "primary" : "secondary";
    state.observe(routerProbeOf({ circuit: "ams-1", peering: "azurePrivate", link }, router, remoteAddress, at(s)));
  }
}

function observeProbes(state: State, s: number, lost: number): void {
  const subjects = [
    subject.path({ circuit: "ams-1", peering: "azurePrivate", link: "primary" }),
    subject.path({ circuit: "ams-1", peering: "azurePrivate", link: "secondary" }),
    subject.pair({ globalReach: "ams-sin", fromSite: "ams", toSite: "sin" }),
  ];
  for (const of of subjects) {
    const settled = { received: 40 - lost, lost, late: 1, duplicate: 2, reordered: 3, discarded: 4, sendErrors: 5 };
    const delays = Array.from({ length: 40 - lost }, (_, i) => 0.001 * (i + 1));
    const run = { lossRun: 0, lastReceivedAt: at(s) };
    state.observe({ kind: "probe", of, index: 0, technique: "icmp", at: at(s), ...settled, delays, ...run });
  }
}

function exportAt(estate: Estate, state: State, s: number) {
  const judgement = judge(estate, state, undefined, at(s));
  const deps = { estate, snapshot: state, judgement: () => judgement, agent: telemetry, clock: clockAt(s) };
  return scrape(createPrometheusExport(deps));
}

async function scrape(exporter: PrometheusExport): Promise<string> {
  return textOf(await exporter.render());
}

/** Two streams of one technique on each path: the second was not observed yet. */
function twoStreams(further: (first: ProbeTarget) => readonly ProbeTarget[] = (first) => [first]): Estate {
  const one = anEstate();
  const circuits = [...one.circuits].map(([name, circuit]) => {
    const peerings = circuit.peerings.map((peering) => {
      const twice = (link: LinkName): Path => {
        const { probes } = peering.paths[link];
        return { ...peering.paths[link], probes: [...probes, ...probes.flatMap(further)] };
      };
      return { ...peering, paths: { primary: twice("primary"), secondary: twice("secondary") } };
    });
    return [name, { ...circuit, peerings }] as const;
  });
  return { ...one, circuits: new Map(circuits) };
}

const path = 'circuit="ams-1",peering="azurePrivate",link="primary",router="ams-ce1",site="ams"';

describe("the agent itself", () => {
  const host = (state: State, s: number, rest: Partial<HostObservation> = {}) =>
    state.observe({
      kind: "host",
      at: at(s),
      egress: {
        gateways: ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((address) => ({ address, interface: undefined })),
        interfaces: ["eth0", "eth1", "tun0"],
        defaultRouteLost: false,
        routed: true,
      },
      interfaces: [
        {
          name: "eth0",
          state: "up",
          detail: "",
          counters: { receiveErrors: 1, receiveDrops: 2, transmitErrors: 3, transmitDrops: 4 },
        },
        { name: "eth1", state: "absent", detail: "", counters: undefined },
        { name: "tun0", state: "unknown", detail: "", counters: undefined },
      ],
      receiveBufferErrors: 5,
      cpuWait: 0.25,
      cpuPressure: undefined,
      clockSteps: 6,
      sleep: undefined,
      sleptSeconds: 7,
      ...rest,
    });
  const lines = (text: string) =>
    text.split("\n").filter((line) => /^expressroute_agent_(host|gateway|interface|loop|cpu|isol)/.test(line));

  it("is told as the host tells it, and what it does not tell is left out", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100);
    observeProbes(state, 100, 4);
    host(state, 100);
    for (const [i, last] of [100, 90].entries()) {
      const none = { received: 0, lost: 0, late: 0, duplicate: 0, reordered: 0, discarded: 0, sendErrors: 0 };
      const of = subject.gateway(`192.0.2.${i + 1}`);
      const rest = { delays: [], lossRun: 0, lastReceivedAt: at(last) };
      state.observe({ kind: "probe", of, index: 0, technique: "icmp", at: at(100), ...none, ...rest });
    }
    state.observe({ kind: "loop", thread: "probing", at: at(100), late: seconds(0.004) });
    expect(lines(await exportAt(anEstate(), state, 101))).toEqual(
      [
        "isolations_total 0",
        'gateway_up{gateway="192.0.2.1"} 1',
        'gateway_up{gateway="192.0.2.2"} 0',
        'interface_up{interface="eth0"} 1',
        'interface_up{interface="eth1"} 0',
        'interface_receive_errors_total{interface="eth0"} 1',
        'interface_receive_drops_total{interface="eth0"} 2',
        'interface_transmit_errors_total{interface="eth0"} 3',
        'interface_transmit_drops_total{interface="eth0"} 4',
        "host_receive_buffer_errors_total 5",
        'loop_delay_seconds{thread="probing"} 0.004',
        "cpu_wait_ratio 0.25",
        "host_clock_steps_total 6",
        "host_slept_seconds_total 7",
        "isolated 0",
      ].map((line) => `expressroute_agent_${line}`),
    );
  });

  it("names the cause while it is isolated", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100);
    observeProbes(state, 100, 4);
    host(state, 110, { sleep: { until: at(110), length: seconds(60) } });
    const text = await exportAt(anEstate(), state, 110);
    expect(lines(text).filter((line) => line.includes("isol"))).toEqual([
      'expressroute_agent_isolation_cause_info{cause="hostSlept"} 1',
      "expressroute_agent_isolations_total 1",
      "expressroute_agent_isolated 1",
    ]);
  });
});

describe("the exposition", () => {
  it("says every metric of the catalog, and nothing else of its own", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100);
    observeProbes(state, 100, 4);
    const text = await exportAt(anEstate(), state, 101);
    const said = new Set([...text.matchAll(/^# TYPE (expressroute_\S+)/gm)].map(([, name]) => name));
    expect([...said].sort()).toEqual(allMetrics.map(({ name }) => name).sort());
  });

  it("gives every series its metric's labels, and none twice", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100);
    observeProbes(state, 100, 4);
    const lines = (await exportAt(twoStreams(), state, 101))
      .split("\n")
      .filter((line) => line.startsWith("expressroute_"));
    const series = lines.map((line) => line.slice(0, line.lastIndexOf(" ")));
    expect(series.filter((one, i) => series.indexOf(one) !== i)).toEqual([]);
    const wrong = series.filter((one) => {
      const [name, labels = ""] = one.split("{");
      const given = [...labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label]) => label);
      const metric = allMetrics.find(
        (known) => known.name === (known.type === "histogram" ? name?.replace(/_(bucket|sum|count)$/, "") : name),
      );
      if (metric?.type === "histogram" && name?.endsWith("_bucket") === true) given.splice(given.indexOf("le"), 1);
      return metric === undefined || given.toSorted().join() !== metric.labels.toSorted().join();
    });
    expect(wrong).toEqual([]);
    const both = `expressroute_path_probes_total{${path},technique="icmp"} 40`;
    expect(lines).toContain(both);
  });

  it("says once of a path and technique which reason keeps its probes here", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 110);
    const of = subject.path({ circuit: "ams-1", peering: "azurePrivate", link: "primary" });
    const none = { received: 0, lost: 0, late: 0, duplicate: 0, reordered: 0, discarded: 0, delays: [], lossRun: 0 };
    for (let s = 100; s <= 110; s++) {
      for (const index of [0, 1]) {
        const unsent = { reason: "noSuchSource", says: `the source of stream ${index} is gone` } as const;
        const rest = { ...none, sendErrors: 1, unsent, lastReceivedAt: undefined };
        state.observe({ kind: "probe", of, index, technique: "icmp", at: at(s), ...rest });
      }
    }
    const lines = (await exportAt(twoStreams(), state, 110)).split("\n");
    expect(lines.filter((line) => line.startsWith("expressroute_path_probes_unsent_info"))).toEqual([
      `expressroute_path_probes_unsent_info{${path},technique="icmp",reason="noSuchSource"} 1`,
    ]);
  });

  it("shows the loss of each class beside that of the path, once", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100);
    observeProbes(state, 100, 0);
    const of = subject.path({ circuit: "ams-1", peering: "azurePrivate", link: "primary" });
    const counts = { received: 30, lost: 10, late: 0, duplicate: 0, reordered: 0, discarded: 0, sendErrors: 0 };
    const rest = { ...counts, delays: Array.from({ length: 30 }, () => 0.002), lossRun: 0, lastReceivedAt: at(100) };
    for (const index of [1, 2]) state.observe({ kind: "probe", of, index, technique: "icmp", at: at(100), ...rest });
    const voice = (probe: ProbeTarget) => [1, 2].map(() => ({ ...probe, dscp: 46 }));
    const lines = (await exportAt(twoStreams(voice), state, 101)).split("\n");
    expect(lines.filter((line) => /^expressroute_path_(class_)?loss_(ratio|window).*primary/.test(line))).toEqual([
      `expressroute_path_loss_ratio{${path}} 0`,
      `expressroute_path_loss_window_probes{${path}} 40`,
      `expressroute_path_class_loss_ratio{${path},probes="icmp probes to 172.16.0.2 (DSCP 46)"} 0.25`,
      `expressroute_path_class_loss_window_probes{${path},probes="icmp probes to 172.16.0.2 (DSCP 46)"} 40`,
    ]);
  });

  it("shows what was traced and noticed", async () => {
    const key = subject.path({ circuit: "ams-1", peering: "azurePrivate", link: "primary" });
    const flow = {
      technique: "icmp",
      address: "10.100.0.4",
      port: 0,
      source: undefined,
      interface: undefined,
    } as const;
    const estate: Estate = {
      ...anEstate(),
      tracing: {
        interval: seconds(300),
        pause: seconds(30),
        mtuInterval: seconds(3_600),
        packetRate: 50,
        ownPrefixes: [],
        targets: [{ of: key, ...flow, dscp: 0, mtu: 1_500 }],
      },
    };
    const state = createState({ keep: seconds(60) });
    const seen = { of: key, at: at(100), technique: "icmp", target: "10.100.0.4" } as const;
    const hops = ["10.0.0.1", "172.16.0.6", undefined].map((address, i) => ({
      ttl: i + 1,
      address,
      delay: 0,
      tries: 1,
    }));
    state.observe({ kind: "trace", ...seen, why: "scheduled", hops, end: "silent", detail: "" });
    state.observe({ kind: "mtu", ...seen, result: "blackHole", mtu: 1_400, by: undefined });
    const lines = (await exportAt(estate, state, 101)).split("\n");
    expect(lines.filter((line) => /^expressroute_path_(finding|trace|mtu)/.test(line))).toEqual([
      `expressroute_path_finding{${path},kind="tracedOverOtherLink"} 1`,
      `expressroute_path_finding{${path},kind="pathMtuBlackhole"} 1`,
      `expressroute_path_trace_hops{${path}} 2`,
      `expressroute_path_trace_timestamp_seconds{${path}} 1800000100`,
      `expressroute_path_mtu_bytes{${path}} 1400`,
      `expressroute_path_mtu_expected_bytes{${path}} 1500`,
    ]);
    for (const line of ['traces_total{end="silent"} 1', 'path_mtu_searches_total{result="blackHole"} 1']) {
      expect(lines).toContain(`expressroute_agent_${line}`);
    }
    expect(lines).toContain('expressroute_agent_trace_datagrams_dropped_total{kind="forged"} 5');
    expect(lines).toContain("expressroute_agent_trace_packets_total 40");
  });

  it("shows the shares of Microsoft's limit, and since when a path is noted for its prefixes", async () => {
    const estate: Estate = { ...anEstate(), prefixGuard: { note: 0.8, raise: 0.9 } };
    const state = createState({ keep: seconds(60) });
    const [router, remoteAddress] = ["ams-ce1", "172.16.0.2"];
    const announcing = (advertised: number, s: number) => {
      observeAll(state, s);
      const counts = { family: "ipv4", received: 10, accepted: undefined, active: undefined, advertised } as const;
      state.observe({ kind: "prefixes", router, remoteAddress, at: at(s), families: [counts] });
    };
    const notes = async (s: number) =>
      (await exportAt(estate, state, s)).split("\n").filter((line) => /^expressroute_path_note/.test(line));
    announcing(100, 100);
    expect(await notes(101)).toEqual([]);
    expect((await exportAt(estate, state, 101)).split("\n").filter((line) => line.includes("_guard_ratio{"))).toEqual([
      'expressroute_prefix_guard_ratio{level="note"} 0.8',
      'expressroute_prefix_guard_ratio{level="raise"} 0.9',
    ]);
    announcing(8_300, 102);
    const note = `${path},check="prefixLimit",cause="prefixLimitNear",owner="customer"`;
    expect(await notes(103)).toEqual([`expressroute_path_note_since_timestamp_seconds{${note}} ${epoch + 103}`]);
    // From here on it degrades the path, and is a cause.
    announcing(9_300, 104);
    expect(await notes(105)).toEqual([]);
  });

  it("shows the probes of the routers while they are fresh, and whose word counts", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100);
    const prefix = "expressroute_path_router_probe";
    const of = async (s: number) =>
      (await exportAt(anEstate(), state, s)).split("\n").filter((line) => line.includes(`{${path}`));
    const lines = await of(101);
    expect(lines).toEqual(
      expect.arrayContaining([
        `${prefix}_running{${path}} 1`,
        `${prefix}_answered{${path}} 1`,
        `${prefix}_result_timestamp_seconds{${path}} ${epoch + 98}`,
        `${prefix}_round_trip_delay_min_seconds{${path}} 0.001`,
        `${prefix}_round_trip_delay_average_seconds{${path}} 0.002`,
        `${prefix}_round_trip_delay_max_seconds{${path}} 0.004`,
        `${prefix}_jitter_seconds{${path}} 0.0005`,
        `${prefix}_results_total{${path}} 1`,
        `${prefix}_packets_total{${path}} 10`,
        `${prefix}_packets_lost_total{${path}} 3`,
        `${prefix}_packets_lost_one_way_total{${path},direction="forward"} 2`,
        `${prefix}_packets_lost_one_way_total{${path},direction="backward"} 1`,
        `${prefix}_info{${path},mib="CISCO-RTTMON-MIB",probe="7",target="172.16.0.2",source="",sense="ok"} 1`,
        `expressroute_path_forwarding_witness_info{${path},witness="routerSourced"} 1`,
      ]),
    );
    const later = (await of(500)).filter((line) => line.startsWith(prefix));
    expect(later.map((line) => line.slice(prefix.length, line.indexOf("{"))).toSorted()).toEqual([
      "_packets_lost_one_way_total",
      "_packets_lost_one_way_total",
      "_packets_lost_total",
      "_packets_total",
      "_results_total",
    ]);
  });

  it("says of a probe that does not run only that", async () => {
    const state = createState({ keep: seconds(60) });
    const link = { circuit: "ams-1", peering: "azurePrivate", link: "primary" } as const;
    state.observe({ ...routerProbeOf(link, "ams-ce1", "172.16.0.2", at(100)), running: false });
    const text = await exportAt(anEstate(), state, 101);
    expect(text).toContain(`expressroute_path_router_probe_running{${path}} 0`);
    expect(text).not.toContain(`expressroute_path_router_probe_answered{${path}}`);
  });

  it("shows what was seen and judged", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100);
    observeProbes(state, 100, 4);
    const lines = (await exportAt(anEstate(), state, 101)).split("\n");
    expect(lines).toContain(`expressroute_path_state{${path}} 1`);
    expect(lines).toContain(`expressroute_path_up{${path}} 1`);
    expect(lines).toContain(`expressroute_path_loss_ratio{${path}} 0.1`);
    expect(lines).toContain(`expressroute_path_loss_window_probes{${path}} 40`);
    expect(lines).toContain(`expressroute_path_round_trip_delay_min_seconds{${path}} 0.001`);
    expect(lines).toContain(`expressroute_path_probes_total{${path},technique="icmp"} 40`);
    expect(lines).toContain(`expressroute_path_probes_lost_total{${path},technique="icmp"} 4`);
    expect(lines).toContain(`expressroute_path_loss_threshold_ratio{${path},level="raise"} 0.05`);
    expect(lines).toContain('expressroute_circuit_redundancy_state{circuit="ams-1",peering="azurePrivate"} 1');
    expect(lines).toContain('expressroute_circuit_bandwidth_bytes_per_second{circuit="ams-1"} 125000000');
    expect(lines).toContain(`expressroute_bgp_session_state{${path}} 6`);
    expect(lines).toContain(`expressroute_bgp_session_established_timestamp_seconds{${path}} ${epoch + 100 - 60}`);
    expect(lines).toContain('expressroute_router_up{router="ams-ce1",site="ams"} 1');
    expect(lines).toContain(`expressroute_router_snmp_start_timestamp_seconds{router="ams-ce1",site="ams"} ${epoch}`);
    expect(lines).toContain('expressroute_agent_snmp_datagrams_dropped_total{kind="malformed"} 3');
    const ce1 = 'router="ams-ce1",site="ams"';
    expect(lines).toContain(`expressroute_agent_notifications_total{${ce1},kind="bgp"} 2`);
    expect(lines).toContain(`expressroute_agent_notifications_total{${ce1},kind="bfd"} 0`);
    expect(lines).toContain(`expressroute_agent_confirming_polls_total{${ce1}} 3`);
    expect(lines).toContain('expressroute_agent_notifications_dropped_total{reason="flood"} 4');
    expect(lines).toContain('expressroute_agent_notification_datagrams_total{event="received"} 7');
    const poll = 'router="ams-ce1",site="ams",group="bgp"';
    expect(lines).toContain(`expressroute_agent_polls_total{${poll},result="ok"} 1`);
    expect(lines).toContain(`expressroute_agent_polls_total{${poll},result="timeout"} 0`);
  });

  it("shows what the router tells of the link, and leaves out what it does not", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100);
    const lines = (await exportAt(anEstate(), state, 101)).split("\n");
    expect(lines).toContain(`expressroute_bfd_session_state{${path}} 4`);
    expect(lines).toContain(`expressroute_bfd_session_up{${path}} 1`);
    expect(lines).toContain(`expressroute_bfd_session_detection_time_seconds{${path}} 0.9`);
    expect(lines).toContain(`expressroute_bfd_session_info{${path},diagnostic="noDiagnostic"} 1`);
    expect(lines).toContain(`expressroute_neighbor_state{${path}} 1`);
    expect(lines).toContain(`expressroute_neighbor_info{${path},mac="12:34:56:78:9a:bc"} 1`);
    const port = 'circuit="ams-1",link="primary",router="ams-ce1",site="ams",interface="er0"';
    const dbm = "expressroute_interface_optical_receive_power_dbm";
    expect(lines).toContain(`${dbm}{${port},lane="1"} -3.1`);
    expect(lines.filter((line) => line.startsWith(`${dbm}{${port}`))).toHaveLength(1);
    expect(lines).toContain(`expressroute_bgp_session_received_prefixes{${path},family="ipv4"} 120`);
    state.observe({ kind: "bfd", router: "ams-ce1", remoteAddress: "172.16.0.2", at: at(101), present: false });
    state.observe(bfdOf("ams-ce2", "172.16.0.6", at(101), { state: "down", negotiatedInterval: undefined }));
    const later = await exportAt(anEstate(), state, 101);
    expect(later).not.toContain(`expressroute_bfd_session_state{${path}`);
    expect(later).toMatch(/^expressroute_bfd_session_up\{.*link="secondary".*\} 0$/m);
    expect(later).not.toContain("expressroute_bfd_session_negotiated_interval_seconds{");
  });

  it("keeps what changes slowly as long as its own polls are apart, and no longer", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100);
    // The routers are polled every second: optics every 12 s, prefixes every 6 s.
    const said = async (s: number, name: string) => (await exportAt(anEstate(), state, s)).includes(`${name}{`);
    expect(await said(104, "expressroute_bfd_session_state")).toBe(false);
    expect(await said(104, "expressroute_neighbor_state")).toBe(false);
    expect(await said(117, "expressroute_bgp_session_received_prefixes")).toBe(true);
    expect(await said(119, "expressroute_bgp_session_received_prefixes")).toBe(false);
    expect(await said(135, "expressroute_interface_optical_receive_power_dbm")).toBe(true);
    expect(await said(137, "expressroute_interface_optical_receive_power_dbm")).toBe(false);
  });

  it("counts what interfaces received, over a 32-bit wrap and a reboot", async () => {
    const state = createState({ keep: seconds(60) });
    const raw = [2 ** 32 - 100, 150, 400, 70, 90];
    const values: number[] = [];
    for (const [n, octets] of raw.entries()) {
      const s = 100 + n;
      const counters = { ...noCounters, receiveBytes: BigInt(octets) };
      const { source } = reading(s);
      state.observe(reading(s, { counters, source: { ...source, trafficBits: 32, restarts: n < 3 ? 0 : 1 } }));
      const text = await exportAt(anEstate(), state, s);
      values.push(Number(/^expressroute_interface_receive_bytes_total\{.*ams-ce1.*\} (\S+)$/m.exec(text)?.[1]));
      expect(text).toMatch(
        new RegExp(`^expressroute_interface_counter_discontinuities_total.*ams-ce1.* ${n < 3 ? 0 : 1}$`, "m"),
      );
    }
    expect(values).toEqual([0, 250, 500, 500, 520]);
  });

  it("leaves out what is unknown or stale, and what the router does not count", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100);
    observeProbes(state, 100, 4);
    expect(await exportAt(anEstate(), state, 101)).not.toContain("expressroute_interface_transmit_discards_total{");
    const stale = await exportAt(anEstate(), state, 130);
    expect(stale).toContain(`expressroute_path_state{${path}} 0`);
    expect(stale).toContain(`expressroute_path_cause_info{${path},cause="agentIsolated",owner="customer"} 1`);
    for (const name of ["path_up", "bgp_session_state", "interface_oper_status", "router_info"]) {
      expect(stale).not.toContain(`expressroute_${name}{`);
    }
  });

  it("says nothing of a judgement that was not made, not even a zero", async () => {
    const snapshot = createState({ keep: seconds(60) });
    const deps = { estate: anEstate(), snapshot, judgement: () => undefined, agent: telemetry, clock: clockAt(1) };
    const text = await scrape(createPrometheusExport(deps));
    expect(text).not.toMatch(/^expressroute_agent_isolated/m);
    expect(text).not.toMatch(/^expressroute_path_state/m);
    expect(text).toMatch(/^expressroute_agent_simulated 0$/m);
  });

  it("forgets the series of a state that is over", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100);
    observeProbes(state, 100, 4);
    const estate = anEstate();
    let now = 130;
    const deps = {
      estate,
      snapshot: state,
      judgement: () => judge(estate, state, undefined, at(now)),
      agent: telemetry,
      clock: { ...clockAt(0), now: () => at(now) },
    };
    const exporter = createPrometheusExport(deps);
    expect(await scrape(exporter)).toContain("expressroute_path_cause_info{");
    now = 131;
    observeAll(state, 131);
    observeProbes(state, 131, 0);
    expect(await scrape(exporter)).not.toContain("expressroute_path_cause_info{");
  });

  it("escapes what a router says of itself", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100, 'a "quoted" \\ and\nbroken line');
    const text = await exportAt(anEstate(), state, 101);
    expect(text).toContain('sys_descr="a \\"quoted\\" \\\\ and\\nbroken line"');
  });

  it("tells the directions of loss and delay only where they are known", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100);
    const before = await exportAt(anEstate(), state, 101);
    expect(before).not.toMatch(/^expressroute_path_(probes_lost_one_way|one_way_delay)/m);
    const [known] = pathsOf(anEstate());
    if (known === undefined) throw new Error("no path");
    const counts = {
      received: 9,
      lost: 3,
      late: 0,
      duplicate: 0,
      reordered: 0,
      discarded: 0,
      sendErrors: 0,
      lossRun: 0,
    };
    const of = subject.path(known);
    const oneWay = { forward: [0.001, 0.002, 0.003], backward: [0.004], error: 0.0005 };
    for (const directions of [undefined, { forward: 1, backward: 0 }, { forward: 0, backward: 2 }]) {
      state.observe({
        kind: "probe",
        of,
        index: 0,
        technique: "icmp",
        at: at(100),
        delays: [0.006],
        lastReceivedAt: at(100),
        ...counts,
        directions,
        oneWay,
      });
    }
    const lines = (await exportAt(anEstate(), state, 101)).split("\n").filter((line) => /one_way/.test(line));
    const values = lines
      .filter((line) => !line.startsWith("#"))
      .map((line) => line.replace(/\{.*direction/, "{direction"));
    expect(values).toEqual(
      expect.arrayContaining([
        'expressroute_path_probes_lost_one_way_total{direction="forward"} 1',
        'expressroute_path_probes_lost_one_way_total{direction="backward"} 2',
        'expressroute_path_one_way_delay_median_seconds{direction="forward"} 0.002',
        'expressroute_path_one_way_delay_median_seconds{direction="backward"} 0.004',
      ]),
    );
    expect(lines.join("\n")).toMatch(/one_way_delay_error_seconds\{.*\} 0\.0005/);
  });

  it("never shows a community", async () => {
    const state = createState({ keep: seconds(60) });
    observeAll(state, 100);
    expect(await exportAt(anEstate(), state, 101)).not.toContain("sentinel-community");
  });
});
