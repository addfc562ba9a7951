import type { Request, RequestHandler, Response } from 'express';
import { listConflicts, readConflict } from '../../finance/conflicts.ts';
import type { ConflictDetails } from '../../finance/conflicts.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { sightOf } from '../../finance/sight.ts';
import type { DomainEvent } from '../../domain/events.ts';
import type { Normalise } from '../../ingest/normalise.ts';
import { readReports } from '../../ingest/read-reports.ts';
import { resolveConflict } from '../../ingest/resolve-conflict.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Pool, Tx } from '../../platform/postgres.ts';
import type { Principal } from '../../tenants/principal.ts';
import { principalOf } from '../auth.ts';
import { decidedBy } from '../decided-by.ts';
import { errorCode } from '../error-code.ts';
import { readBody } from '../read-body.ts';
import { conflictList } from './conflict-list.ts';
import type { ConflictListParts } from './conflict-list.ts';
import { conflictPage, noConflictPage, reportedValue } from './conflict-page.ts';
import type { ReportedLine } from './conflict-page.ts';
import { formTokenOf, isFormToken } from './form-token.ts';
import type { Html } from './html.ts';
import type { SendPage } from './page.ts';
import { listOfOne, readWord } from './query-words.ts';
import { sessionTokenOf } from './session.ts';

export type ConflictRouteDeps = Readonly<{
  pool: Pool;
  clock: Clock;
  newId: () => string;
  normalise: Normalise;
  /** Called after a commit that appended: wakes whoever reads the log. */
  onAppended: () => void;
  sendPage: SendPage;
  providers: readonly string[];
}>;

const LIST_LENGTH = 25;
const FORM_BYTES = 20_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function showConflicts(deps: ConflictRouteDeps): RequestHandler {
  return async (request, response) => {
    const list = await withReadTransaction(deps.pool, {}, (tx) => readList(tx, request, deps.providers));
    const main = noConflictPage({ isAsked: false, hasAny: list.rows.length > 0 });
    send(deps, response, { status: 200, title: 'Conflicts', main, list, asideFirst: list.rows.length > 0 });
  };
}

export function showConflict(deps: ConflictRouteDeps): RequestHandler<{ id: string }> {
  return (request, response) => show(deps, request, response, { status: 200, reason: '', by: '', problem: undefined });
}

/** What a person writes is shown to him again when it cannot be done. */
const REFUSALS: Readonly<Record<string, number>> = {
  invalid_command: 400,
  conflict_resolved_otherwise: 409,
  unusable_body: 409,
  unknown_source: 409,
};

/** Only from a form of this session's own. Safe to send again. */
export function decideConflict(deps: ConflictRouteDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const principal = principalOf(response);
    const fields = new URLSearchParams((await readBody(request, FORM_BYTES)).toString('utf8'));
    const reason = fields.get('reason') ?? '';
    const by = fields.get('by') ?? '';
    const again = (status: number, problem: string) => show(deps, request, response, { status, reason, by, problem });
    if (!mayResolve(principal)) {
      return again(403, `Resolving is for the roles ops and admin, not ${principal.role}.`);
    }
    if (!isFormToken(fields.get('token'), sessionTokenOf(request) ?? '')) {
      return again(
        403,
        'This form is of another session. Nothing was changed; look at it again and send it from here.',
      );
    }
    const keep = fields.get('keep');
    if (keep !== 'first' && keep !== 'second') return again(400, 'Say which body counts.');
    if (by.trim() === '') return again(400, 'Say who you are.');
    const { id } = request.params;
    try {
      await resolveConflict(deps, { webhookId: id, keep, reason, by: decidedBy(response, by) });
    } catch (error) {
      const status = REFUSALS[errorCode(error) ?? ''];
      // An unknown conflict is no page of its own: the list says so.
      if (errorCode(error) === 'unknown_conflict') return again(404, '');
      if (status === undefined || !(error instanceof Error)) throw error;
      return again(status, error.message);
    }
    deps.onAppended();
    response.redirect(303, `/console/conflicts/${encodeURIComponent(id)}`);
  };
}

type Attempt = Readonly<{ status: number; reason: string; by: string; problem: string | undefined }>;

async function show(
  deps: ConflictRouteDeps,
  request: Request<{ id: string }>,
  response: Response,
  { status, ...attempt }: Attempt,
): Promise<void> {
  const { id } = request.params;
  const principal = principalOf(response);
  const withBodies = sightOf(principal) === 'raw';
  const { details, reports, list } = await withReadTransaction(deps.pool, {}, async (tx) => {
    const found = UUID.test(id) ? await readConflict(tx, id, { withBodies }) : undefined;
    return {
      details: found,
      reports: await readBoth(tx, deps.normalise, found),
      list: await readList(tx, request, deps.providers),
    };
  });
  if (details === undefined) {
    const main = noConflictPage({ isAsked: true, hasAny: list.rows.length > 0 });
    send(deps, response, { status: 404, title: 'Not found', main, list });
    return;
  }
  const token = formTokenOf(sessionTokenOf(request) ?? '');
  const form = mayResolve(principal) ? { token, ...attempt } : undefined;
  const main = conflictPage({ details, reports, form });
  send(deps, response, { status, title: 'Conflict', main, list: { ...list, selected: details.conflict.webhookId } });
}

function mayResolve({ role }: Principal): boolean {
  return role === 'ops' || role === 'admin';
}

async function readBoth(tx: Tx, normalise: Normalise, details: ConflictDetails | undefined) {
  if (details === undefined) return { first: [], second: [] };
  // What is erased reports nothing any more; the page says so.
  const reportsOf = async ({ webhookId, bodyErasedAt }: ConflictDetails['first']) =>
    bodyErasedAt === null ? (await readReports(tx, normalise, webhookId)).map(reportedLine) : [];
  return { first: await reportsOf(details.first), second: await reportsOf(details.second) };
}

function reportedLine({ type, fact }: DomainEvent): ReportedLine {
  if (fact === undefined) return { type, what: undefined, value: undefined };
  return {
    type,
    what: fact.kind === fact.meter ? fact.kind : `${fact.kind} · ${fact.meter}`,
    value: reportedValue(fact),
  };
}

async function readList(tx: Tx, request: Request, providers: readonly string[]): Promise<ConflictListParts> {
  const asked = request.query['before'];
  const before = typeof asked === 'string' && /^\d{1,18}$/.test(asked) ? asked : undefined;
  const state = request.query['state'] === 'all' ? 'all' : undefined;
  const provider = readWord(request.query['provider']);
  const rows = await listConflicts(tx, {
    all: state === 'all',
    providers: listOfOne(provider),
    before,
    limit: LIST_LENGTH + 1,
  });
  const hasOlder = rows.length > LIST_LENGTH;
  return { rows: rows.slice(0, LIST_LENGTH), before, hasOlder, filter: { state, provider }, providers };
}

type Page = Readonly<{ status: number; title: string; main: Html; list: ConflictListParts; asideFirst?: boolean }>;

function send({ sendPage }: ConflictRouteDeps, response: Response, { status, list, ...parts }: Page): void {
  const principal = principalOf(response);
  sendPage(response, status, { ...parts, section: 'conflicts', principal, aside: conflictList(list) });
}
