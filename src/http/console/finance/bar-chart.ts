import type { Html } from '../html.ts';
import { html } from '../html.ts';
import { number } from '../words.ts';

/** `value`: an exact decimal string. Bars of one label stand beside each other, in the order of `series`. */
export type Bar = Readonly<{ label: string; series: string; value: string }>;

export type BarChart = Readonly<{
  title: string;
  /** What the numbers are of, such as `USD` or `second`. */
  unit: string;
  series: readonly string[];
  bars: readonly Bar[];
}>;

const WIDTH = 720;
const HEIGHT = 220;
const MARGIN = { top: 12, right: 8, bottom: 28, left: 64 };
/** More labels than that would lie on each other. */
const MAX_LABELS = 12;

/**
 * Bars as SVG, drawn here: no script, and it prints. The table beside it says the same, exactly; here a figure becomes a
 * length, which is all that a binary float is good for.
 */
export function barChart({ title, unit, series, bars }: BarChart): Html | undefined {
  const labels = [...new Set(bars.map(({ label }) => label))];
  if (labels.length === 0 || bars.every(({ value }) => lengthOf(value) === 0)) return undefined;
  const top = Math.max(0, ...bars.map(({ value }) => lengthOf(value)));
  const bottom = Math.min(0, ...bars.map(({ value }) => lengthOf(value)));
  const plotHeight = HEIGHT - MARGIN.top - MARGIN.bottom;
  const plotWidth = WIDTH - MARGIN.left - MARGIN.right;
  const y = (value: number): number => MARGIN.top + ((top - value) / (top - bottom)) * plotHeight;
  const slot = plotWidth / labels.length;
  const gap = Math.min(8, slot * 0.2);
  const barWidth = Math.max(1, (slot - gap) / series.length);
  const every = Math.ceil(labels.length / MAX_LABELS);
  return html`<figure class="chart">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}, in ${unit}; the table below says the same">
      ${[top, (top + bottom) / 2, bottom].map(
        (value) =>
          html`<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(value)}" y2="${y(value)}" />
            <text class="tick" x="${MARGIN.left - 6}" y="${y(value) + 4}" text-anchor="end">${short(value)}</text>`,
      )}
      ${bars.map((bar) => {
        const value = lengthOf(bar.value);
        const left = MARGIN.left + labels.indexOf(bar.label) * slot + gap / 2 + series.indexOf(bar.series) * barWidth;
        return html`<rect
          class="series-${series.indexOf(bar.series) + 1}"
          x="${left}"
          width="${Math.max(1, barWidth - 1)}"
          y="${Math.min(y(value), y(0))}"
          height="${Math.max(value === 0 ? 0 : 1, Math.abs(y(value) - y(0)))}"
        >
          <title>${bar.label}, ${bar.series}: ${number(bar.value)} ${unit}</title>
        </rect>`;
      })}
      <line class="axis" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(0)}" y2="${y(0)}" />
      ${labels
        .map(
          (label, index) =>
            index % every === 0 &&
            html`<text class="tick" x="${MARGIN.left + (index + 0.5) * slot}" y="${HEIGHT - 8}" text-anchor="middle"
              >${label}</text
            >`,
        )
        .filter((each) => each !== false)}
    </svg>
    <figcaption>
      ${title}, ${unit}
      ${
        series.length > 1 &&
        html`<span class="legend">
          ${series.map((name, index) => html`<span class="key series-${index + 1}">${name}</span> `)}
        </span>`
      }
    </figcaption>
  </figure>`;
}

function lengthOf(value: string): number {
  return Number(value);
}

const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

function short(value: number): string {
  return SHORT.format(value);
}
