import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { startConsole } from './console-site.ts';
import type { ConsoleSite } from './console-site.ts';
import { setDeadLetters } from './dead-letters-scene.ts';
import type { DeadLettersScene } from './dead-letters-scene.ts';

let database: TestDatabase;
let scene: DeadLettersScene;
let site: ConsoleSite;
beforeAll(async () => {
  database = await createTestDatabase();
  scene = await setDeadLetters(database);
  site = await startConsole(database);
});
afterAll(async () => {
  await site.close();
  await database.drop();
});

async function cookieOf(...who: Parameters<ConsoleSite['signInUrl']>): Promise<string> {
  const response = await fetch(await site.signInUrl(...who), { redirect: 'manual' });
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

async function open(path: string, cookie: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${site.url}${path}`, { headers: { cookie } });
  return { status: response.status, text: await response.text() };
}

async function send(path: string, cookie: string, fields: Record<string, string>) {
  const response = await fetch(`${site.url}${path}`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
  return { status: response.status, text: await response.text() };
}

/** The hidden fields of the form for these filters. */
async function hiddenOf(path: string, cookie: string): Promise<{ token: string; until: string }> {
  const { text } = await open(path, cookie);
  const field = (name: string): string => new RegExp(`name="${name}" value="([^"]+)"`).exec(text)?.[1] ?? '';
  return { token: field('token'), until: field('until') };
}

async function redriveCount(): Promise<number> {
  const { rows } = await database.adminPool.query(`select from hookledger.events where type = 'JobRedriven'`);
  return rows.length;
}

const given = { reason: 'their API is back', by: 'Ada', rate: '100' };
const OPEN = '/dead-letters/redrive?state=open&cause=attempts-exhausted';

describe('the pages of dead letters', () => {
  test('show groups and letters by what the address says, and ignore what makes no sense', async () => {
    const cookie = await cookieOf('ops');
    const { text } = await open('/dead-letters', cookie);
    expect(text).toContain('3 open');
    expect(text).toContain('6 deaths · 2 tenants · 1 redriven · 1 done since');
    const [timeout] = scene.timeouts;
    expect(text).toContain(`/console/dead-letters/${timeout?.eventId}`);
    const unrecoverable = (await open('/dead-letters?cause=unrecoverable', cookie)).text;
    expect(unrecoverable).toContain(scene.markup.eventId);
    expect(unrecoverable).not.toContain(timeout?.eventId ?? '');
    expect((await open('/dead-letters?state=done', cookie)).text.match(/class="badge good">done</g)).toHaveLength(1);
    expect((await open('/dead-letters?from=2000-01-01T00:00&to=2000-01-02T00:00', cookie)).text).toContain(
      'None is like that.',
    );
    const odd = await open('/dead-letters?state=alive&before=nonsense&event=%00&queue=letters&from=never', cookie);
    expect(odd).toMatchObject({ status: 200, text: expect.stringContaining('6 deaths') });
  });

  test('show one event’s letters with their tries, as text, and the ways on', async () => {
    const cookie = await cookieOf('engineer');
    const { text } = await open(`/dead-letters/${scene.markup.eventId}`, cookie);
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(text).not.toContain('<script>');
    expect(text).toContain('Attempt 1 on memory: dead');
    expect(text).toContain(`/console/v1/events/${scene.markup.eventId}`);
    expect(text).toContain(`redrive?event=${scene.markup.eventId}&amp;queue=notifications`);
    const again = (await open(`/dead-letters/${scene.timeouts[4]?.eventId}`, cookie)).text;
    expect(again).toContain('ingress-events, generation 1');
    expect(again).toContain('It was published again, and died again');
    for (const id of ['nonsense', '01900000-0000-7000-8000-000000000000']) {
      expect(await open(`/dead-letters/${id}`, cookie)).toMatchObject({
        status: 404,
        text: expect.stringContaining('No such dead letter'),
      });
    }
  });

  test('are for engineers, ops and admins of the platform', async () => {
    for (const cookie of [await cookieOf('finance'), await cookieOf('admin', 'tnt_a')]) {
      for (const path of ['/dead-letters', `/dead-letters/${scene.markup.eventId}`, OPEN]) {
        expect((await open(path, cookie)).status).toBe(403);
      }
      expect((await send(OPEN, cookie, { ...given, token: 'any' })).status).toBe(403);
      expect((await open('', cookie)).text).not.toContain('/console/dead-letters');
    }
    expect((await send(OPEN, 'hookledger_session=none', given)).status).toBe(401);
  });
});

describe('a redrive in the console', () => {
  test('is counted first, and sent only from a form of the same session, with a name and a reason', async () => {
    const before = await redriveCount();
    const cookie = await cookieOf('ops');
    const { text } = await open(OPEN, cookie);
    expect(text).toContain('Redrive 3 jobs');
    const hidden = await hiddenOf(OPEN, cookie);
    const foreign = await hiddenOf(OPEN, await cookieOf('ops'));
    for (const token of ['', 'made-up', foreign.token]) {
      const refused = await send(OPEN, cookie, { ...given, ...hidden, token });
      expect(refused.status).toBe(403);
      expect(refused.text).toContain('This form is of another session');
      expect(refused.text).toContain('their API is back');
    }
    for (const wrong of [{ reason: ' ' }, { by: ' ' }, { rate: '0' }, { rate: 'fast' }]) {
      const refused = await send(OPEN, cookie, { ...given, ...hidden, ...wrong });
      expect(refused.status).toBe(400);
      expect(refused.text).toContain('role="alert"');
    }
    expect(await redriveCount()).toBe(before);
  });

  test('does what was counted, once, by whom and why', async () => {
    const cookie = await cookieOf('engineer');
    const hidden = await hiddenOf(OPEN, cookie);
    const sent = await send(OPEN, cookie, { ...given, ...hidden });
    expect(sent.status).toBe(200);
    expect(sent.text).toContain('3 jobs redriven.');
    expect(sent.text).toContain('Nothing here waits to be redriven.');
    const { rows } = await database.adminPool.query<{ by: string; reason: string; jobs: number }>(
      `select data ->> 'by' as by, data ->> 'reason' as reason, sum(jsonb_array_length(data -> 'jobs'))::integer as jobs
       from hookledger.events where type = 'JobRedriven' and data ->> 'by' <> 'ada' group by 1, 2`,
    );
    expect(rows).toEqual([
      { by: expect.stringMatching(/^Ada \(engineer, session_[0-9a-f]{16}\)$/), reason: 'their API is back', jobs: 3 },
    ]);
    const again = await send(OPEN, cookie, { ...given, ...hidden });
    expect(again.text).toContain('0 jobs redriven.');
    expect((await open('/dead-letters?state=open', cookie)).text).toContain(scene.markup.eventId);
  });

  test('is never a request that a session alone makes to the API', async () => {
    const cookie = await cookieOf('admin');
    const response = await fetch(`${site.url}/v1/dead-letters/redrive`, {
      method: 'POST',
      headers: { cookie },
      body: JSON.stringify({ filter: {}, reason: 'forged' }),
    });
    expect(response.status).toBe(405);
    expect((await open('/v1/dead-letters?state=open', cookie)).status).toBe(200);
  });
});
