import { randomUUID } from 'node:crypto';
import type { Death } from '../../../src/event-store/bury-jobs.ts';
import { redriveDeadLetters } from '../../../src/workers/dead-letters/redrive-dead-letters.ts';
import type { TestDatabase } from '../../support/database.ts';
import { endAgain, killJobs } from '../../support/dead-jobs.ts';

export type DeadLettersScene = Readonly<{
  /** Of one bug: open, open, redriven, done since, died again. */
  timeouts: readonly Death[];
  /** Of another, whose error tries to be markup. */
  markup: Death;
}>;

/** Two bugs that killed jobs of two tenants, and what became of some of them. */
export async function setDeadLetters(database: TestDatabase): Promise<DeadLettersScene> {
  await database.adminPool.query(
    `insert into hookledger.tenants (id, name) values ('tnt_a', 'Ada & Sons'), ('tnt_b', 'Bell Ltd') on conflict do nothing`,
  );
  const timeouts = await killJobs(
    database,
    [1, 2, 3, 4, 5].map((n) => ({
      call: `call_${n}`,
      tenantId: n < 4 ? 'tnt_a' : 'tnt_b',
      detail: `TimeoutError: POST https://api.example.com/v2/accounts/acct_${n}9f/messages gave no answer within 10000 ms`,
    })),
  );
  const [markup] = await killJobs(database, [
    {
      call: 'call_markup',
      tenantId: 'tnt_b',
      queue: 'notifications',
      cause: 'unrecoverable',
      detail: 'TemplateError: no such field <script>alert(1)</script>\n    in line 3 of the template',
      attempts: 1,
    },
  ]);
  const [, , redriven, done, again] = timeouts;
  if (markup === undefined || redriven === undefined || done === undefined || again === undefined) {
    throw new Error('The scene has fewer jobs than it names.');
  }
  const deps = { pool: database.pool, clock: { now: () => new Date() }, newId: randomUUID };
  for (const { eventId } of [redriven, done, again]) {
    await redriveDeadLetters(deps, { filter: { eventId }, by: 'ada', reason: 'a first attempt', rate: 100 });
  }
  await endAgain(database, done, 'done', 1);
  await endAgain(database, again, 'dead', 1);
  return { timeouts, markup };
}
