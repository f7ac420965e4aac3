// Services and internet dependencies on the page: one row each, and below it why it is not up.

import type { ServiceCause } from "../estate/service-judgement.ts";
import { checkPhases } from "../estate/service-observation.ts";
import { announcedWords } from "./community-status.ts";
import { type Html, html, nothing } from "./html.ts";
import { chip, since } from "./page-parts.ts";
import type { CheckStatus, DependencyStatus, ServiceStatus } from "./service-status.ts";
import type { Status } from "./status.ts";
import { mostUrgentFirst, ticketId } from "./summary.ts";
import { capital, ms, pathTones, serviceOwnerWords, type Tone } from "./words.ts";

export const serviceCauseWords: Readonly<Record<ServiceCause, string>> = {
  circuitLost: "its circuit is lost",
  internetAccessLost: "every internet dependency fails",
  agentIsolated: "the agent is cut off",
  notChecked: "not checked",
  notSent: "this host could not try",
  nameNotFound: "the name does not resolve",
  resolverFailed: "DNS does not answer",
  resolversDiffer: "DNS servers disagree",
  addressNotPrivate: "the name resolves to a public address",
  answerUnexpected: "the name resolves to another address",
  connectionFailed: "no connection",
  tlsFailed: "TLS fails",
  certificateInvalid: "the certificate is not valid",
  answerFailed: "no answer",
  statusUnexpected: "the answer is an error",
  slow: "slow",
  certificateExpires: "a certificate ends soon",
};

export function renderServices({ services }: Status, now: number): Html {
  const rows = services.map((service) => ({
    ...service,
    through: `${service.circuit} ${service.peering}`,
    routes: service.announced.map(announcedWords),
  }));
  return table("services", "Services", "Through", rows, now);
}

export function renderInternetDependencies({ internetDependencies }: Status, now: number): Html {
  const rows = internetDependencies.map((one) => ({ ...one, through: one.kind, routes: [] }));
  return table("internet-dependencies", "Internet dependencies", "Kind", rows, now);
}

type Row = (ServiceStatus | DependencyStatus) & { readonly through: string; readonly routes: readonly string[] };

function table(id: string, title: string, column: string, rows: readonly Row[], now: number): Html {
  if (rows.length === 0) return nothing;
  return html`<section id="${id}" class="card">
<h2>${title}</h2>
<div class="scroll"><table class="routers">
<caption class="hidden">State of each, and what its checks last saw</caption>
<thead><tr><th scope="col">Name</th><th scope="col">${column}</th><th scope="col">State</th><th scope="col">Since</th><th scope="col">Checks</th></tr></thead>
<tbody>${mostUrgentFirst(rows).map((row) => renderRow(id, row, now))}</tbody>
</table></div>
</section>`;
}

function renderRow(section: string, row: Row, now: number): Html {
  const { name, through, routes, state, since: from, checks } = row;
  return html`<tr id="${ticketId(section, name)}"><th scope="row">${name}</th><td>${through}</td><td>${chip(pathTones[state], state)}</td><td>${since(from, now)}</td>
<td class="said">${renderWhy(row)}${routes.map((words) => html`<div>Announced: ${words}</div>`)}${checks.map(renderCheck)}</td></tr>`;
}

function renderWhy({ reasons }: Row): Html {
  const [first, ...rest] = reasons;
  if (first === undefined) return nothing;
  const { cause, owner, evidence } = first;
  return html`<div><b>${capital(serviceCauseWords[cause])}:</b> ${evidence} <span class="owner">Fault with: <b>${serviceOwnerWords[owner]}</b></span></div>
${rest.map((reason) => html`<div class="quiet">Also: ${reason.evidence}</div>`)}`;
}

const tones: Readonly<Record<CheckStatus["state"], Tone>> = {
  up: "good",
  slow: "warn",
  failed: "bad",
  unknown: "unknown",
};

function renderCheck(check: CheckStatus): Html {
  const { technique, target, resolver, state } = check;
  return html`<div>${chip(tones[state], state)} ${technique} ${target}${resolver === null ? nothing : html` at ${resolver}`} <span class="quiet">${lastWords(check)}</span></div>`;
}

function lastWords({ last }: CheckStatus): string {
  if (last === null) return "no result yet";
  const parts = checkPhases.flatMap((phase) => {
    const seconds = last.phases[phase];
    return seconds === undefined ? [] : [`${phase === "firstByte" ? "first byte" : phase} ${ms(seconds)}`];
  });
  return [
    ...(last.failure === null ? [] : [last.failure.detail]),
    ...(last.status === null ? [] : [`status ${last.status}`]),
    ...(last.answers === null ? [] : [last.answers.slice(0, 4).join(", ")]),
    ...(last.ttl === null ? [] : [`TTL ${last.ttl} s`]),
    ...parts,
    `total ${ms(last.total)}`,
    ...(last.certificates.length === 0 ? [] : [`certificates: ${last.certificates.map(certificateWords).join(", ")}`]),
  ].join(" · ");
}

const certificateWords = (one: { readonly subject: string; readonly notAfter: string }) =>
  `${one.subject} until ${one.notAfter}`;
