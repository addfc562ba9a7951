import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import type { Reader } from '../../finance/read-transaction.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { sightOf } from '../../finance/sight.ts';
import { readWebhookStory } from '../../finance/webhook-story.ts';
import { listTenantChoices } from '../../finance/tenant-choices.ts';
import { listWebhooks } from '../../finance/webhooks.ts';
import type { Normalise } from '../../ingest/normalise.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Pool, Tx } from '../../platform/postgres.ts';
import { endConsoleSession, findConsoleSession } from '../../tenants/console-session.ts';
import { consumeSignInLink } from '../../tenants/consume-sign-in-link.ts';
import type { Orm } from '../../tenants/orm.ts';
import { principalOf } from '../auth.ts';
import { ProblemError } from '../problem.ts';
import { createV1Router } from '../v1/v1-router.ts';
import { decideConflict, showConflict, showConflicts } from './conflict-routes.ts';
import { redrive, showDeadLetter, showDeadLetters, showRedrive } from './dead-letter-routes.ts';
import { createFinanceRouter } from './finance/finance-routes.ts';
import { emptyPage, notFoundPage, signInPage } from './notice-pages.ts';
import { createSendPage } from './page.ts';
import type { PageParts, SendPage } from './page.ts';
import { showRejections } from './rejection-routes.ts';
import {
  clearSessionCookie,
  requirePlatformSession,
  requireSession,
  requireSessionRole,
  sessionTokenOf,
  setSessionCookie,
} from './session.ts';
import { isUnderWay, storyPage } from './story-page.ts';
import { readWebhookFilter, webhookFilter } from './webhook-filter.ts';
import { webhookList } from './webhook-list.ts';
import type { WebhookListParts } from './webhook-list.ts';

export type ConsoleDeps = Readonly<{
  pool: Pool;
  orm: Orm;
  clock: Clock;
  newId: () => string;
  /** Reads a recorded body again, for people who compare and choose. */
  normalise: Normalise;
  /** Called after a commit that appended: wakes whoever reads the log. */
  onAppended: () => void;
  /** Whose webhooks come in, for the filters. */
  providers: readonly string[];
}>;

const LIST_LENGTH = 25;
const REFRESH_SECONDS = 2;
/** What is not through after that is stuck, and loading the page again and again helps nobody. */
const REFRESH_FOR_MS = 5 * 60_000;

/** Everything under /console: pages for people, rendered here, without a script. */
export function createConsoleRouter(deps: ConsoleDeps): Router {
  const router = Router();
  const stylesheet = readFileSync(new URL('console.css', import.meta.url));
  const version = createHash('sha256').update(stylesheet).digest('hex').slice(0, 12);
  const sendPage = createSendPage(`/console/console.css?${version}`);

  router.get('/console.css', (_request, response) => {
    response.set('Cache-Control', 'public, max-age=31536000, immutable').type('css').send(stylesheet);
  });
  router.get('/sign-in', signIn(deps, sendPage));
  router.post('/sign-out', signOut(deps));
  router.use(
    requireSession(
      (token) => findConsoleSession(deps, token),
      (_request, response) => sendPage(response, 401, signInPage({ refused: false })),
    ),
  );
  router.get('/', showNewest(deps, sendPage));
  router.get('/webhooks/:id', showWebhook(deps, sendPage));
  const conflicts = { ...deps, sendPage };
  const machinery = requireSessionRole('engineer', 'ops', 'admin');
  router.use(['/conflicts', '/dead-letters', '/rejections'], requirePlatformSession);
  router.get('/conflicts', showConflicts(conflicts));
  router.get('/conflicts/:id', showConflict(conflicts));
  router.post('/conflicts/:id/resolve', decideConflict(conflicts));
  router.use('/dead-letters', machinery);
  router.get('/dead-letters', showDeadLetters(conflicts));
  router.get('/dead-letters/redrive', showRedrive(conflicts));
  router.post('/dead-letters/redrive', redrive(conflicts));
  router.get('/dead-letters/:eventId', showDeadLetter(conflicts));
  router.get('/rejections', machinery, showRejections(conflicts));
  router.use('/finance', requireSessionRole('finance', 'admin'), createFinanceRouter(conflicts));
  // A figure leads to the query that answers it; the browser has a session, and no key.
  router.use('/v1', onlyReads, createV1Router({ ...deps, requireRole: requireSessionRole }));
  return router;
}

