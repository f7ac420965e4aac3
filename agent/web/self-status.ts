// What the agent knows of itself and of its host, as plain JSON, and how it is said to people.

import { gatewayAnswers, gatewayName, type OwnInterfaceState } from "../estate/host-observation.ts";
import type { Isolation, IsolationCause } from "../estate/isolation.ts";
import { subject } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import { formatDuration, seconds } from "../lib/duration.ts";
import type { Snapshot } from "../state/state.ts";
import { type Html, html, nothing } from "./html.ts";

export const isolationWords: Readonly<Record<IsolationCause, string>> = {
  interfaceDown: "its own interface is down",
  noRoute: "it has no route",
  gatewaySilent: "its gateway is silent",
  hostStarved: "its host starves it of CPU",
  hostSlept: "its host slept",
  nothingAnswers: "nothing answers it",
};

export interface IsolationStatus {
  readonly cause: IsolationCause;
  readonly owner: "customer";
  readonly evidence: string;
  readonly since: string;
}

/** null: this host does not tell, or nothing was seen yet. */
export interface HostStatus {
  readonly gateways: readonly { readonly address: string; readonly answers: boolean | null }[];
  readonly interfaces: readonly { readonly name: string; readonly state: OwnInterfaceState; readonly detail: string }[];
  readonly defaultRouteLost: boolean | null;
  readonly receiveBufferErrors: number | null;
  readonly clockSteps: number | null;
  readonly sleptSeconds: number | null;
  /** Greatest lateness of a thread in its last second, in seconds. */
  readonly loopDelay: { readonly main: number | null; readonly probing: number | null };
}

export function isolationStatus(
  { state, cause, evidence, since }: Isolation,
  iso: (at: Instant) => string,
): IsolationStatus | null {
  return state === "firing" ? { cause, owner: "customer", evidence, since: iso(since) } : null;
}

export function hostStatus(snapshot: Snapshot, now: Instant): HostStatus {
  const host = snapshot.host();
  const late = (thread: "main" | "probing") => {
    const last = snapshot.loop(thread).at(-1);
    return last === undefined ? null : last.late / 1_000;
  };
  return {
    gateways: (host?.egress?.gateways ?? []).map((gateway) => {
      const address = gatewayName(gateway);
      const answered = snapshot.probe(subject.gateway(address), 0)?.last.lastReceivedAt;
      return { address, answers: answered === undefined ? null : gatewayAnswers(answered, now) };
    }),
    interfaces: (host?.interfaces ?? []).map(({ name, state, detail }) => ({ name, state, detail })),
    defaultRouteLost: host?.egress?.defaultRouteLost ?? null,
    receiveBufferErrors: host?.receiveBufferErrors ?? null,
    clockSteps: host?.clockSteps ?? null,
    sleptSeconds: host?.sleptSeconds ?? null,
    loopDelay: { main: late("main"), probing: late("probing") },
  };
}

export function isolationBanner(isolation: IsolationStatus | null): Html {
  if (isolation === null) return nothing;
  const { cause, evidence, since } = isolation;
  return html`<p class="banner lost"><strong>Monitor isolated: ${isolationWords[cause]}.</strong> ${evidence}. Since <time datetime="${since}">${since.replace("T", " ").replace("Z", "")} UTC</time>; nothing new is called down meanwhile. The people of this jump host can mend it.</p>`;
}

/** Below the routers: what the agent sees of its own way out. */
export function renderHost({ gateways, interfaces, ...host }: HostStatus): Html {
  const answer = (answers: boolean | null) => (answers === null ? "never answered" : answers ? "answers" : "silent");
  const lines = [
    ...gateways.map(({ address, answers }) => `gateway ${address} ${answer(answers)}`),
    ...interfaces.map(({ name, state }) => `interface ${name} ${state}`),
    ...(host.defaultRouteLost === true ? ["default route lost"] : []),
    ...counted(host.receiveBufferErrors, "datagrams lost to full receive buffers"),
    ...counted(host.clockSteps, "steps of the wall clock"),
    ...(host.sleptSeconds ? [`slept for ${formatDuration(seconds(host.sleptSeconds))}`] : []),
  ];
  if (lines.length === 0) return nothing;
  return html`<p id="host" class="quiet">This host: ${lines.join(" · ")}</p>`;
}

function counted(n: number | null, what: string): readonly string[] {
  return n === null || n === 0 ? [] : [`${n} ${what}`];
}
