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

/** What finance sees of it today. `mayReadMoney`: whether the session may follow a figure to the query that answers it. */
export function figuresStep({ figures }: WebhookStory, { mayReadMoney }: { mayReadMoney: boolean }): Step {
  return {
    title: 'Figures',
    outcome: figures.length === 0 ? 'It is in no figure' : `It is in ${counted(figures.length, 'figure')}, as of now`,
    tone: 'good',
    body: html`<ul class="figures">
      ${figures.map((figure) => card(figure, mayReadMoney))}
    </ul>`,
  };
}

function card(figure: StoryFigure, mayReadMoney: boolean): Html {
  const path = figureLink(figure);
  const value =
    figure.currency === null
      ? counted(figure.value, figure.unit ?? 'unit')
      : `${number(figure.value)} ${figure.currency}`;
  return html`<li>
    <p class="name">${NAMES[figure.figure]}${figure.meter !== null && ` · ${figure.meter}`}</p>
    <p class="amount">${value}</p>
    <p class="quiet">
      ${figure.tenantId} · ${figure.provider}${figure.mode === 'test' && ' · test'} · ${figure.day} UTC
    </p>
    ${mayReadMoney && html`<p class="query quiet"><a href="/console${path}">GET ${path.replace(/\?.*/, '')}</a></p>`}
  </li>`;
}
