// The status page: one document, drawn by the server; the script only fetches it again. Everything that
// changes is inside #status, and what must keep its place while it changes has an id.

import type { PathState } from "../estate/judgement.ts";
import { judgementTooOld } from "./health.ts";
import { type Html, html, nothing } from "./html.ts";
import { renderCircuit } from "./page-circuit.ts";
import { renderInternetDependencies, renderServices } from "./page-services.ts";
import { renderGlobalReach, renderRouters } from "./page-tables.ts";
import { isolationBanner, renderHost } from "./self-status.ts";
import type { Status } from "./status.ts";
import {
  type Answer,
  headlineOf,
  type Problem,
  problemsOf,
  redundancyAnswer,
  serviceAnswer,
  worstFirst,
  worstOf,
} from "./summary.ts";
import { span, type Tone } from "./words.ts";

/** The whole page; undefined: nothing was judged yet. */
export function renderPage(status: Status | undefined, version: string): string {
  const title = status === undefined ? "starting" : headlineOf(status).sentence;
  return html`<!doctype html>
<html lang="en" data-version="${version}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · circuitwatch</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/status.css">
<script src="/status.js" defer></script>
</head>
<body>
<p id="lost" class="banner lost" role="alert" hidden></p>
<main id="status">
${status === undefined ? starting : renderStatus(status)}
</main>
<footer>
<p>circuitwatch ${version} · <a href="/api/v1/status">status as JSON</a> · <a href="/metrics">metrics</a></p>
<noscript><p>Without JavaScript this page stays as it is: reload it to see the present.</p></noscript>
</footer>
</body>
</html>
`.markup;
}

const starting = html`<header id="headline" class="headline unknown" aria-live="polite">
<h1>Starting: nothing judged yet</h1>
</header>`;

function renderStatus(status: Status): Html {
  const now = Date.parse(status.at) + status.ageSeconds * 1_000;
  const { tone, sentence, also } = headlineOf(status);
  return html`${renderBanners(status)}
<header id="headline" class="headline ${tone}" aria-live="polite">
<h1>${sentence}</h1>
${also.length > 0 ? html`<p>${also.map((line) => html`<span>${line}. </span>`)}</p>` : nothing}
</header>
<section id="answers" aria-label="At a glance">
<dl class="answers">${answersOf(status).map(renderAnswer)}</dl>
<p class="judged">Judged <time datetime="${status.at}">${status.at.replace("T", " ").replace("Z", "")} UTC</time> at site ${status.site}</p>
</section>
${renderWatched(status, now)}
${renderRouters(status, now)}
${renderHost(status.host)}`;
}

/** The circuits come first, unless they are well and something else is not. */
function renderWatched(status: Status, now: number): Html {
  const { circuits, services, internetDependencies, globalReach } = status;
  const areWell = (of: readonly { readonly state: PathState }[]) => of.every(({ state }) => state === "up");
  const others = [
    { isWell: areWell(services), shown: renderServices(status, now) },
    { isWell: areWell(internetDependencies), shown: renderInternetDependencies(status, now) },
    { isWell: areWell(globalReach.flatMap(({ pairs }) => pairs)), shown: renderGlobalReach(status, now) },
  ];
  const before = circuits.every((circuit) => worstOf(circuit) === "good") ? others.filter(({ isWell }) => !isWell) : [];
  const after = others.filter((one) => !before.includes(one));
  return html`${before.map(({ shown }) => shown)}
<section id="circuits" aria-label="Circuits">
${worstFirst(circuits).map((circuit) => renderCircuit(status, circuit, now))}
</section>
${after.map(({ shown }) => shown)}`;
}

function renderBanners(status: Status): Html {
  const old = status.ageSeconds * 1_000 >= judgementTooOld;
  return html`<div id="banners">
${isolationBanner(status.isolation)}
${
  status.simulation === null
    ? nothing
    : html`<p class="banner simulated"><strong>Simulated estate: no real circuit is watched.</strong> ${status.simulation}</p>`
}
${
  old
    ? html`<p class="banner lost"><strong>The agent stopped judging ${span(status.at, Date.parse(status.at) + status.ageSeconds * 1_000)} ago:</strong> what you see is old. Look at its log.</p>`
    : nothing
}
</div>`;
}

interface RichAnswer {
  readonly question: string;
  readonly tone: Tone;
  readonly answer: Html;
}

function answersOf(status: Status): readonly RichAnswer[] {
  const problems = problemsOf(status);
  const plain = ({ question, tone, answer }: Answer): RichAnswer => ({ question, tone, answer: html`${answer}` });
  const none = (answer: string) => html`<span class="quiet">${answer}</span>`;
  const tone: Tone = problems.length === 0 ? "good" : "neutral";
  return [
    plain(serviceAnswer(status)),
    plain(redundancyAnswer(status)),
    {
      question: "Whose fault?",
      tone,
      answer: problems.length === 0 ? none("Nobody's: nothing is wrong") : few(problems, renderFault),
    },
    {
      question: "What is the evidence?",
      tone,
      answer: problems.length === 0 ? none("Nothing to report") : few(problems, renderEvidence),
    },
  ];
}

const renderFault = ({ where, owner }: Problem) => html`<li><b>${owner}</b> <span class="quiet">${where}</span></li>`;
const renderEvidence = ({ where, evidence, ticket }: Problem) =>
  html`<li><b>${where}:</b> ${evidence} <a href="#${ticket}">ticket text<span class="hidden"> for ${where}</span></a></li>`;

/** More than three problems are read below, in their places. */
function few(problems: readonly Problem[], render: (problem: Problem) => Html): Html {
  const more = problems.length - 3;
  return html`<ul>${problems.slice(0, 3).map(render)}${more > 0 ? html`<li class="quiet">and ${more} more below</li>` : nothing}</ul>`;
}

function renderAnswer({ question, tone, answer }: RichAnswer): Html {
  return html`<div class="${tone}"><dt>${question}</dt><dd>${answer}</dd></div>`;
}
