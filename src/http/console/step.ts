import type { Html } from './html.ts';
import { html } from './html.ts';
import type { Tone } from './words.ts';

/** One station of a webhook's way. */
export type Step = Readonly<{
  title: string;
  /** One line: how it went here. */
  outcome: string;
  tone: Tone;
  body?: Html;
}>;

export function stepItem({ title, outcome, tone, body }: Step): Html {
  return html`<li class="step ${tone}">
    <h2>${title}</h2>
    <p class="outcome">${outcome}</p>
    ${body}
  </li>`;
}

/** The rows of a step; nothing where there are none. */
export function rowList(rows: readonly Html[]): Html {
  return html`${
    rows.length > 0 &&
    html`<ul class="rows">
      ${rows}
    </ul>`
  }`;
}
