// Global Reach as a matrix of sites, and the routers: whether the agent can see at all.

import { type Html, html, nothing } from "./html.ts";
import { renderReasons } from "./page-circuit.ts";
import { chip, renderFindings, since, ticketBlock, traceBlock } from "./page-parts.ts";
import { cellWords } from "./probe-words.ts";
import { ageWords } from "./session-status.ts";
import type { GlobalReachStatus, PairStatus, RouterStatus, Status } from "./status.ts";
import { ticketId } from "./summary.ts";
import { pairTicket } from "./ticket.ts";
import { delayWords, lossWords, ms, pathTones } from "./words.ts";

export function renderGlobalReach(status: Status, now: number): Html {
  const { globalReach } = status;
  if (globalReach.length === 0) return nothing;
  const sites = [
    ...new Set(globalReach.flatMap((g) => [...g.sites, ...g.pairs.flatMap((p) => [p.fromSite, p.toSite])])),
  ];
  const broken = globalReach.flatMap((g) => g.pairs.filter(({ state }) => state !== "up").map((pair) => ({ g, pair })));
  const noticed = globalReach.flatMap(({ name, pairs }) =>
    pairs.filter(({ traced }) => traced.trace !== null || traced.findings.length > 0).map((pair) => ({ name, pair })),
  );
  return html`<section id="global-reach" class="card">
<h2>Global Reach</h2>
<div class="scroll"><table class="matrix">
<caption class="hidden">State, loss and delay from each site to each other</caption>
<thead><tr><th scope="col">from \\ to</th>${sites.map((site) => html`<th scope="col">${site}</th>`)}</tr></thead>
<tbody>${sites.map(
    (from) => html`<tr><th scope="row">${from}</th>${sites.map((to) => renderCell(globalReach, from, to, now))}</tr>`,
  )}</tbody>
</table></div>
${broken.map(({ g, pair }) => renderBroken(status, g, pair, now))}
${noticed.map(
  ({ name, pair }) => html`<div id="${ticketId(name, pair.fromSite, pair.toSite)}-traced">
<h3>${pair.fromSite} to ${pair.toSite}</h3>
${renderFindings(pair.traced, now)}
${traceBlock(`${ticketId(name, pair.fromSite, pair.toSite)}-trace`, pair.traced)}
</div>`,
)}
</section>`;
}

function renderCell(globalReach: readonly GlobalReachStatus[], from: string, to: string, now: number): Html {
  const joined = globalReach.filter(({ sites }) => from !== to && sites.includes(from) && sites.includes(to));
  const measured = globalReach.flatMap((g) =>
    g.pairs.filter(({ fromSite, toSite }) => fromSite === from && toSite === to).map((pair) => ({ g, pair })),
  );
  if (measured.length > 0) {
    return html`<td>${measured.map(
      ({
        g,
        pair,
      }) => html`<div class="cell"><span class="quiet">${g.name}</span> ${chip(pathTones[pair.state], pair.state)}
<div>${pair.delay === null ? `delay ${delayWords(pair)}` : `${ms(pair.delay.median)} · p95 ${ms(pair.delay.p95)}`}</div>
<div>loss ${lossWords(pair)}</div>${pair.probing.windows.map((w) => html`<div class="quiet">${cellWords(w)}</div>`)}${pair.probing.others.flatMap(({ who, windows }) => windows.slice(-1).map((w) => html`<div class="quiet">${who}: ${cellWords(w)}</div>`))}<div class="quiet">${since(pair.since, now)}</div></div>`,
    )}</td>`;
  }
  return html`<td class="quiet">${joined.length > 0 ? `measured by the agent at ${from}` : "–"}</td>`;
}

function renderBroken(status: Status, globalReach: GlobalReachStatus, pair: PairStatus, now: number): Html {
  const id = ticketId(globalReach.name, pair.fromSite, pair.toSite);
  return html`<div id="${id}-why" class="path ${pathTones[pair.state]}">
<h3>${pair.fromSite} to ${pair.toSite} ${chip(pathTones[pair.state], pair.state)}</h3>
${renderReasons(pair, now)}
${pair.notCovered.map((what) => html`<p class="quiet">Not covered: ${what}</p>`)}
${ticketBlock(id, pair.state, pairTicket(status, globalReach, pair))}
</div>`;
}

export function renderRouters(status: Status, now: number): Html {
  return html`<section id="routers" class="card">
<h2>Routers</h2>
<div class="scroll"><table class="routers">
<caption class="hidden">Whether each router answers its polls</caption>
<thead><tr><th scope="col">Router</th><th scope="col">Site</th><th scope="col">Answers?</th><th scope="col">Since</th><th scope="col">Says of itself</th></tr></thead>
<tbody>${status.routers.map((router) => renderRouter(router, now))}</tbody>
</table></div>
</section>`;
}

function renderRouter(
  { name, site, reachable, since: from, reason, sysName, sysDescr, bmp, unconfigured }: RouterStatus,
  now: number,
): Html {
  const [tone, word] =
    reachable === "unknown"
      ? (["unknown", "unknown"] as const)
      : reachable
        ? (["good", "yes"] as const)
        : (["warn", "no answer"] as const);
  const self = [sysName, sysDescr].filter((said) => said !== null && said !== "").join(", ");
  return html`<tr><th scope="row">${name}</th><td>${site}</td><td>${chip(tone, word)}</td><td>${since(from, now)}</td>
<td class="said">${reason === "" ? nothing : html`<b>${reason}</b> `}<span class="quiet">${self}</span>${bmp === null ? nothing : html` <span class="quiet">BMP: ${bmpWords(bmp)}</span>`}${unconfigured.length === 0 ? nothing : html`<p class="why">${unconfiguredWords(unconfigured)}</p>`}</td></tr>`;
}

function bmpWords({ connected, detail, locRibs }: NonNullable<RouterStatus["bmp"]>): string {
  const state = connected ? "connected" : `not connected (${detail})`;
  const ribs = locRibs.map(({ table, isFiltered, families }) => {
    const counts = families.map(({ family, count, gauged }) => `${count} ${family}${gauged ? " (its own count)" : ""}`);
    const what = counts.length === 0 ? "no routes counted" : counts.join(", ");
    return `; Loc-RIB${table === "" ? "" : ` ${table}`}${isFiltered ? ", filtered" : ""}: ${what}`;
  });
  return state + ribs.join("");
}

function unconfiguredWords(unconfigured: RouterStatus["unconfigured"]): string {
  const each = unconfigured.map(
    ({ remoteAddress, state, sources }) =>
      `${remoteAddress} (${state ?? "state not told"}; by ${sources.map(ageWords).join(", ")})`,
  );
  return `BGP sessions with AS 12076 that no path of the configuration has, so nothing watches them: ${each.join("; ")}`;
}
