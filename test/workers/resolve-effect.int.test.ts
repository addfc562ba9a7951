import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { withTransaction } from '../../src/platform/postgres.ts';
import { InvalidCommandError } from '../../src/tenants/errors.ts';
import { EffectDoneError, EffectUnderWayError, UnknownEffectError } from '../../src/workers/effect-errors.ts';
import { resolveEffect } from '../../src/workers/resolve-effect.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { startOutsideServer } from '../support/outside-server.ts';
import type { OutsideServer } from '../support/outside-server.ts';
import { createEffectRig } from './effects-setup.ts';
import type { Job, Rig } from './effects-setup.ts';

let database: TestDatabase;
let outside: OutsideServer;
let rig: Rig;

beforeAll(async () => {
  database = await createTestDatabase();
  outside = await startOutsideServer();
  rig = createEffectRig(database, outside);
});
afterAll(async () => {
  await outside.close();
  await database.drop();
});

/** A job whose call is neither, and got no answer. */
async function uncertainEffect(): Promise<Readonly<{ job: Job; effectId: string }>> {
  const job = await rig.newJob();
  outside.script('lost-after');
  const outcome = await rig.attempt(job, { adapter: outside.adapter('neither') });
  return { job, effectId: outcome.kind === 'uncertain' ? outcome.effectId : '' };
}

const again = (job: Job) => rig.attempt(job, { adapter: outside.adapter('neither'), generation: 1 });

const resolve = (effectId: string, decision: 'done' | 'repeat', more: object = {}) =>
  resolveEffect(
    { pool: database.pool, clock: { now: () => new Date('2026-11-24T10:00:00Z') }, newId: randomUUID },
    { effectId, decision, reason: 'seen in their log', by: 'ada', ...more },
  );

const redrives = async ({ message }: Job): Promise<readonly unknown[]> =>
  rig.rows(
    `select generation, queue, replay_id from hookledger.outbox where target_position = $1 and generation > 0
     order by generation`,
    [message.position],
  );

describe('a person who decides about an uncertain effect', () => {
  test('takes it as done: nothing is called again, the job goes on with the result, and who and why are kept', async () => {
    const { job, effectId } = await uncertainEffect();
    const { resolved, position } = await resolve(effectId, 'done', { result: { id: 'x1' } });
    expect(resolved).toBe(true);
    expect(await again(job)).toEqual({ kind: 'done', result: { id: 'x1' } });
    expect(outside.calls(effectId)).toBe(1);
    expect(await rig.effects(job)).toMatchObject([
      { state: 'done', resolved_by: 'ada', resolved_reason: 'seen in their log', resolved_position: position },
    ]);
    expect(
      await rig.rows(
        'select type, data, causation_id, correlation_id, tenant_id from hookledger.events where position = $1',
        [position],
      ),
    ).toEqual([
      {
        type: 'EffectResolved',
        data: {
          effectId,
          decision: 'done',
          reason: 'seen in their log',
          by: 'ada',
          queue: 'integration-tasks',
          replayId: 'live',
          step: 'send',
          adapter: 'outside',
        },
        causation_id: job.event.eventId,
        correlation_id: job.event.correlationId,
        tenant_id: job.event.tenantId,
      },
    ]);
    expect(await redrives(job)).toEqual([{ generation: 1, queue: 'integration-tasks', replay_id: 'live' }]);
  });

  test('has it called once more, and only once', async () => {
    const { job, effectId } = await uncertainEffect();
    await resolve(effectId, 'repeat');
    expect(await again(job)).toMatchObject({ kind: 'done' });
    expect(await again(job)).toMatchObject({ kind: 'done' });
    expect(outside.calls(effectId)).toBe(2);
    expect(await redrives(job)).toHaveLength(1);
  });

  test('decides again about what is uncertain again', async () => {
    const { job, effectId } = await uncertainEffect();
    const first = await resolve(effectId, 'repeat');
    outside.script('lost-before');
    expect(await again(job)).toMatchObject({ kind: 'uncertain' });
    const second = await resolve(effectId, 'done');
    expect(second.resolved && second.position !== first.position).toBe(true);
    expect(await again(job)).toEqual({ kind: 'done', result: {} });
  });

  test('changes nothing by deciding the same twice', async () => {
    for (const decision of ['done', 'repeat'] as const) {
      const { job, effectId } = await uncertainEffect();
      const { position } = await resolve(effectId, decision);
      expect(await resolve(effectId, decision)).toEqual({ resolved: false, position });
      expect(await redrives(job)).toHaveLength(1);
    }
  });

  test('is one of two who decide at once', async () => {
    const { job, effectId } = await uncertainEffect();
    const both = await Promise.all([resolve(effectId, 'done'), resolve(effectId, 'done')]);
    expect(both.map(({ resolved }) => resolved).toSorted()).toEqual([false, true]);
    expect(await redrives(job)).toHaveLength(1);
  });

  test('is told what stands in the way', async () => {
    const { effectId } = await uncertainEffect();
    await resolve(effectId, 'done');
    await expect(resolve(effectId, 'repeat')).rejects.toThrow(EffectDoneError);
    await expect(resolve(randomUUID(), 'done')).rejects.toThrow(UnknownEffectError);
    await expect(resolve(effectId, 'done', { reason: ' ' })).rejects.toThrow(InvalidCommandError);
    const job = await rig.newJob();
    const crash = rig.attempt(job, {
      reached: () => {
        throw new Error('crash');
      },
    });
    await expect(crash).rejects.toThrow('crash');
    const [owned] = await rig.effects(job);
    await expect(resolve(owned?.key ?? '', 'repeat')).rejects.toThrow(EffectUnderWayError);
    await rig.lapse(job);
    expect(await resolve(owned?.key ?? '', 'repeat')).toMatchObject({ resolved: true });
  });
});

test('effects are seen in the scope of their tenant and of the platform only, and not by a tenant', async () => {
  await uncertainEffect();
  const seen = (scope: string, role?: string) =>
    withTransaction(database.pool, { tenant: scope }, async (tx) => {
      if (role !== undefined) await tx.query(`set local role ${role}`);
      return (await tx.query('select from hookledger.intents')).rowCount;
    });
  expect(await seen('tnt_else')).toBe(0);
  expect(await seen('unassigned')).toBeGreaterThan(0);
  expect(await seen('*')).toBeGreaterThan(0);
  await expect(seen('unassigned', 'hookledger_tenant')).rejects.toMatchObject({ code: '42501' });
});
