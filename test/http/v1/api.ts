import type { AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import express from 'express';
import { z } from 'zod';
import { createRequireRole } from '../../../src/http/auth.ts';
import { problemHandler } from '../../../src/http/problem.ts';
import { createV1Router } from '../../../src/http/v1/v1-router.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { principal, ROLES } from '../../../src/tenants/principal.ts';
import { setScenario } from '../../finance/scenario.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';

/** What tests go on from; the rest of an answer they compare as a whole. */
const row = z.looseObject({
  event_id: z.string().optional(),
  payment_id: z.string().optional(),
  type: z.string().optional(),
  currency: z.string().nullish(),
  personal: z.unknown().optional(),
  request: z.looseObject({ body_base64: z.string().optional() }).optional(),
  links: z.record(z.string(), z.string().nullable()).default({}),
});
const listing = z.looseObject({
  data: z.array(row),
  totals: z.unknown().optional(),
  meta: z.looseObject({ as_of: z.unknown().optional(), links: z.record(z.string(), z.string()).default({}) }),
  page: z.strictObject({ next_cursor: z.string().nullable() }),
});
const single = z.looseObject({ data: row });
const story = row.extend({ events: z.array(row), figures: z.array(row), jobs: z.unknown().optional() });

export type Story = z.output<typeof story>;
export type Row = z.output<typeof row>;
export type Listing = z.output<typeof listing>;

/** `key`: a role, or `role@tenant`; admin when left out, no key at all when empty. */
export type Api = Readonly<{
  database: TestDatabase;
  get(path: string, key?: string): Promise<{ status: number; body: unknown }>;
  /** An export: its text and what its heads say. */
  text(path: string, key?: string): Promise<{ text: string; type: string | null; asOf: string | null }>;
  post(path: string, body: unknown, key?: string): Promise<{ status: number; body: unknown }>;
  /** Of an answer with many rows; fails unless it is 200. */
  list(path: string, key?: string): Promise<Listing>;
  /** Of an answer with one; fails unless it is 200. */
  one(path: string, key?: string): Promise<Row>;
  /** Of a webhook. */
  story(id: string, key?: string): Promise<Story>;
  /** Ids of the events that a link lists. */
  eventsOf(link: string | null | undefined, key?: string): Promise<(string | undefined)[]>;
  close(): Promise<void>;
}>;

const NOW = new Date('2026-03-25T12:00:00Z');

/** The scenario in a database of its own, and the /v1 routes over it. Keys are spelled out: their look-up has its own tests. */
export async function startApi(): Promise<Api> {
  const database = await createTestDatabase();
  await setScenario(database.adminPool);
  const app = express();
  app.set('query parser', 'simple');
  const requireRole = createRequireRole({
    authenticate: async (key) => {
      const [name, tenantId] = key.split('@');
      const role = ROLES.find((candidate) => candidate === name);
      return role && principal(`key_${name}`, role, tenantId);
    },
  });
  app.use('/v1', createV1Router({ pool: database.pool, clock: { now: () => NOW }, requireRole }));
  app.use(problemHandler({ logger: createLogger({ level: 'error' }) }));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${isInet(address) ? address.port : 0}`;

  const get: Api['get'] = async (path, key = 'admin') => {
    const headers = key === '' ? {} : { authorization: `Bearer ${key}` };
    const response = await fetch(origin + path, { headers });
    return { status: response.status, body: await response.json() };
  };
  const text: Api['text'] = async (path, key = 'admin') => {
    const response = await fetch(origin + path, { headers: { authorization: `Bearer ${key}` } });
    expect({ path, status: response.status }).toEqual({ path, status: 200 });
    const { headers } = response;
    return { text: await response.text(), type: headers.get('content-type'), asOf: headers.get('hookledger-as-of') };
  };
  const post: Api['post'] = async (path, body, key = 'admin') => {
    const headers = key === '' ? {} : { authorization: `Bearer ${key}` };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(origin + path, { method: 'POST', headers, body: text });
    return { status: response.status, body: await response.json() };
  };
  const list: Api['list'] = async (path, key) => {
    const { status, body } = await get(path, key);
    expect({ path, status, body }).toMatchObject({ status: 200 });
    return listing.parse(body);
  };
  const one: Api['one'] = async (path, key) => {
    const { status, body } = await get(path, key);
    expect({ path, status, body }).toMatchObject({ status: 200 });
    return single.parse(body).data;
  };
  return {
    database,
    get,
    text,
    post,
    list,
    one,
    story: async (id, key) => story.parse(await one(`/v1/webhooks/${encodeURIComponent(id)}`, key)),
    eventsOf: async (link, key) => (await list(link ?? '', key)).data.map((event) => event.event_id),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await database.drop();
    },
  };
}

function isInet(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
