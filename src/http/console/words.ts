import type { Html } from './html.ts';
import { html } from './html.ts';

/** How something went, as a colour; the words beside it always say it, too. */
export type Tone = 'good' | 'waiting' | 'warning' | 'bad' | 'nothing';

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

/** `11-24 10:14:00`: in a list, where the year and the milliseconds are in the way. */
export function shortTime(at: Date): Html {
  const iso = at.toISOString();
  return html`<time datetime="${iso}" title="${iso}">${iso.slice(5, 19).replace('T', ' ')}</time>`;
}

/** A name such as `payment_intent.payment_failed`, which a narrow screen may break after a dot or a low line. */
export function breakable(name: string): Html[] {
  return name.split(/(?<=[._])/).map((part) => html`${part}<wbr />`);
}

/** Digits in groups of three, exact to the last one that is not a trailing zero. */
export function number(decimal: string): string {
  const [whole = '', digits = ''] = decimal.replace('-', '').split('.');
  const fraction = digits.replace(/0+$/, '');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${decimal.startsWith('-') ? '−' : ''}${grouped}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A difference, with its sign. */
export function signed(decimal: string): string {
  return /[1-9]/.test(decimal) && !decimal.startsWith('-') ? `+${number(decimal)}` : number(decimal);
}

export function counted(count: string | number, unit: string): string {
  return `${number(String(count))} ${plural(String(count), unit)}`;
}

export function plural(count: string, unit: string): string {
  return number(count) === '1' || number(count) === '−1' ? unit : `${unit}s`;
}
