import type { Cell, ColumnHead, ReportRow } from '../../../finance/report.ts';
import { isListCell, isMoneyCell } from '../../../finance/report.ts';
import type { EventsBehind } from '../../../finance/report.ts';
import { zonedTime } from '../../../finance/zoned-time.ts';
import type { Money } from '../../../domain/currency.ts';
import { figureEventsLink, streamEventsLink } from '../../v1/event-links.ts';
import type { Html } from '../html.ts';
import { html } from '../html.ts';
import { number } from '../words.ts';

const NUMERIC: readonly ColumnHead['kind'][] = ['integer', 'decimal', 'money', 'moneys'];

/** What is no longer stands on one line. */
const SHORT = 24;

/** A link instead of the plain text of a cell; undefined leaves it as it is. */
export type CellLink = (column: ColumnHead, row: ReportRow) => string | undefined;

/** Rows of a report as a table that scrolls by itself; each row leads to the events that it is made of. */
export function reportTable(parts: {
  caption: string;
  columns: readonly ColumnHead[];
  rows: readonly ReportRow[];
  tz: string;
  linkOf?: CellLink;
}): Html {
  const { caption, columns, rows, tz, linkOf } = parts;
  const shown = columns
    .map((column, index) => ({ column, index }))
    .filter(({ index }) => rows.some(({ cells }) => !isEmpty(cells[index] ?? null)));
  const hasEvents = rows.some(({ events }) => events !== undefined);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${shown.map(
            ({ column }) =>
              html`<th
                scope="col"
                class="${NUMERIC.includes(column.kind) ? 'amount' : 'word'}"
                title="${column.description}"
              >
                ${headOf(column.name)}
              </th>`,
          )}
          ${hasEvents && html`<th scope="col"><span class="unseen">Events</span></th>`}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${shown.map(({ column, index }) => {
                const text = cellText(column, row.cells[index] ?? null, tz);
                const link = linkOf?.(column, row);
                const kind = NUMERIC.includes(column.kind) ? 'amount' : text.length > SHORT ? 'word' : 'short';
                return html`<td class="${kind}">
                  ${link === undefined || text === '' ? text : html`<a href="${link}">${text}</a>`}
                </td>`;
              })}
              ${
                hasEvents &&
                html`<td>${row.events !== undefined && html`<a href="${eventsHref(row.events)}">events</a>`}</td>`
              }
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** The session reads the API under the console's own path. */
function eventsHref(events: EventsBehind): string {
  const link = events.of === 'stream' ? streamEventsLink(events.streamKey, events.upTo) : figureEventsLink(events);
  return `/console${link}`;
}

export function headOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function cellText({ kind }: Pick<ColumnHead, 'kind'>, cell: Cell, tz: string): string {
  if (cell === null) return '';
  if (cell instanceof Date)
    return zonedTime(cell, tz)
      .slice(0, kind === 'date' ? 10 : 16)
      .replace('T', ' ');
  if (isListCell(cell)) return cell.map((item) => (typeof item === 'string' ? item : moneyText(item))).join(', ');
  if (isMoneyCell(cell)) return moneyText(cell);
  return kind === 'integer' || kind === 'decimal' ? number(String(cell)) : String(cell);
}

function moneyText({ amount, currency }: Money): string {
  return `${number(amount)} ${currency}`;
}

function isEmpty(cell: Cell): boolean {
  return cell === null || (isListCell(cell) && cell.length === 0);
}
