// The Prometheus exposition: the catalog's metrics, filled from state and judgement at each scrape.

import { collectDefaultMetrics, Registry } from "prom-client";
import type { MetricDefinition } from "../catalog/definition.ts";
import { allMetrics, metrics } from "../catalog/metrics.ts";
import type { Estate } from "../estate/estate.ts";
import type { Judgement } from "../estate/judgement.ts";
import type { Clock } from "../lib/clock.ts";
import { fewRouters } from "../lib/heap.ts";
import { inSlices } from "../lib/slices.ts";
import type { Snapshot } from "../state/state.ts";
import { type BmpTelemetry, emitBmp } from "./bmp.ts";
import { createKeptPage } from "./kept-page.ts";
import { createPackedPage } from "./packed-page.ts";
import { type PackedText, type Piece, packedText } from "./packed-text.ts";
import { emitJudgement, emitProbing, emitThresholds } from "./paths.ts";
import { emitRouters } from "./routers.ts";
import { emitHost, emitIsolation } from "./self.ts";
import type { Emit } from "./series.ts";
import { type CheckingTelemetry, emitChecks, emitServices } from "./services.ts";
import { emitSessionRules } from "./sessions.ts";
import { emitTracer, emitTraces, type TracerTelemetry } from "./tracing.ts";

/** From here on the text of a scrape is too much to be kept. */
const manyRouters = 1_000;

/** What the agent's own parts count. */
export interface AgentTelemetry {
  readonly version: string;
  readonly simulated: boolean;
  readonly pollOverruns: () => number;
  readonly openBreakers: () => number;
  /** `sent` includes `retransmitted`. */
  readonly snmpMessages: () => Readonly<Record<"sent" | "retransmitted" | "answered" | "timedOut", number>>;
  readonly snmpDropped: () => Readonly<Record<string, number>>;
  readonly notifications: {
    readonly taken: () => ReadonlyMap<string, Readonly<Record<string, number>>>;
    readonly dropped: () => Readonly<Record<string, number>>;
    readonly datagrams: () => Readonly<Record<string, number>>;
    readonly confirmed: () => ReadonlyMap<string, number>;
  };
  readonly probesDropped: () => Readonly<Record<string, number>>;
  readonly probesSkipped: () => number;
  readonly probeRestarts: () => number;
  readonly checking: CheckingTelemetry;
  readonly reflector: {
    /** Undefined where no reflector is configured. */
    readonly outcomes: () => Readonly<Record<string, number>> | undefined;
    readonly restarts: () => number;
  };
  readonly tracing: TracerTelemetry;
  readonly bmp: () => BmpTelemetry | undefined;
  readonly httpRequests: () => Readonly<Record<string, number>>;
}

export interface PrometheusExport {
  readonly contentType: string;
  /** The text of one scrape, in UTF-8. Who asks while one is being made gets that. */
  render(): Promise<PackedText>;
}

export function createPrometheusExport(deps: {
  readonly estate: Estate;
  readonly snapshot: Snapshot;
  readonly judgement: () => Judgement | undefined;
  readonly agent: AgentTelemetry;
  readonly clock: Clock;
}): PrometheusExport {
  const { estate, snapshot, clock } = deps;
  // A kept page renders at a quarter of the cost, and takes 15 KB for a router.
  const { size } = estate.routers;
  const createPage = size <= fewRouters || size >= manyRouters ? createPackedPage : createKeptPage;
  const page = createPage(allMetrics.filter((metric) => !configured.includes(metric)));
  const processMetrics = new Registry();
  collectDefaultMetrics({ register: processMetrics });
  let configuration: readonly Piece[] | undefined;
  let making: Promise<PackedText> | undefined;

  function* write(emit: Emit): Generator<void> {
    yield* emitProbing(emit, estate, snapshot);
    yield* emitRouters(emit, estate, snapshot, clock);
    emitChecks(emit, estate, snapshot, deps.agent.checking);
    emitAgent(emit, deps.agent);
    emitHost(emit, snapshot, clock.now());
    emitTracer(emit, deps.agent.tracing);
    emitBmp(emit, estate, snapshot, deps.agent.bmp());
    yield* emitNotifications(emit, estate, deps.agent.notifications);
    const judgement = deps.judgement();
    if (judgement === undefined) return;
    yield* emitJudgement(emit, judgement, estate, snapshot, clock);
    emitServices(emit, judgement.services, clock);
    emitTraces(emit, estate, snapshot, judgement, clock);
    emit(metrics.agent.isolated, {}, judgement.isolated ? 1 : 0);
    emitIsolation(emit, judgement.isolation);
    emit(metrics.agent.evaluated, {}, clock.toEpoch(judgement.at) / 1_000);
  }

  function* make(): Generator<void, readonly Piece[]> {
    // An Estate never changes, and what follows from it is a fifth of all series.
    configuration ??= yield* createPackedPage(configured).render(function* (emit) {
      yield* emitConfiguration(emit, estate);
      yield* emitThresholds(emit, estate);
    });
    return [...configuration, ...(yield* page.render(write))];
  }

  async function rendered(): Promise<PackedText> {
    const ownProcess = Buffer.from(await processMetrics.metrics());
    return packedText([...(await inSlices(clock, make())), ownProcess]);
  }

  return {
    contentType: processMetrics.contentType,
    render() {
      making ??= rendered().finally(() => {
        making = undefined;
      });
      return making;
    },
  };
}

