import { z } from 'zod';
import { DEMO_RANGE } from './demo-story.ts';

const money = z.object({ amount: z.string(), currency: z.string() });
const page = <Row extends z.ZodType>(row: Row) =>
  z.object({ data: z.array(row), page: z.object({ next_cursor: z.string().nullable() }) });

const usageRow = z.object({
  window_start: z.string(),
  tenant_id: z.string(),
  meter: z.string(),
  unit: z.string(),
  quantity: z.string(),
});
const costRow = z.object({
  window_start: z.string(),
  tenant_id: z.string(),
  component: z.string(),
  cost: money,
  cost_status: z.enum(['estimated', 'final']),
});
const summaryRow = z.object({
  tenant_id: z.string(),
  currency: z.string(),
  rated: money,
  billed: money,
  collected: money,
  cost: money,
  gross_profit: money.nullable(),
});

export type DemoFigures = Readonly<{
  usage: readonly z.infer<typeof usageRow>[];
  costs: readonly z.infer<typeof costRow>[];
  summary: readonly z.infer<typeof summaryRow>[];
}>;

/** Asks the API for them, as finance would. */
export async function readFigures(api: { url: string; key: string }): Promise<DemoFigures> {
  return {
    usage: await readAll(api, 'usage', { window: 'day', group_by: 'tenant_id,meter' }, usageRow),
    costs: await readAll(api, 'costs', { window: 'day', group_by: 'tenant_id,component' }, costRow),
    summary: await readAll(api, 'summary', {}, summaryRow),
  };
}

async function readAll<Row extends z.ZodType>(
  { url, key }: { url: string; key: string },
  path: string,
  parameters: Readonly<Record<string, string>>,
  row: Row,
): Promise<readonly z.infer<Row>[]> {
  const rows: z.infer<Row>[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({
      ...DEMO_RANGE,
      mode: 'test',
      ...parameters,
      ...(cursor === null ? {} : { cursor }),
    });
    const response = await fetch(`${url}/v1/${path}?${query.toString()}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`GET /v1/${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    const { data, page: at } = page(row).parse(answer);
    rows.push(...data);
    cursor = at.next_cursor;
  } while (cursor !== null);
  return rows;
}
