import type { z } from 'zod';
import { UNASSIGNED } from '../../domain/envelope.ts';
import { catalogue } from '../../domain/events.ts';
import type { DomainEvent, EventData } from '../../domain/events.ts';
import type { Tx } from '../../platform/postgres.ts';
import { appendCommandEvents, runCommand } from '../../tenants/administrative-command.ts';
import type { CommandDeps } from '../../tenants/administrative-command.ts';
import { parseCommand, word } from '../../tenants/parse-command.ts';
import { checkRecords } from '../imports/check-records.ts';
import { readCsv } from '../imports/read-csv.ts';
import { foldFxRates } from './fold-fx-rates.ts';

const newRate = catalogue.FxRateSet.data.safeExtend({ source: word });

/**
 * Says what one unit of `base` is in `quote` on a day. Set again for the same day it replaces that rate from there on;
 * figures as of before keep the old one. Safe to repeat: `set` is false when just this rate is the one that holds.
 * @throws InvalidCommandError.
 */
export async function setFxRate(deps: CommandDeps, command: z.input<typeof newRate>): Promise<{ set: boolean }> {
  const { set } = await setFxRates(deps, [parseCommand(newRate, command)]);
  return { set: set === 1 };
}

/**
 * The rates of a CSV file with the columns date, base, quote, rate and source, all of them or none. Safe to repeat: only
 * those that are not the ones that hold are set.
 * @throws ImportRefusedError that names every bad line.
 */
export async function importFxRates(deps: CommandDeps, csv: string): Promise<{ set: number; unchanged: number }> {
  const records = readCsv(csv, { needed: ['date', 'base', 'quote', 'rate', 'source'], optional: [] });
  const checked = checkRecords(records, {
    schema: newRate,
    inputOf: (cells) => cells,
    identify: ({ base, quote, date }) => `${base}/${quote} on ${date}`,
  });
  return setFxRates(
    deps,
    checked.map(({ value }) => value),
  );
}

/** `rates`: at most one for each pair and day. */
async function setFxRates(
  deps: CommandDeps,
  rates: readonly EventData<'FxRateSet'>[],
): Promise<{ set: number; unchanged: number }> {
  return runCommand(deps, async (tx) => {
    const standing = await findStanding(tx, rates);
    const changed = rates.filter((_rate, index) => !standing.has(index));
    const occurredAt = deps.clock.now().toISOString();
    const events = changed.map((data): DomainEvent => ({
      type: 'FxRateSet',
      stream: { kind: 'fx-rate', mode: 'live', externalId: `${data.base}/${data.quote}` },
      occurredAt,
      data,
    }));
    const positions = await appendCommandEvents(deps, tx, events, UNASSIGNED);
    await foldFxRates(tx, { positions, rates: changed });
    return { set: changed.length, unchanged: standing.size };
  });
}

/** Indexes of the rates that hold already, said by the same source. */
async function findStanding(tx: Tx, rates: readonly EventData<'FxRateSet'>[]): Promise<ReadonlySet<number>> {
  const { rows } = await tx.query<{ index: number }>(
    `select given.nth::integer - 1 as index
     from unnest($1::text[], $2::text[], $3::date[], $4::numeric[], $5::text[]) with ordinality
       given (base, quote, date, rate, source, nth)
     cross join lateral (
       select rate, source from hookledger.fx_rates r
       where r.base = given.base and r.quote = given.quote and r.date = given.date
       order by position desc limit 1
     ) held
     where held.rate = given.rate and held.source = given.source`,
    [
      rates.map(({ base }) => base),
      rates.map(({ quote }) => quote),
      rates.map(({ date }) => date),
      rates.map(({ rate }) => rate),
      rates.map(({ source }) => source),
    ],
  );
  return new Set(rows.map(({ index }) => index));
}
