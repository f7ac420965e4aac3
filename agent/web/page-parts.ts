// Pieces that several parts of the page use.

import type { PathState } from "../estate/judgement.ts";
import { type Html, html, nothing } from "./html.ts";
import type { TracedStatus } from "./trace-status.ts";
import { findingWords, hopLines, mtuText, traceTitle } from "./trace-words.ts";
import { clockTime, ownerWords, span, type Tone } from "./words.ts";

const signs: Readonly<Record<Tone, string>> = { good: "✓", warn: "!", bad: "✕", unknown: "?", neutral: "·" };

/** A state as a word with a sign: colour only repeats what they say. */
export function chip(tone: Tone, word: string): Html {
  return html`<span class="chip ${tone}"><span aria-hidden="true">${signs[tone]}</span> ${word}</span>`;
}

/** Since when, and how long that is. */
export function since(iso: string, now: number): Html {
  return html`<span class="since">since <time datetime="${iso}">${clockTime(iso, now)}</time> · ${span(iso, now)}</span>`;
}

/** The text for the ticket, folded away until somebody needs it. */
export function ticketBlock(id: string, state: PathState, text: string): Html {
  return html`<details id="${id}" class="ticket">
<summary>Evidence for the ticket <span class="hidden">(${state})</span></summary>
<button type="button" class="copy" data-copy="${id}">Copy</button>
<pre tabindex="0">${text}</pre>
</details>`;
}

/** What was noticed, whatever the state. */
export function renderFindings({ findings }: TracedStatus, now: number): Html {
  return html`${findings.map(
    ({ kind, since: from, owner, evidence }) =>
      html`<p class="why"><b>Noticed: ${findingWords[kind]}.</b> ${evidence} <span class="owner">With: <b>${ownerWords[owner]}</b></span> ${since(from, now)}</p>`,
  )}`;
}

/** The way that the packets took, folded away until somebody needs it. */
export function traceBlock(id: string, { trace, traceBefore, mtu }: TracedStatus): Html {
  if (trace === null) return nothing;
  const size = mtuText({ mtu });
  const text = [trace, traceBefore].flatMap((one) => (one === null ? [] : [traceTitle(one), ...hopLines(one)]));
  const lines = [...text, ...(size === undefined ? [] : [`path MTU: ${size}`])].join("\n");
  return html`<details id="${id}" class="ticket">
<summary>Trace</summary>
<button type="button" class="copy" data-copy="${id}">Copy</button>
<pre tabindex="0">${lines}</pre>
</details>`;
}
