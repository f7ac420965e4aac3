// One circuit on the page: its peerings, and of each peering both paths side by side.

import { type Html, html, nothing } from "./html.ts";
import { linkWords } from "./link-words.ts";
import { chip, renderFindings, since, ticketBlock, traceBlock } from "./page-parts.ts";
import { figuresTables } from "./probe-words.ts";
import { flapWords, sourceWords } from "./session-status.ts";
import type { CircuitStatus, PathStatus, PeeringStatus, Status } from "./status.ts";
import { meaningOf, ticketId, worstOf } from "./summary.ts";
import { pathTicket } from "./ticket.ts";
import {
  bitRate,
  capital,
  causeWords,
  delayWords,
  heldWords,
  interfaceWords,
  lossWords,
  ownerWords,
  pathTones,
  redundancyTones,
  redundancyWords,
  sessionWords,
  trafficWords,
  witnessWords,
} from "./words.ts";

export function renderCircuit(status: Status, circuit: CircuitStatus, now: number): Html {
  const { name, provider, peeringLocation, sku, connectivityModel, bandwidth, serviceKey } = circuit;
  return html`<article id="${elementId("circuit", name)}" class="circuit ${worstOf(circuit)}">
<header>
<h2>${name}</h2>
<p>${provider}, ${peeringLocation} <span class="quiet">· ${connectivityModel} · ${sku} · ${bitRate(bandwidth)} · service key <code>${serviceKey}</code></span></p>
</header>
${circuit.peerings.map((peering) => renderPeering(status, circuit, peering, now))}
</article>`;
}

function renderPeering(status: Status, circuit: CircuitStatus, peering: PeeringStatus, now: number): Html {
  const { name, redundancy, paths } = peering;
  return html`<section id="${elementId("peering", circuit.name, name)}" class="peering" aria-label="${circuit.name} ${name}">
<h3>${name} ${chip(redundancyTones[redundancy], redundancyWords[redundancy])} <span class="meaning">${meaningOf(peering)}</span> ${since(peering.since, now)}</h3>
<div class="paths">${paths.map((path) => renderPath(status, circuit, peering, path, now))}</div>
</section>`;
}

function renderPath(
  status: Status,
  circuit: CircuitStatus,
  peering: PeeringStatus,
  path: PathStatus,
  now: number,
): Html {
  const { link, state } = path;
  const id = elementId("path", circuit.name, peering.name, link);
  const broken = state !== "up";
  return html`<section id="${id}" class="path ${pathTones[state]}" aria-label="${circuit.name} ${peering.name} ${link}">
<h4>${link} ${chip(pathTones[state], state)} ${since(path.since, now)}</h4>
${broken ? renderReasons(path, now) : nothing}
${path.notes.map((note) => html`<p class="why"><b>${broken ? "Noted besides" : "Noted, no outage"}:</b> ${note.evidence} ${since(note.since, now)}</p>`)}
${renderFindings(path.traced, now)}
<dl>
<dt>Forwarding</dt><dd>${witnessWords(path)}</dd>
<dt>Loss</dt><dd>${lossWords(path)}</dd>
<dt>Delay</dt><dd>${delayWords(path)}</dd>
<dt>Interface</dt><dd>${path.router} ${path.interface}, VLAN ${path.vlan}: <b>${interfaceWords(path.interfaceStatus)}</b> <span class="quiet">${flapWords(path.interfaceStatus.drops, now) ?? ""}</span></dd>
<dt>Traffic</dt><dd>${trafficWords(path)}</dd>
<dt>BGP</dt><dd>${path.remoteAddress} AS ${path.remoteAsn}: <b>${sessionWords(path.session)}</b> <span class="quiet">${flapWords(path.session.drops, now) ?? ""}</span></dd>
</dl>
${path.notCovered.map((what) => html`<p class="quiet">Not covered: ${what}</p>`)}
${broken ? ticketBlock(ticketId(circuit.name, peering.name, link), state, pathTicket(status, circuit, peering, path)) : nothing}
${renderMore(`${id}-more`, path, `${circuit.name} ${peering.name} ${link}`)}
${traceBlock(`${id}-trace`, path.traced)}
</section>`;
}

/** What nobody needs at the first glance: what is broken of it stands among the reasons. */
function renderMore(id: string, path: PathStatus, of: string): Html {
  const told = sourceWords(path.session);
  const lines = [...(told === "" ? [] : [["BGP told", told] as const]), ...linkWords(path)];
  const figures = figuresTables(path.probing, of);
  if (lines.length === 0 && figures === nothing) return nothing;
  return html`<details id="${id}" class="ticket">
<summary>Link and figures <span class="hidden">of ${of}</span></summary>
<dl>${lines.map(([label, words]) => html`<dt>${label}</dt><dd>${words}</dd>`)}</dl>
${figures}
</details>`;
}

/** The first reason is the cause; those after it usually follow from it. */
export function renderReasons({ reasons }: Pick<PathStatus, "reasons">, now: number): Html {
  const [first, ...rest] = reasons;
  if (first === undefined) return nothing;
  return html`<p class="why"><b>${capital(causeWords[first.cause])}:</b> ${first.evidence}${heldWords(first, now)} <span class="owner">Fault with: <b>${ownerWords[first.owner]}</b></span></p>
${rest.map((reason) => html`<p class="why quiet">Also: ${reason.evidence}${heldWords(reason, now)}</p>`)}`;
}

function elementId(...names: readonly string[]): string {
  return names.join("-").replace(/[^A-Za-z0-9_-]/g, "_");
}
