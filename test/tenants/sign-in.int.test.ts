import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { endConsoleSession, findConsoleSession } from '../../src/tenants/console-session.ts';
import { consumeSignInLink } from '../../src/tenants/consume-sign-in-link.ts';
import { createSignInLink } from '../../src/tenants/create-sign-in-link.ts';
import { setUpTenants } from './tenants-setup.ts';
import type { TenantsSetup } from './tenants-setup.ts';

const minute = 60_000;

let setup: TenantsSetup;
beforeAll(async () => {
  setup = await setUpTenants();
});
afterAll(() => setup.close());

async function signIn() {
  const { token } = await createSignInLink(setup, { role: 'ops' });
  const session = await consumeSignInLink(setup, token);
  if (session === undefined) throw new Error('the link gave no session');
  return session;
}

describe('a sign-in link', () => {
  test('starts a session with its role, and an id that tells it from others', async () => {
    const [session, other] = [await signIn(), await signIn()];
    expect(session.principal).toEqual({ id: expect.stringMatching(/^session_[0-9a-f]{16}$/), role: 'ops' });
    expect(await findConsoleSession(setup, session.token)).toEqual(session.principal);
    expect(other.principal.id).not.toBe(session.principal.id);
  });

  test('works once, even when two come at once', async () => {
    const { token } = await createSignInLink(setup, { role: 'ops' });
    const sessions = await Promise.all([consumeSignInLink(setup, token), consumeSignInLink(setup, token)]);
    expect(sessions.filter((session) => session !== undefined)).toHaveLength(1);
    expect(await consumeSignInLink(setup, token)).toBeUndefined();
  });

  test('works for less than 15 minutes', async () => {
    const early = await createSignInLink(setup, { role: 'ops' });
    const late = await createSignInLink(setup, { role: 'ops' });
    setup.moveClock(15 * minute - 1);
    expect(await consumeSignInLink(setup, early.token)).toBeDefined();
    setup.moveClock(1);
    expect(await consumeSignInLink(setup, late.token)).toBeUndefined();
  });

  test('is not what somebody made up', async () => {
    expect(await consumeSignInLink(setup, 'made up')).toBeUndefined();
  });

  test('is kept as a hash', async () => {
    const { token } = await createSignInLink(setup, { role: 'ops' });
    const { rows } = await setup.database.adminPool.query('select to_jsonb(l)::text from hookledger.sign_in_links l');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});

describe('a session of the console', () => {
  test('lasts 12 hours', async () => {
    const { token } = await signIn();
    setup.moveClock(12 * 60 * minute - 1);
    expect(await findConsoleSession(setup, token)).toBeDefined();
    setup.moveClock(1);
    expect(await findConsoleSession(setup, token)).toBeUndefined();
  });

  test('ends when its owner signs out, and the others go on', async () => {
    const [leaving, staying] = [await signIn(), await signIn()];
    await endConsoleSession(setup, leaving.token);
    expect(await findConsoleSession(setup, leaving.token)).toBeUndefined();
    expect(await findConsoleSession(setup, staying.token)).toEqual(staying.principal);
  });

  test('leaves no row behind once it and the next one are over', async () => {
    await signIn();
    setup.moveClock(13 * 60 * minute);
    await signIn();
    const { rows } = await setup.database.adminPool.query('select count(*)::int from hookledger.console_sessions');
    expect(rows).toEqual([{ count: 1 }]);
  });
});
