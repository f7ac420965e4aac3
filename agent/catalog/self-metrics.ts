// What the agent says of itself and of its host.

import type { MetricDefinition } from "./definition.ts";

const gauge = (name: string, help: string, labels: readonly string[] = []): MetricDefinition => ({
  name: `expressroute_agent_${name}`,
  type: "gauge",
  help,
  labels,
});
const counter = (name: string, help: string, labels: readonly string[] = []): MetricDefinition => ({
  ...gauge(name, help, labels),
  type: "counter",
});

const own = ["interface"] as const;

export const selfMetrics = {
  isolationCause: gauge("isolation_cause_info", "1 for the cause while the agent is isolated; absent otherwise", [
    "cause",
  ]),
  isolations: counter("isolations_total", "Times that the agent was isolated"),
  gateway: gauge(
    "gateway_up",
    "1 when a next hop of the agent's host answers its pings, 0 when not, absent before it ever did",
    ["gateway"],
  ),
  interface: gauge(
    "interface_up",
    "1 when an interface by which the agent goes out is up, 0 when it is down or gone, absent where the host does not tell",
    own,
  ),
  receiveErrors: counter("interface_receive_errors_total", "/proc/net/dev, of an interface of the agent's host", own),
  receiveDrops: counter("interface_receive_drops_total", "/proc/net/dev, of an interface of the agent's host", own),
  transmitErrors: counter("interface_transmit_errors_total", "/proc/net/dev, of an interface of the agent's host", own),
  transmitDrops: counter("interface_transmit_drops_total", "/proc/net/dev, of an interface of the agent's host", own),
  receiveBufferErrors: counter(
    "host_receive_buffer_errors_total",
    "UDP datagrams that the agent's host received and had no room for (RcvbufErrors), of all its processes, since the agent started",
  ),
  loopDelay: gauge("loop_delay_seconds", "Greatest lateness of a thread of the agent in the last second", ["thread"]),
  cpuWait: gauge("cpu_wait_ratio", "Share of the last second in which the main thread could run and had no CPU (0-1)"),
  cpuPressure: gauge(
    "host_cpu_pressure_ratio",
    "Share of the last ten seconds in which something on the agent's host waited for a CPU (0-1)",
  ),
  clockSteps: counter("host_clock_steps_total", "Times that the wall clock of the agent's host was set"),
  slept: counter("host_slept_seconds_total", "Time that the agent's host slept through"),
} as const satisfies Readonly<Record<string, MetricDefinition>>;
