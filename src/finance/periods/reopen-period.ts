import type { z } from 'zod';
import { UNASSIGNED } from '../../domain/envelope.ts';
import { catalogue } from '../../domain/events.ts';
import { appendCommandEvent, runCommand } from '../../tenants/administrative-command.ts';
import type { CommandDeps } from '../../tenants/administrative-command.ts';
import { parseCommand, word } from '../../tenants/parse-command.ts';
import { foldPeriodEvent } from './fold-period-event.ts';
import { PeriodStateError } from './period-errors.ts';
import { EVERYTHING, readPeriods } from './read-periods.ts';

const newReopening = catalogue.PeriodReopened.data.pick({ period: true }).extend({ reason: word, by: word });

/**
 * Opens the last closed month again. What was reported stays as it was, by its revision; the next close makes another
 * one. Only the last one: what was late for it is booked in the months after, and those must not change under a close.
 * @throws InvalidCommandError, without a reason too; PeriodStateError when it is not closed, or a later month is.
 */
export async function reopenPeriod(
  deps: CommandDeps,
  command: z.input<typeof newReopening>,
): Promise<{ period: string; revision: number }> {
  const asked = parseCommand(newReopening, command);
  return runCommand(deps, async (tx) => {
    const periods = await readPeriods(tx, EVERYTHING);
    const own = periods.find(({ period }) => period === asked.period);
    if (own?.state !== 'closed') throw new PeriodStateError(asked.period, 'is not closed; there is nothing to reopen.');
    const later = periods.findLast(({ state, from }) => (state === 'closed' || state === 'closing') && from > own.from);
    if (later !== undefined) {
      throw new PeriodStateError(asked.period, `cannot be reopened under ${later.period}; reopen that one first.`);
    }
    const data = { ...asked, tz: own.tz, revision: own.revision, cutOff: own.cutOff };
    const position = await appendCommandEvent(
      deps,
      tx,
      {
        type: 'PeriodReopened',
        stream: { kind: 'period', mode: 'live', externalId: asked.period },
        occurredAt: deps.clock.now().toISOString(),
        data,
      },
      UNASSIGNED,
    );
    await foldPeriodEvent(tx, { type: 'PeriodReopened', position, data });
    return { period: data.period, revision: data.revision };
  });
}