/** What changes something takes a form with its token here; a session alone would obey any page of another site. */
const onlyReads: RequestHandler = (request, response, next) => {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.set('Allow', 'GET, HEAD');
    throw new ProblemError('method_not_allowed', 'A session only reads here; a change takes a key, under /v1.');
  }
  next();
};

function signIn(deps: ConsoleDeps, sendPage: SendPage): RequestHandler {
  return async (request, response) => {
    const token = request.query['token'];
    // Whoever only looks whether the address is alive must not use the link up.
    const isLook = request.method === 'HEAD';
    const session = isLook || typeof token !== 'string' ? undefined : await consumeSignInLink(deps, token);
    if (session === undefined) {
      sendPage(response, 401, signInPage({ refused: token !== undefined }));
      return;
    }
    setSessionCookie(request, response, session);
    response.redirect(303, '/console');
  };
}

function signOut(deps: ConsoleDeps): RequestHandler {
  return async (request, response) => {
    const token = sessionTokenOf(request);
    if (token !== undefined) await endConsoleSession(deps, token);
    clearSessionCookie(request, response);
    response.redirect(303, '/console');
  };
}

function showNewest({ pool, providers }: ConsoleDeps, sendPage: SendPage): RequestHandler {
  return async (request, response) => {
    const list = await withReadTransaction(pool, readerOf(response), (tx) => readList(tx, request, providers));
    const isFiltered = Object.values(list.filter).some((word) => word !== undefined);
    const hasWebhooks = list.rows.length > 0 || isFiltered;
    send(sendPage, response, 200, { ...emptyPage({ hasWebhooks }), list, asideFirst: true });
  };
}

function showWebhook({ pool, clock, providers }: ConsoleDeps, sendPage: SendPage): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params;
    const principal = principalOf(response);
    const sight = sightOf(principal);
    const { story, list } = await withReadTransaction(pool, readerOf(response), async (tx) => ({
      story: id.includes('\0') ? undefined : await readWebhookStory(tx, id, sight),
      list: await readList(tx, request, providers),
    }));
    if (story === undefined) {
      send(sendPage, response, 404, { ...notFoundPage(id), list });
      return;
    }
    const age = clock.now().getTime() - story.webhook.recordedAt.getTime();
    const mayReadMoney = principal.role === 'finance' || principal.role === 'admin';
    send(sendPage, response, 200, {
      title: story.webhook.providerType ?? 'Webhook',
      main: storyPage(story, { mayReadMoney }),
      list: { ...list, selected: story.webhook.id },
      ...(isUnderWay(story) && age < REFRESH_FOR_MS ? { refreshSeconds: REFRESH_SECONDS } : {}),
    });
  };
}

function readerOf(response: Response): Reader {
  const { tenantId } = principalOf(response);
  return tenantId === undefined ? {} : { tenantId };
}

async function readList(tx: Tx, request: Request, providers: readonly string[]): Promise<WebhookListParts> {
  const asked = request.query['before'];
  const before = typeof asked === 'string' && /^\d{1,18}$/.test(asked) ? asked : undefined;
  const filter = readWebhookFilter(request.query);
  const rows = await listWebhooks(tx, { ...webhookFilter(filter), before, limit: LIST_LENGTH + 1 });
  return {
    rows: rows.slice(0, LIST_LENGTH),
    before,
    hasOlder: rows.length > LIST_LENGTH,
    filter,
    tenants: await listTenantChoices(tx),
    providers,
  };
}

type SignedInPage = Omit<PageParts, 'principal' | 'aside' | 'section'> & Readonly<{ list: WebhookListParts }>;

function send(sendPage: SendPage, response: Response, status: number, { list, ...parts }: SignedInPage): void {
  sendPage(response, status, {
    ...parts,
    section: 'webhooks',
    principal: principalOf(response),
    aside: webhookList(list),
  });
}
