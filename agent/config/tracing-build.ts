// What is traced, from the checked configuration and the estate that was built of it.

import { parseSubnet } from "../estate/address.ts";
import { type Estate, type Path, type ProbeTarget, pairsOf, pathsOf } from "../estate/estate.ts";
import { type SubjectKey, subject } from "../estate/observation.ts";
import type { Traced, Tracing } from "../estate/tracing.ts";
import { type Duration, parseDuration } from "../lib/duration.ts";
import type { Configuration } from "./schema.ts";

/** The first port of traceroute, where seldom anything listens. */
const traceroutePort = 33_434;

type Technique = Configuration["tracing"]["technique"];
type Flow = Pick<ProbeTarget, "technique" | "address" | "port" | "source" | "interface" | "dscp">;

/** Undefined where nothing is to be traced. */
export function tracingOf(configuration: Configuration, estate: Estate): Tracing | undefined {
  const { tracing } = configuration;
  const paths = pathsOf(estate).flatMap((path): readonly Traced[] => {
    const circuit = configuration.circuits[path.circuit];
    const peering = circuit?.peerings[path.peering];
    const flow = flowOf(path);
    if (!(peering?.trace ?? tracing.enabled) || flow === undefined) return [];
    const mtu = peering?.mtu ?? circuit?.links[path.link].mtu ?? tracing.mtu;
    return [tracedOf(subject.path(path), flow, tracing.technique, mtu)];
  });
  const pairs = pairsOf(estate).flatMap((pair): readonly Traced[] => {
    const entry = configuration.globalReach[pair.globalReach];
    const [flow] = pair.probes.filter(isTraceable);
    if (!(entry?.trace ?? tracing.enabled) || flow === undefined) return [];
    return [tracedOf(subject.pair(pair), flow, tracing.technique, entry?.mtu ?? tracing.mtu)];
  });
  const targets = [...paths, ...pairs];
  if (targets.length === 0) return undefined;
  return {
    interval: duration(tracing.interval),
    pause: duration(tracing.pause),
    mtuInterval: duration(tracing.mtuInterval),
    packetRate: tracing.packetRate,
    ownPrefixes: (tracing.ownPrefixes ?? []).flatMap((text) => {
      const parsed = parseSubnet(text);
      return parsed.ok ? [parsed.value] : [];
    }),
    targets,
  };
}

function duration(text: string): Duration {
  const parsed = parseDuration(text);
  if (parsed === undefined) throw new Error(`a duration passed its check and cannot be read: ${text}`);
  return parsed;
}

const isTraceable = ({ technique }: Flow) => technique === "icmp" || technique === "stamp";

/** The first probe speaks for the path; without one its far end does. */
function flowOf({ probes, msee }: Path): Flow | undefined {
  const toMsee: readonly Flow[] =
    msee === undefined ? [] : [{ technique: "icmp", address: msee, port: 0, source: undefined }];
  return [...probes.filter(isTraceable), ...toMsee][0];
}

function tracedOf(of: SubjectKey, flow: Flow, wanted: Technique, mtu: number): Traced {
  const asProbed = flow.technique === "stamp" ? "udp" : "icmp";
  const technique = wanted === "asProbed" ? asProbed : wanted;
  const udpPort = flow.technique === "stamp" ? flow.port : traceroutePort;
  return {
    of,
    technique,
    address: flow.address,
    port: technique === "udp" ? udpPort : 0,
    source: flow.source,
    interface: flow.interface,
    dscp: flow.dscp ?? 0,
    mtu,
  };
}
