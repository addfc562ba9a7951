import type { Request, RequestHandler, Response } from 'express';
import { QUEUES } from '../../domain/queues.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { listTenantChoices } from '../../finance/tenant-choices.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres.ts';
import { countDeadLetters } from '../../workers/dead-letters/count-dead-letters.ts';
import type { DeadLetter } from '../../workers/dead-letters/dead-letter.ts';
import { groupDeadLetters } from '../../workers/dead-letters/group-dead-letters.ts';
import { listDeadLetters } from '../../workers/dead-letters/list-dead-letters.ts';
import type { DeadLetterKey } from '../../workers/dead-letters/list-dead-letters.ts';
import { readDeadLetters } from '../../workers/dead-letters/read-dead-letters.ts';
import { DEFAULT_REDRIVE_RATE, redriveDeadLetters } from '../../workers/dead-letters/redrive-dead-letters.ts';
import { principalOf } from '../auth.ts';
import { decidedBy } from '../decided-by.ts';
import { errorCode } from '../error-code.ts';
import { readBody } from '../read-body.ts';
import { deadLetterFilter, readDeadLetterFilter } from './dead-letter-filter.ts';
import { deadLetterListPage } from './dead-letter-list-page.ts';
import { deadLetterPage, noDeadLetterPage } from './dead-letter-page.ts';
import { deadLetterRedrivePage } from './dead-letter-redrive-page.ts';
import type { RedriveForm } from './dead-letter-redrive-page.ts';
import { formTokenOf, isFormToken } from './form-token.ts';
import type { Html } from './html.ts';
import type { SendPage } from './page.ts';
import { sessionTokenOf } from './session.ts';

export type DeadLetterRouteDeps = Readonly<{
  pool: Pool;
  clock: Clock;
  newId: () => string;
  /** Called after a commit that appended: wakes whoever reads the log. */
  onAppended: () => void;
  sendPage: SendPage;
}>;

const PAGE_LENGTH = 50;
const GROUPS = 20;
const FORM_BYTES = 20_000;
/** A browser and the proxies before it wait longer than that. */
const WORK_MS = 20_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function showDeadLetters(deps: DeadLetterRouteDeps): RequestHandler {
  return async (request, response) => {
    const words = readDeadLetterFilter(request.query);
    const filter = deadLetterFilter(words);
    const after = readKey(request.query['before']);
    const read = await withReadTransaction(deps.pool, {}, async (tx) => ({
      groups: after === undefined ? await groupDeadLetters(tx, filter, { limit: GROUPS + 1 }) : [],
      letters: await listDeadLetters(tx, filter, { after, limit: PAGE_LENGTH + 1 }),
      tenants: await listTenantChoices(tx),
    }));
    const letters = read.letters.slice(0, PAGE_LENGTH);
    const last = read.letters.length > PAGE_LENGTH ? letters.at(-1) : undefined;
    const main = deadLetterListPage({
      groups: read.groups.slice(0, GROUPS),
      hasMoreGroups: read.groups.length > GROUPS,
      letters,
      tenants: read.tenants,
      filter: words,
      isFirstPage: after === undefined,
      older: last && writeKey(last),
    });
    send(deps, response, { status: 200, title: 'Dead letters', main });
  };
}

export function showDeadLetter(deps: DeadLetterRouteDeps): RequestHandler<{ eventId: string }> {
  return async (request, response) => {
    const { eventId } = request.params;
    const story = !UUID.test(eventId)
      ? undefined
      : await withReadTransaction(deps.pool, {}, (tx) => readDeadLetters(tx, eventId));
    if (story === undefined) send(deps, response, { status: 404, title: 'Not found', main: noDeadLetterPage() });
    else send(deps, response, { status: 200, title: 'Dead letter', main: deadLetterPage(story) });
  };
}

/** What a redrive by these filters would do, and the form for it. */
export function showRedrive(deps: DeadLetterRouteDeps): RequestHandler {
  return (request, response) =>
    showCounts(deps, request, response, {
      status: 200,
      form: { reason: '', by: '', rate: String(DEFAULT_REDRIVE_RATE), problem: undefined },
    });
}

