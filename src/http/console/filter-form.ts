import type { Html } from './html.ts';
import { html } from './html.ts';

export type FilterField = Readonly<{
  name: string;
  label: string;
  value: string | undefined;
  /** A choice instead of a text: the values, and how they are called. */
  options?: readonly Readonly<{ value: string; label: string }>[];
  type?: 'text' | 'datetime-local';
}>;

/** Filters that stand in the address, so that a list can be kept as a link; it opens by itself while one is set. */
export function filterForm(action: string, fields: readonly FilterField[]): Html {
  const set = fields.filter(({ value }) => value !== undefined).length;
  return html`<details class="filter" ${set > 0 && html` open`}>
    <summary>${set === 0 ? 'Filter' : `Filter: ${set} set`}</summary>
    <form method="get" action="${action}">
      ${fields.map(fieldRow)}
      <p class="buttons">
        <button type="submit">Show</button>
        ${set > 0 && html`<a href="${action}">Clear</a>`}
      </p>
    </form>
  </details>`;
}

function fieldRow({ name, label, value, options, type = 'text' }: FilterField): Html {
  const id = `filter-${name}`;
  return html`<p class="field">
    <label for="${id}">${label}</label>
    ${
      options === undefined
        ? html`<input id="${id}" name="${name}" type="${type}" value="${value}" />`
        : html`<select id="${id}" name="${name}">
            <option value="">any</option>
            ${options.map(
              (option) =>
                html`<option value="${option.value}" ${option.value === value && html` selected`}>
                  ${option.label}
                </option>`,
            )}
          </select>`
    }
  </p>`;
}
