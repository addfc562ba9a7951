import type { Limited } from './limit-bench.ts';
import { median } from './quantile.ts';

const LIMIT_MS = 2_000;
const DRAFTS = 5;

/** A month of one tenant with 100,000 facts: drafted, then issued, which is also waiting for the read model. */
export async function measureStatement({
  url,
  key,
  tenantId,
  period,
  note,
}: {
  url: string;
  key: string;
  tenantId: string;
  period: string;
  note: (line: string) => void;
}): Promise<readonly Limited[]> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ tenant_id: tenantId, period, currency: 'USD' });
  async function post(path: string, wanted: number): Promise<number> {
    const startedAt = performance.now();
    const response = await fetch(new URL(path, url), { method: 'POST', headers, body });
    const text = await response.text();
    if (response.status !== wanted) throw new Error(`POST ${path} was answered ${response.status}: ${text}`);
    return performance.now() - startedAt;
  }
  const drafts: number[] = [];
  // oxlint-disable-next-line no-await-in-loop -- one at a time
  while (drafts.length < DRAFTS) drafts.push(await post('/v1/statements/preview', 200));
  note(`statement drafts: ${drafts.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  const issuedMs = await post('/v1/statements', 201);
  return [
    { name: 'statement of 100,000 facts, draft', unit: 'ms', value: median(drafts), limit: LIMIT_MS },
    { name: 'statement of 100,000 facts, issued', unit: 'ms', value: issuedMs, limit: LIMIT_MS },
  ];
}
