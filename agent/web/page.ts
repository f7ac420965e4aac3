import { html } from "./html.ts";
import type { Status } from "./status.ts";

/** The whole page; undefined: nothing was judged yet. */
export function renderPage(status: Status | undefined, version: string): string {
  const sites = status?.circuits.map((c) => html`<li>${c.name}</li>`);
  return html`<!doctype html><title>circuitwatch ${version}</title><ul>${sites}</ul>`.markup;
}