/** Only from a form of this session's own. Works for twenty seconds at most; safe to send again. */
export function redrive(deps: DeadLetterRouteDeps): RequestHandler {
  return async (request, response) => {
    const fields = new URLSearchParams((await readBody(request, FORM_BYTES)).toString('utf8'));
    const form = {
      reason: fields.get('reason') ?? '',
      by: fields.get('by') ?? '',
      rate: fields.get('rate') ?? '',
      until: readUntil(fields.get('until')),
      problem: undefined,
    };
    const again = (status: number, problem: string) =>
      showCounts(deps, request, response, { status, form: { ...form, problem } });
    if (!isFormToken(fields.get('token'), sessionTokenOf(request) ?? '')) {
      return again(
        403,
        'This form is of another session. Nothing was changed; look at it again and send it from here.',
      );
    }
    if (form.by.trim() === '') return again(400, 'Say who you are.');
    const filter = deadLetterFilter(readDeadLetterFilter(request.query));
    try {
      const result = await redriveDeadLetters(
        deps,
        {
          filter: { ...filter, until: earliest(filter.until, form.until) },
          reason: form.reason,
          by: decidedBy(response, form.by),
          rate: Number(form.rate),
        },
        { signal: AbortSignal.timeout(WORK_MS) },
      );
      return await showCounts(deps, request, response, {
        status: 200,
        form: { ...form, until: result.counts.until },
        redriven: result.done,
      });
    } catch (error) {
      if (errorCode(error) !== 'invalid_command' || !(error instanceof Error)) throw error;
      return again(400, error.message);
    }
  };
}

type Shown = Readonly<{
  status: number;
  form: Omit<RedriveForm, 'token' | 'until'> & Readonly<{ until?: Date | undefined }>;
  redriven?: number;
}>;

async function showCounts(
  deps: DeadLetterRouteDeps,
  request: Request,
  response: Response,
  { status, form, redriven }: Shown,
): Promise<void> {
  const words = readDeadLetterFilter(request.query);
  const filter = deadLetterFilter(words);
  const counts = await withReadTransaction(deps.pool, {}, (tx) =>
    countDeadLetters(tx, { ...filter, until: earliest(filter.until, form.until) }),
  );
  const token = formTokenOf(sessionTokenOf(request) ?? '');
  // The form acts on the letters that were counted, and on none that comes in while it is being filled.
  const until = (form.until ?? counts.until).toISOString();
  const main = deadLetterRedrivePage({ filter: words, counts, redriven, form: { ...form, token, until } });
  send(deps, response, { status, title: 'Redrive', main });
}

function earliest(a: Date | undefined, b: Date | undefined): Date | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}

function readUntil(text: string | null): Date | undefined {
  const at = new Date(text ?? '');
  return Number.isNaN(at.getTime()) ? undefined : at;
}

function writeKey({ diedAt, position, queue, replayId, generation }: DeadLetter): string {
  return [diedAt.getTime(), position, generation, queue, replayId].join('_');
}

function readKey(value: unknown): DeadLetterKey | undefined {
  const pattern =
    /^(?<ms>\d{1,15})_(?<position>\d{1,18})_(?<generation>\d{1,9})_(?<queue>[a-z-]+)_(?<replayId>[\w.-]+)$/;
  const { ms, position, generation, queue, replayId } = pattern.exec(String(value))?.groups ?? {};
  const known = QUEUES.find((name) => name === queue);
  if (ms === undefined || position === undefined || known === undefined || replayId === undefined) return undefined;
  return { diedAt: new Date(Number(ms)), position, queue: known, replayId, generation: Number(generation) };
}

type Page = Readonly<{ status: number; title: string; main: Html }>;

function send({ sendPage }: DeadLetterRouteDeps, response: Response, { status, title, main }: Page): void {
  sendPage(response, status, { title, main, section: 'dead-letters', principal: principalOf(response) });
}
