import { UNASSIGNED } from '../../domain/envelope.ts';
import type { DomainEvent } from '../../domain/events.ts';
import type { Mode, Stream } from '../../domain/stream.ts';
import { streamKey } from '../../domain/stream.ts';
import type { Tx } from '../../platform/postgres.ts';
import { appendCommandEvents, runCommand } from '../../tenants/administrative-command.ts';
import type { CommandDeps } from '../../tenants/administrative-command.ts';
import { checkRecords } from '../imports/check-records.ts';
import type { Checked } from '../imports/check-records.ts';
import { ImportRefusedError } from '../imports/import-refused-error.ts';
import { readCsv } from '../imports/read-csv.ts';
import { foldBalanceTransactions } from './fold-balance-transactions.ts';
import { newBalanceTransaction, TRANSACTION_COLUMNS, transactionOfCells } from './new-balance-transaction.ts';
import type { NewBalanceTransaction } from './new-balance-transaction.ts';
import { UnknownAccountError } from './payout-errors.ts';

export type BalanceAccount = Readonly<{ provider: string; account: string; mode: Mode }>;

/**
 * Takes what a provider's itemised report says of its balance, all of it or nothing. Safe to repeat: a transaction that is
 * there just so is left alone. One whose payout or times were not known yet gets them; another amount is refused, since
 * what moved a balance never changes.
 * @throws ImportRefusedError that names every bad line, UnknownAccountError.
 */
export async function importBalanceTransactions(
  deps: CommandDeps,
  account: BalanceAccount,
  csv: string,
): Promise<{ reported: number; unchanged: number }> {
  const { needed, read, ignored } = TRANSACTION_COLUMNS;
  const checked = checkRecords(readCsv(csv, { needed, optional: [...read, ...ignored] }), {
    schema: newBalanceTransaction,
    inputOf: transactionOfCells,
    identify: ({ transactionId }) => transactionId,
  });
  return runCommand(deps, async (tx) => {
    await requireAccount(tx, account);
    const fresh = await findFresh(tx, account, checked);
    const occurredAt = deps.clock.now().toISOString();
    const events = fresh.map((data): DomainEvent => ({
      type: 'BalanceTransactionReported',
      stream: streamOf(account, data),
      occurredAt: data.createdAt ?? occurredAt,
      data,
    }));
    // Of the platform: a balance is of no tenant.
    const positions = await appendCommandEvents(deps, tx, events, UNASSIGNED);
    const reported = fresh.map((data, index) => ({
      ...account,
      position: positions[index] ?? 0n,
      streamKey: streamKey(streamOf(account, data)),
      data,
    }));
    await foldBalanceTransactions(tx, reported);
    return { reported: fresh.length, unchanged: checked.length - fresh.length };
  });
}

function streamOf(account: BalanceAccount, { transactionId }: NewBalanceTransaction): Stream {
  return { kind: 'balance-transaction', ...account, externalId: transactionId };
}

async function requireAccount(tx: Tx, { provider, account, mode }: BalanceAccount): Promise<void> {
  const { rowCount } = await tx.query(
    'select from hookledger.sources where provider = $1::text and account = $2::text and mode = $3::text limit 1',
    [provider, account, mode],
  );
  if (rowCount === 0) throw new UnknownAccountError({ provider, account, mode });
}

/** What is new, or says more than what is there. Lines that contradict what is there are refused. */
async function findFresh(
  tx: Tx,
  account: BalanceAccount,
  checked: readonly Checked<NewBalanceTransaction>[],
): Promise<readonly NewBalanceTransaction[]> {
  const there = await readStanding(
    tx,
    checked.map(({ value }) => streamKey(streamOf(account, value))),
  );
  const problems: { line: number; reason: string }[] = [];
  const fresh = checked.flatMap(({ line, value }): NewBalanceTransaction[] => {
    const standing = there.get(value.transactionId);
    if (standing === undefined) return [value];
    const known = newBalanceTransaction.parse(standing);
    if (moneyOf(known) !== moneyOf(value)) {
      problems.push({
        line,
        reason: `says something else of ${value.transactionId} than was imported before: ${moneyOf(known)}`,
      });
      return [];
    }
    // What the file leaves out is no news.
    const told = Object.entries(value).filter(([, field]) => field !== undefined);
    const merged = newBalanceTransaction.parse({ ...known, ...Object.fromEntries(told) });
    return JSON.stringify(merged) === JSON.stringify(known) ? [] : [merged];
  });
  if (problems.length > 0) throw new ImportRefusedError(problems);
  return fresh;
}

function moneyOf({ category, gross, fee, net, currency }: NewBalanceTransaction): string {
  return `${category}, gross ${gross}, fee ${fee}, net ${net} ${currency}`;
}

type Standing = Readonly<{ transactionId: string; data: unknown }>;

async function readStanding(tx: Tx, streamKeys: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  const { rows } = await tx.query<Standing>(
    `select distinct on (e.stream_key) e.external_id as "transactionId", e.data
     from hookledger.balance_transactions t
     join hookledger.events e on e.position = t.position
     where t.stream_key = any ($1::text[])
     order by e.stream_key desc, e.position desc`,
    [streamKeys],
  );
  return new Map(rows.map(({ transactionId, data }) => [transactionId, data]));
}
