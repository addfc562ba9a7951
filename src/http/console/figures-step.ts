import { UNASSIGNED } from '../../domain/envelope.ts';
import type { StoryFigure } from '../../finance/story-figures.ts';
import type { WebhookStory } from '../../finance/webhook-story.ts';
import { figureLink } from '../v1/figure-link.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import type { Step } from './step.ts';
import { counted, number } from './words.ts';

const NAMES: Readonly<Record<StoryFigure['figure'], string>> = {
  usage: 'Usage',
  cost: 'Cost',
  billed: 'Billed, net',
  collected: 'Collected',
};

export type FigureOptions = Readonly<{
  /** How many of the events no model has reached yet. */
  unfolded: number;
  /** Whether the session may follow a figure to the query that answers it. */
  mayReadMoney: boolean;
}>;

/** What finance sees of it today. */
export function figuresStep(story: WebhookStory, { unfolded, mayReadMoney }: FigureOptions): Step {
  const { tenantNames } = story;
  // What moved from there to its tenant left nothing behind.
  const figures = story.figures.filter(({ tenantId, value }) => tenantId !== UNASSIGNED || /[1-9]/.test(value));
  const count = counted(figures.length, 'figure');
  return {
    title: 'Figures',
    outcome: figures.length > 0 ? `It is in ${count}, as of now` : unfolded > 0 ? 'In none yet' : 'It is in no figure',
    tone: unfolded > 0 ? 'waiting' : figures.length > 0 ? 'good' : 'nothing',
    body: html`${
      figures.length > 0 &&
      html`<ul class="figures">
        ${figures.map((figure) => card(figure, tenantNames, mayReadMoney))}
      </ul>`
    }`,
  };
}

function card(figure: StoryFigure, tenantNames: ReadonlyMap<string, string>, mayReadMoney: boolean): Html {
  const path = figureLink(figure);
  const value =
    figure.currency === null
      ? counted(figure.value, figure.unit ?? 'unit')
      : `${number(figure.value)} ${figure.currency}`;
  return html`<li>
    <p class="name">${NAMES[figure.figure]}${figure.meter !== null && ` · ${figure.meter}`}</p>
    <p class="amount">${value}</p>
    <p class="quiet">
      ${tenantNames.get(figure.tenantId) ?? figure.tenantId} · ${figure.provider}${figure.mode === 'test' && ' · test'}
      · ${figure.day} UTC
    </p>
    ${mayReadMoney && html`<p class="query quiet"><a href="/console${path}">GET ${path.replace(/\?.*/, '')}</a></p>`}
  </li>`;
}
