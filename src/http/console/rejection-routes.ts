import type { RequestHandler } from 'express';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { listRejections } from '../../finance/rejections.ts';
import type { ListedRejection, RejectionKey } from '../../finance/rejections.ts';
import { SIGNATURE_FAULTS } from '../../ingest/provider.ts';
import type { Pool } from '../../platform/postgres.ts';
import { principalOf } from '../auth.ts';
import type { SendPage } from './page.ts';
import { listOfOne, readTime, readWord, timeOf } from './query-words.ts';
import { rejectionsPage } from './rejections-page.ts';

const PAGE_LENGTH = 50;
const CAUSES = ['unknown-source', ...SIGNATURE_FAULTS, 'body-too-large'];

export function showRejections({ pool, sendPage }: { pool: Pool; sendPage: SendPage }): RequestHandler {
  return async (request, response) => {
    const { query } = request;
    const filter = {
      provider: readWord(query['provider']),
      source: readWord(query['source']),
      cause: readWord(query['cause']),
      from: readTime(query['from']),
      to: readTime(query['to']),
    };
    const before = readKey(query['before']);
    const rows = await withReadTransaction(pool, {}, (tx) =>
      listRejections(tx, {
        providers: listOfOne(filter.provider),
        sourceIds: listOfOne(filter.source),
        causes: listOfOne(filter.cause),
        from: timeOf(filter.from),
        to: timeOf(filter.to),
        before,
        limit: PAGE_LENGTH + 1,
      }),
    );
    const shown = rows.slice(0, PAGE_LENGTH);
    const last = rows.length > PAGE_LENGTH ? shown.at(-1) : undefined;
    sendPage(response, 200, {
      title: 'Rejections',
      section: 'rejections',
      principal: principalOf(response),
      main: rejectionsPage({
        rows: shown,
        filter,
        causes: CAUSES,
        isFirstPage: before === undefined,
        older: last && writeKey(last),
      }),
    });
  };
}

function writeKey({ rejectedAt, id }: ListedRejection): string {
  return `${rejectedAt.getTime()}_${id}`;
}

function readKey(value: unknown): RejectionKey | undefined {
  const [, ms, id] = /^(\d{1,15})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(String(value)) ?? [];
  return ms === undefined || id === undefined ? undefined : { rejectedAt: new Date(Number(ms)), id };
}