/** Those whose series follow from the configuration alone. */
const configured: readonly MetricDefinition[] = [
  metrics.circuit.info,
  metrics.circuit.bandwidth,
  metrics.peering.prefixLimit,
  metrics.bmp.prefixGuard,
  metrics.globalReach.info,
  metrics.path.lossThreshold,
  metrics.path.delayThreshold,
  metrics.pair.lossThreshold,
  metrics.pair.delayThreshold,
  metrics.session.slowestDetection,
  metrics.session.flappingDrops,
  metrics.session.flappingWindow,
  metrics.session.flappingQuiet,
];

function* emitConfiguration(emit: Emit, estate: Estate): Generator<void> {
  for (const circuit of estate.circuits.values()) {
    yield;
    emit(
      metrics.circuit.info,
      {
        circuit: circuit.name,
        service_key: circuit.serviceKey,
        provider: circuit.provider,
        peering_location: circuit.peeringLocation,
        sku: circuit.sku,
        connectivity_model: circuit.connectivityModel,
      },
      1,
    );
    emit(metrics.circuit.bandwidth, { circuit: circuit.name }, circuit.bandwidth / 8);
    for (const { name, prefixLimits } of circuit.peerings) {
      for (const family of ["ipv4", "ipv6"] as const) {
        const labels = { circuit: circuit.name, peering: name, family };
        emit(metrics.peering.prefixLimit, labels, prefixLimits[family]);
      }
    }
  }
  const guard = estate.prefixGuard;
  if (guard !== undefined) {
    for (const level of ["note", "raise"] as const) emit(metrics.bmp.prefixGuard, {}, guard[level], { level });
  }
  emitSessionRules(emit, estate);
  for (const { name, circuits } of estate.globalReach.values()) {
    for (const circuit of circuits) emit(metrics.globalReach.info, { global_reach: name, circuit }, 1);
  }
}

function emitAgent(emit: Emit, agent: AgentTelemetry): void {
  const to = metrics.agent;
  emit(to.info, { version: agent.version, node_version: process.version }, 1);
  emit(to.simulated, {}, agent.simulated ? 1 : 0);
  emit(to.pollOverruns, {}, agent.pollOverruns());
  emit(to.openBreakers, {}, agent.openBreakers());
  const { sent, retransmitted, answered, timedOut } = agent.snmpMessages();
  emit(to.snmpRequests, {}, sent);
  emit(to.snmpRetries, {}, retransmitted);
  emit(to.snmpAnswered, {}, answered);
  emit(to.snmpTimeouts, {}, timedOut);
  emit(to.probesSkipped, {}, agent.probesSkipped());
  emit(to.probeRestarts, {}, agent.probeRestarts());
  for (const [outcome, n] of Object.entries(agent.httpRequests())) emit(to.httpRequests, { outcome }, n);
  for (const [kind, n] of Object.entries(agent.snmpDropped())) emit(to.snmpDropped, { kind }, n);
  const reflected = agent.reflector.outcomes();
  if (reflected !== undefined) {
    for (const [outcome, n] of Object.entries(reflected)) emit(to.reflectorDatagrams, { outcome }, n);
    emit(to.reflectorRestarts, {}, agent.reflector.restarts());
  }
  for (const [kind, n] of Object.entries(agent.probesDropped())) emit(to.probesDropped, { kind }, n);
}

function* emitNotifications(emit: Emit, { routers }: Estate, from: AgentTelemetry["notifications"]): Generator<void> {
  const to = metrics.agent;
  const taken = from.taken();
  const confirmed = from.confirmed();
  for (const { name, site } of routers.values()) {
    yield;
    const labels = { router: name, site };
    for (const [kind, n] of Object.entries(taken.get(name) ?? {})) emit(to.notifications, { ...labels, kind }, n);
    const rounds = confirmed.get(name);
    if (rounds !== undefined) emit(to.confirmingPolls, labels, rounds);
  }
  for (const [reason, n] of Object.entries(from.dropped())) emit(to.notificationsDropped, { reason }, n);
  for (const [event, n] of Object.entries(from.datagrams())) emit(to.notificationDatagrams, { event }, n);
}
