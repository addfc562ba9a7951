import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { startApi } from './api.ts';
import type { Api } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const manifest = z.looseObject({
  rows: z.number(),
  totals: z.record(z.string(), z.unknown()),
  as_of: z.strictObject({ position: z.string(), recorded_at: z.string() }),
  exports: z.record(z.enum(['csv', 'ndjson']), z.strictObject({ sha256: z.string(), bytes: z.number() })),
});

const REPORT = '/v1/usage/lines?from=2026-03-01&to=2026-04-01';

describe('a report', () => {
  test('gives the same rows page by page and in every format, with the totals of all', async () => {
    const whole = await api.list(REPORT);
    expect(whole.data.length).toBeGreaterThan(2);
    expect(whole.totals).toMatchObject({ lines: String(whole.data.length) });
    const paged = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await api.list(`${REPORT}&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      paged.push(...page.data);
      cursor = page.page.next_cursor;
      expect(page.totals).toEqual(whole.totals);
    }
    expect(paged).toEqual(whole.data);

    const { text: ndjson, type } = await api.text(`${REPORT}&format=ndjson&limit=1`);
    expect(type).toBe('application/x-ndjson');
    const withoutLinks = whole.data.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'links')),
    );
    expect(
      ndjson
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(withoutLinks);
  });

  test('is CSV by RFC 4180, an amount apart from its currency', async () => {
    const { text, type, asOf } = await api.text(`${REPORT}&format=csv&kind=usage&tenant_id=tnt_a`);
    expect(type).toBe('text/csv; charset=utf-8');
    expect(asOf).toBe('90');
    const [head, ...rows] = text.split('\r\n');
    expect(head).toBe(
      'position,line_no,event_id,cause,kind,tenant_id,provider,meter,unit,occurred_at,quantity,cost,cost_currency,' +
        'cost_status,rated,rated_currency,plan_id,priced_by,fact_key',
    );
    expect(rows.at(-1)).toBe('');
    expect(rows[0]).toMatch(
      /^\d+,0,[0-9a-f-]{36},fact,usage,tnt_a,retell,call_seconds,second,2026-03-10T[^,]+,120,,,,0.3,USD,/,
    );
  });

  test('has a manifest whose digests are those of the exports at its position', async () => {
    const { body } = await api.get(`${REPORT}&format=manifest`);
    const told = manifest.parse(body);
    for (const format of ['csv', 'ndjson'] as const) {
      const { text } = await api.text(`${REPORT}&format=${format}&as_of=${told.as_of.position}`);
      expect(told.exports[format]).toEqual({
        sha256: createHash('sha256').update(text).digest('hex'),
        bytes: Buffer.byteLength(text),
      });
    }
    expect(told.totals).toMatchObject({ lines: String(told.rows) });
  });

  test('shows a tenant its own rows, whatever it asks for', async () => {
    const { data } = await api.list(REPORT, 'finance@tnt_a');
    expect(data.length).toBeGreaterThan(0);
    expect(new Set(data.map((row) => row['tenant_id']))).toEqual(new Set(['tnt_a']));
    expect((await api.list(`${REPORT}&tenant_id=tnt_b`, 'finance@tnt_a')).data).toEqual([]);
  });

  test('leads from each row to the events that it is of', async () => {
    const { data } = await api.list(`${REPORT}&limit=1`);
    expect(await api.eventsOf(data[0]?.links['events'])).toContain(data[0]?.event_id);
  });

  test.each([
    [`${REPORT}&format=xlsx`, 'format'],
    [`${REPORT}&kind=rumour`, 'kind'],
    [`${REPORT}&colour=red`, 'colour'],
    [`${REPORT}&window=day`, 'window'],
    [`${REPORT}&cursor=nonsense`, 'cursor'],
  ])('%s is a problem that names %s', async (path, parameter) => {
    expect((await api.get(path)).body).toMatchObject({ status: 400, code: 'bad_parameter', parameter });
  });
});
