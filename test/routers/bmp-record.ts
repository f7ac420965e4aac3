// Records what FRR's bmpd module says, on the wire: `sudo node test/routers/bmp-record.ts FILE`. Three routers in namespaces of
// their own: `r` is monitored, `p` peers with it over IPv4 and over IPv6, `u` stands behind `p`, so that there are long
// paths and two paths for one prefix. test/captures/bmp/README.md says what happens in the recording.

import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFrr, stopFrr, vtysh } from "./lab/frr.ts";
import { requireRoot } from "./lab/packages.ts";
import { attempt, inNamespace, run, terminate } from "./lab/processes.ts";
import { until } from "./lab/until.ts";

const [, , file] = process.argv;
const port = 11_019;

const bgpd = {
  r: `hostname r
ip prefix-list NOT-60 seq 5 deny 10.60.0.0/16
ip prefix-list NOT-60 seq 10 permit 0.0.0.0/0 le 32
ipv6 prefix-list ALL6 seq 5 permit ::/0 le 128
route-map IN permit 10
 match ip address prefix-list NOT-60
route-map IN permit 20
 match ipv6 address prefix-list ALL6
route-map OUT permit 10
router bgp 65010
 bgp router-id 10.255.0.1
 no bgp network import-check
 timers bgp 60 180
 neighbor 172.16.0.2 remote-as 12076
 neighbor 172.16.0.2 timers connect 1
 neighbor 2001:db8::2 remote-as 12076
 neighbor 2001:db8::2 timers connect 1
 address-family ipv4 unicast
  network 10.10.0.0/16
  neighbor 172.16.0.2 soft-reconfiguration inbound
  neighbor 172.16.0.2 route-map IN in
  neighbor 172.16.0.2 route-map OUT out
  no neighbor 2001:db8::2 activate
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:10::/48
  neighbor 2001:db8::2 activate
  neighbor 2001:db8::2 soft-reconfiguration inbound
  neighbor 2001:db8::2 route-map IN in
  neighbor 2001:db8::2 route-map OUT out
 exit-address-family
 bmp targets station
  bmp stats interval 2000
  bmp monitor ipv4 unicast pre-policy
  bmp monitor ipv4 unicast post-policy
  bmp monitor ipv6 unicast pre-policy
  bmp monitor ipv6 unicast post-policy
  bmp connect 127.0.0.1 port ${port} min-retry 500 max-retry 1000
`,
  p: `route-map RICH permit 10
 set community 12076:51004 12076:5010
 set large-community 12076:1:2 4200000017:3:4
 set extcommunity rt 12076:99 10.0.0.1:7
 set metric 77
 set as-path prepend 12076 12076
route-map OUT permit 10
route-map IN permit 10
router bgp 12076
 bgp router-id 10.255.0.2
 no bgp network import-check
 no bgp ebgp-requires-policy
 timers bgp 60 180
 neighbor 172.16.0.1 remote-as 65010
 neighbor 172.16.0.1 timers connect 1
 neighbor 172.16.0.1 advertisement-interval 0
 neighbor 2001:db8::1 remote-as 65010
 neighbor 2001:db8::1 timers connect 1
 neighbor 2001:db8::1 advertisement-interval 0
 neighbor 192.0.2.2 remote-as 4200000017
 neighbor 192.0.2.2 timers connect 1
 address-family ipv4 unicast
  network 10.20.0.0/16 route-map RICH
  network 10.60.0.0/16
  network 10.70.1.0/25
  network 0.0.0.0/0
  network 10.30.0.0/16
  aggregate-address 10.80.0.0/15 as-set
  neighbor 172.16.0.1 addpath-tx-all-paths
  no neighbor 2001:db8::1 activate
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:20::/48 route-map RICH
  network 2001:db8:20:8000::/49
  network ::/0
  neighbor 2001:db8::1 activate
 exit-address-family
`,
  u: `route-map FAR permit 10
 set as-path prepend 64999 70000
router bgp 4200000017
 bgp router-id 10.255.0.3
 no bgp network import-check
 no bgp ebgp-requires-policy
 neighbor 192.0.2.1 remote-as 12076
 neighbor 192.0.2.1 timers connect 1
 neighbor 192.0.2.1 advertisement-interval 0
 address-family ipv4 unicast
  network 10.30.0.0/16
  network 10.80.4.0/24 route-map FAR
  network 10.81.4.0/24
 exit-address-family
`,
} as const;

