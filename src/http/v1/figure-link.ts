import type { StoryFigure } from '../../finance/story-figures.ts';

/** The query whose answer holds the figure. */
export function figureLink(figure: StoryFigure): string {
  const query = new URLSearchParams({ from: figure.day, to: dayAfter(figure.day), mode: figure.mode });
  query.append('tenant_id', figure.tenantId);
  switch (figure.figure) {
    case 'usage':
      query.append('provider', figure.provider);
      if (figure.meter !== null) query.append('meter', figure.meter);
      return `/v1/usage?${query.toString()}`;
    case 'cost':
      query.append('provider', figure.provider);
      if (figure.meter !== null) query.append('component', figure.meter);
      return `/v1/costs?${query.toString()}`;
    case 'billed':
      return `/v1/summary?${query.toString()}`;
    case 'collected':
      query.append('provider', figure.provider);
      return `/v1/payments?${query.toString()}`;
  }
}

function dayAfter(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
}
