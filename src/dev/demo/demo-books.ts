import { z } from 'zod';
import { retellSample } from '../samples/retell-samples.ts';
import { signWebhook } from '../sign-webhook.ts';
import { BOOKS_ACCOUNT, BOOKS_MONTH, callCosts, DEMO_TENANTS } from './demo-story.ts';
import type { DemoTenant } from './demo-story.ts';
import type { DemoSetUp } from './set-up-demo.ts';

type Api = Readonly<{ url: string; setUp: DemoSetUp; catchUp: () => Promise<unknown> }>;

const money = z.object({ amount: z.string(), currency: z.string() });
const closing = z.object({ data: z.object({ state: z.string(), revision: z.number() }) });
const adjustments = z.object({
  data: z.array(
    z.object({
      tenant_id: z.string(),
      service_period: z.string(),
      booked_period: z.string(),
      figure: z.string(),
      amount: money,
    }),
  ),
});
const margin = z.object({
  data: z.array(
    z.object({
      tenant_id: z.string(),
      currency: z.string().nullable(),
      revenue: money.nullable(),
      cogs: money.nullable(),
      gross_profit: money.nullable(),
    }),
  ),
});

export type DemoBooks = Readonly<{
  /** As reported first, and after the reopening. */
  revisions: readonly number[];
  /** What came late, while the month was closed. */
  adjustments: z.infer<typeof adjustments>['data'];
  margin: z.infer<typeof margin>['data'];
}>;

const CALLS = 4;
const RANGE = { from: `${BOOKS_MONTH}-01`, to: '2026-11-01' };

/**
 * The month before the demo's, in live mode: it is closed, a call of it comes late and is an adjustment, it is reopened
 * with a reason and closed again. Asked again later, everything is a duplicate and the month is closed already.
 */
export async function closeDemoBooks(api: Api): Promise<DemoBooks> {
  for (const tenant of DEMO_TENANTS) {
    for (let call = 0; call < CALLS; call += 1) await deliver(api, tenant, call);
  }
  await api.catchUp();
  const before = closing.parse(await ask(api, `/v1/periods/${BOOKS_MONTH}`)).data;
  if (before.revision === 0) await close(api);
  // The last of them, a moment too late.
  const late = DEMO_TENANTS.at(-1);
  if (late !== undefined) await deliver(api, late, CALLS);
  await api.catchUp();
  const { data: booked } = adjustments.parse(await ask(api, `/v1/adjustments?service_period=${BOOKS_MONTH}`));
  if (before.revision < 2) {
    await ask(api, `/v1/periods/${BOOKS_MONTH}/reopen`, { reason: 'a call was reported after the close', by: 'demo' });
    await close(api);
  }
  const { data: after } = closing.parse(await ask(api, `/v1/periods/${BOOKS_MONTH}`));
  const query = new URLSearchParams({ ...RANGE, group_by: 'tenant_id' });
  return {
    revisions: Array.from({ length: after.revision }, (_, index) => index + 1),
    adjustments: booked,
    margin: margin.parse(await ask(api, `/v1/margin?${query.toString()}`)).data,
  };
}

async function close(api: Api): Promise<void> {
  const waivers = [
    { check: 'unpriced', reason: 'the plan front-desk charges for cost, not for seconds' },
    { check: 'drafts', reason: 'the demo issues no statements' },
  ];
  const { data } = closing.parse(await ask(api, `/v1/periods/${BOOKS_MONTH}/close`, { waivers, by: 'demo' }));
  if (data.state !== 'closed') throw new Error(`${BOOKS_MONTH} is ${data.state}, not closed; see hookledger.log.`);
}

async function deliver({ url, setUp }: Api, tenant: DemoTenant, call: number): Promise<void> {
  const seconds = tenant.baseSeconds + 30 * call;
  const sample = retellSample('call_analyzed', {
    key: `books ${tenant.key} ${call}`,
    at: new Date(`${BOOKS_MONTH}-${String(10 + call)}T09:00:00Z`),
    agentId: tenant.agentId,
    organisationId: BOOKS_ACCOUNT,
    durationMs: seconds * 1_000,
    costs: callCosts(seconds),
  });
  const body = Buffer.from(JSON.stringify(sample));
  const { path, secret } = setUp.books;
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: signWebhook('retell', body, secret, Date.now()),
    body: new Uint8Array(body),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`A webhook of ${BOOKS_MONTH} was answered ${response.status}; see hookledger.log.`);
}

async function ask({ url, setUp }: Api, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    headers: { authorization: `Bearer ${setUp.financeKey}` },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}