async function record(to: string): Promise<void> {
  const prefix = `bmprec${process.pid}`;
  const ns = (name: string) => `${prefix}-${name}`;
  const dir = mkdtempSync(join(tmpdir(), "bmp-record-"));
  chmodSync(dir, 0o755);
  const names = ["r", "p", "u"] as const;
  const started: number[] = [];
  try {
    for (const name of names) {
      await run("ip", ["netns", "add", ns(name)]);
      await run("ip", ["-n", ns(name), "link", "set", "lo", "up"]);
    }
    const cables = [
      ["r", "p", "172.16.0.1/30", "172.16.0.2/30", "2001:db8::1/126", "2001:db8::2/126"],
      ["p", "u", "192.0.2.1/30", "192.0.2.2/30", "2001:db8:1::1/126", "2001:db8:1::2/126"],
    ] as const;
    for (const [a, b, a4, b4, a6, b6] of cables) {
      await run("ip", [
        "link",
        "add",
        `to-${b}`,
        "netns",
        ns(a),
        "type",
        "veth",
        "peer",
        "name",
        `to-${a}`,
        "netns",
        ns(b),
      ]);
      for (const [at, link, ...addresses] of [
        [ns(a), `to-${b}`, a4, a6],
        [ns(b), `to-${a}`, b4, b6],
      ] as const) {
        await run("ip", ["-n", at, "address", "add", addresses[0], "dev", link]);
        await run("ip", ["-n", at, "address", "add", addresses[1], "dev", link, "nodad"]);
        await run("ip", ["-n", at, "link", "set", link, "up"]);
      }
    }
    for (const name of ["u", "p"] as const) {
      await startFrr({ namespace: ns(name), dir: join(dir, name), bgpd: bgpd[name] });
    }
    const capture = spawn("ip", [
      ...["netns", "exec", ns("r"), "tcpdump", "-i", "lo", "-U", "-s", "0", "-w", to],
      ...["tcp", "port", String(port)],
    ]);
    const station = spawn("ip", ["netns", "exec", ns("r"), process.execPath, import.meta.filename, to, "--station"]);
    for (const { pid } of [capture, station]) if (pid !== undefined) started.push(pid);
    const listens = async () =>
      (await attempt(...inNamespace(ns("r"), "ss", ["-Hltn", `sport = :${port}`]))).stdout.trim() !== "";
    await until("the station listens", listens, { within: 10_000 });
    await startFrr({ namespace: ns("r"), dir: join(dir, "r"), bgpd: bgpd.r, modules: ["bmp"] });

    const shown = (command: string) => vtysh(ns("r"), command);
    const has = (command: string, text: string) => async () => (await shown(command)).includes(text);
    const inSummary = (family: string, peer: string) => async () => {
      const summary = JSON.parse(await shown(`show bgp ${family} unicast summary json`)) as {
        readonly peers?: Readonly<Record<string, { readonly state: string; readonly pfxRcd: number }>>;
      };
      const seen = summary.peers?.[peer];
      return seen?.state === "Established" && seen.pfxRcd > 0;
    };
    const up4 = inSummary("ipv4", "172.16.0.2");
    await until("IPv4 is up", up4, { within: 30_000 });
    await until("IPv6 is up", inSummary("ipv6", "2001:db8::2"), { within: 30_000 });
    await until("routes of u", has("show bgp ipv4 unicast", "10.81.4.0/24"), { within: 30_000 });
    await pause(3);

    await vtysh(
      ns("p"),
      "configure terminal",
      "router bgp 12076",
      "address-family ipv4 unicast",
      "no network 10.70.1.0/25",
    );
    await vtysh(
      ns("p"),
      "configure terminal",
      "router bgp 12076",
      "address-family ipv6 unicast",
      "no network 2001:db8:20:8000::/49",
    );
    await until("a withdrawal", async () => !(await shown("show bgp ipv4 unicast")).includes("10.70.1.0/25"), {
      within: 20_000,
    });
    await pause(2);
    await vtysh(
      ns("p"),
      "configure terminal",
      "router bgp 12076",
      "neighbor 172.16.0.1 shutdown message planned work 4711",
    );
    await pause(2);
    await vtysh(ns("p"), "configure terminal", "router bgp 12076", "no neighbor 172.16.0.1 shutdown");
    await until("IPv4 is up again", up4, { within: 30_000 });
    await pause(2);
    await vtysh(ns("r"), "clear bgp ipv6 2001:db8::2");
    await pause(3);
    await run("ip", ["-n", ns("p"), "link", "set", "to-r", "down"]);
    await pause(1);
    await run("ip", ["-n", ns("r"), "link", "set", "to-p", "down"]);
    await pause(3);
    await vtysh(ns("r"), "configure terminal", "router bgp 65010", "no bmp targets station");
    await pause(1);
  } finally {
    await Promise.all(names.map((name) => stopFrr(ns(name))));
    for (const pid of started) await terminate(pid);
    for (const name of names) {
      const { stdout } = await attempt("ip", ["netns", "pids", ns(name)]);
      await Promise.all(stdout.split("\n").filter(Boolean).map(Number).map(terminate));
      await attempt("ip", ["netns", "delete", ns(name)]);
      for (const base of ["/var/run/frr", "/etc/frr"]) rmSync(join(base, ns(name)), { recursive: true, force: true });
    }
    rmSync(dir, { recursive: true, force: true });
  }
}

/** For the recording alone: what FRR sends by itself meanwhile, such as statistics, belongs into it. */
function pause(seconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, seconds * 1_000));
}

if (process.argv[3] === "--station") {
  // Inside of r's namespace: takes what comes, and answers nothing, as the RFC has it.
  createServer((socket: Socket) => socket.resume()).listen(port, "127.0.0.1");
} else {
  requireRoot();
  await record(file ?? "frr.pcap");
}
