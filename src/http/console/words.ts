import type { Html } from './html.ts';
import { html } from './html.ts';

/** How something went, as a colour; the words beside it always say it, too. */
export type Tone = 'good' | 'waiting' | 'warning' | 'bad';

export function badge(tone: Tone, text: string): Html {
  return html`<span class="badge ${tone}">${text}</span>`;
}

/** `2026-03-10 10:14:00.012`, in UTC, and the same for machines. */
export function time(at: Date): Html {
  const iso = at.toISOString();
  const shown = iso
    .slice(0, 23)
    .replace('T', ' ')
    .replace(/\.000$/, '');
  return html`<time datetime="${iso}" title="UTC">${shown}</time>`;
}

/** Digits in groups of three, exact to the last one. */
export function number(decimal: string): string {
  const [whole = '', fraction] = decimal.replace('-', '').split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${decimal.startsWith('-') ? '−' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** A difference, with its sign. */
export function signed(decimal: string): string {
  return /[1-9]/.test(decimal) && !decimal.startsWith('-') ? `+${number(decimal)}` : number(decimal);
}

export function counted(count: string | number, unit: string): string {
  return `${number(String(count))} ${unit}${String(count) === '1' ? '' : 's'}`;
}
