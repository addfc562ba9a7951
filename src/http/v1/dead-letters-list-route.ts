import type { RequestHandler } from 'express';
import { z } from 'zod';
import { QUEUES } from '../../domain/queues.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { LETTER_STATES } from '../../workers/dead-letters/dead-letter.ts';
import type { DeadLetterFilter } from '../../workers/dead-letters/dead-letter.ts';
import { groupDeadLetters } from '../../workers/dead-letters/group-dead-letters.ts';
import { listDeadLetters } from '../../workers/dead-letters/list-dead-letters.ts';
import { decodeCursor } from '../../finance/cursor.ts';
import { groupJson, letterJson } from './dead-letters-json.ts';
import { listPage } from './list-page.ts';
import { requirePlatform } from './platform-only.ts';
import { instant, listOf, paging, parseQuery, text } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';

const querySchema = z.strictObject({
  group_by: z
    .enum(['fingerprint'], 'is fingerprint')
    .optional()
    .describe('One row for all deaths of one bug: of one queue, event type, cause and error.'),
  queue: listOf(z.enum(QUEUES, `is one of ${QUEUES.join(', ')}`)).optional(),
  tenant_id: listOf(text).optional(),
  cause: listOf(text).optional(),
  fingerprint: listOf(text).optional(),
  state: listOf(z.enum(LETTER_STATES, `is one of ${LETTER_STATES.join(', ')}`))
    .optional()
    .describe('How the job stands now.'),
  from: instant.optional().describe('Died then or later.'),
  to: instant.optional().describe('Died before.'),
  ...paging,
});

const letterKey = z.tuple([
  z.iso.datetime(),
  z.string().regex(/^\d{1,18}$/),
  z.enum(QUEUES),
  z.string(),
  z.int().nonnegative(),
]);
const groupKey = z.tuple([z.iso.datetime(), z.string()]);

/** GET /v1/dead-letters: jobs that ended without success, newest first, one by one or by what killed them. */
export function deadLettersListRoute({ pool, clock }: RouteDeps): RequestHandler {
  return async (request, response) => {
    requirePlatform(response);
    const query = parseQuery(querySchema, request.query);
    const filter: DeadLetterFilter = {
      queues: query.queue,
      tenantIds: query.tenant_id,
      causes: query.cause,
      fingerprints: query.fingerprint,
      states: query.state,
      since: query.from,
      until: query.to,
    };
    const page = { limit: query.limit, now: clock.now() };
    if (query.group_by === undefined) {
      const key = decodeCursor('dead-letters', letterKey, query.cursor)?.key;
      const after = key && {
        diedAt: new Date(key[0]),
        position: key[1],
        queue: key[2],
        replayId: key[3],
        generation: key[4],
      };
      const rows = await withReadTransaction(pool, {}, (tx) =>
        listDeadLetters(tx, filter, { after, limit: query.limit + 1 }),
      );
      response.json(
        listPage({
          route: 'dead-letters',
          rows,
          ...page,
          rowJson: letterJson,
          keyOf: ({ diedAt, position, queue, replayId, generation }) => [
            diedAt.toISOString(),
            position,
            queue,
            replayId,
            generation,
          ],
        }),
      );
      return;
    }
    const key = decodeCursor('dead-letter-groups', groupKey, query.cursor)?.key;
    const after = key && { lastDiedAt: new Date(key[0]), fingerprint: key[1] };
    const rows = await withReadTransaction(pool, {}, (tx) =>
      groupDeadLetters(tx, filter, { after, limit: query.limit + 1 }),
    );
    response.json(
      listPage({
        route: 'dead-letter-groups',
        rows,
        ...page,
        rowJson: groupJson,
        keyOf: ({ lastDiedAt, fingerprint }) => [lastDiedAt.toISOString(), fingerprint],
      }),
    );
  };
}
