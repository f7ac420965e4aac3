// Pieces that several parts of the page use.

import type { PathState } from "../estate/judgement.ts";
import { type Html, html } from "./html.ts";
import { clockTime, span, type Tone } from "./words.ts";

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
