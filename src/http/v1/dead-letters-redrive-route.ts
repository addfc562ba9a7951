import type { RequestHandler, Response } from 'express';
import { z } from 'zod';
import { QUEUES } from '../../domain/queues.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { uuidv7 } from '../../platform/ids.ts';
import { countDeadLetters } from '../../workers/dead-letters/count-dead-letters.ts';
import type { DeadLetterFilter } from '../../workers/dead-letters/dead-letter.ts';
import { reason } from '../../tenants/parse-command.ts';
import {
  DEFAULT_REDRIVE_RATE,
  redriveDeadLetters,
  redriveRate,
} from '../../workers/dead-letters/redrive-dead-letters.ts';
import { decidedBy } from '../decided-by.ts';
import { countsJson } from './dead-letters-json.ts';
import { parseBody } from './parse-body.ts';
import { requirePlatform } from './platform-only.ts';
import { instant, text, uuid } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';

const oneOrMore = <Item extends z.ZodType>(item: Item) =>
  z
    .union([item, z.array(item).min(1).max(100)])
    .transform((given) => [given].flat())
    .optional();

const filterSchema = z.strictObject({
  event_id: uuid.optional(),
  queue: oneOrMore(z.enum(QUEUES, `is one of ${QUEUES.join(', ')}`)),
  tenant_id: oneOrMore(text),
  cause: oneOrMore(text),
  fingerprint: oneOrMore(text),
  from: instant.optional().describe('Died then or later.'),
  to: instant.optional().describe('Died before.'),
});

const bodySchema = z.strictObject({
  filter: filterSchema.describe('Which letters; all of them when it is empty.'),
  reason,
  by: text.max(150).optional().describe('Who asks for it; the key that asks is recorded beside it.'),
  rate: redriveRate.default(DEFAULT_REDRIVE_RATE).describe('Jobs per second.'),
  dry_run: z.boolean().default(false),
});

/** What one request works for, well within the time that clients and proxies wait. */
const WORK_MS = 20_000;

/**
 * POST /v1/dead-letters/redrive: publishes open jobs once more. It works for twenty seconds at most and answers counts;
 * where some are `left`, `next` is the body to go on with. Safe to repeat: a job that was redriven is skipped.
 */
export function deadLettersRedriveRoute({ pool, clock, onAppended }: RouteDeps): RequestHandler {
  return async (request, response) => {
    requirePlatform(response);
    const body = await parseBody(bodySchema, request);
    const filter = filterOf(body.filter);
    if (body.dry_run) {
      const counts = await withReadTransaction(pool, {}, (tx) => countDeadLetters(tx, filter));
      const { open, ...skipped } = countsJson(counts.byState);
      const answer = { matched: counts.total, would_be: open, redriven: 0, skipped, left: open, next: null };
      response.json({ data: { dry_run: true, ...answer } });
      return;
    }
    const result = await redriveDeadLetters(
      { pool, clock, newId: uuidv7, ...(onAppended === undefined ? {} : { onAppended }) },
      { filter, reason: body.reason, by: decidedBy(response, body.by ?? 'API'), rate: body.rate },
      { signal: AbortSignal.any([AbortSignal.timeout(WORK_MS), whenGone(response)]) },
    );
    const { total, byState, until } = result.counts;
    const { open, ...skipped } = countsJson(byState);
    response.json({
      data: {
        dry_run: false,
        matched: total,
        would_be: open,
        redriven: result.done,
        skipped,
        left: result.left,
        // Up to the same moment: what died again since is not redriven again by going on.
        next: result.left === 0 ? null : { ...body, filter: { ...body.filter, to: until.toISOString() } },
      },
    });
  };
}

function filterOf(given: z.output<typeof filterSchema>): DeadLetterFilter {
  return {
    eventId: given.event_id,
    queues: given.queue,
    tenantIds: given.tenant_id,
    causes: given.cause,
    fingerprints: given.fingerprint,
    since: given.from,
    until: given.to,
  };
}

/** Aborted when nobody waits for the answer any more. */
function whenGone(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}
