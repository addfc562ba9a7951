import type { Tx } from '../platform/postgres.ts';
import type { Versions } from './cursor.ts';
import { ParameterError } from './parameter-error.ts';
import { versionTable } from '../projections/version-table.ts';

export type ModelName = 'usage' | 'payments' | 'invoices' | 'payouts' | 'calls';

/** The active version of a projection, and how far it has folded in this transaction's snapshot. */
export type Model = Readonly<{ name: ModelName; version: number; position: bigint; lagSeconds: number }>;

class NoActiveVersionError extends Error {
  override readonly name = 'NoActiveVersionError';
  readonly code = 'no_active_version';
}

/** Every model that finance reads, in its active version. */
export type Models = Readonly<Record<ModelName, Model>>;

/**
 * The models as this transaction sees them. `lagSeconds` is the age of the oldest position that is not folded yet.
 * `pinned`: versions to be read instead of the active ones, as the page before was.
 * @throws NoActiveVersionError when a projection has no active version; ParameterError when a pinned one is gone.
 */
export async function readModels(tx: Tx, pinned: Versions = {}): Promise<Models> {
  const { rows } = await tx.query<{ name: string; version: number; position: string; lagSeconds: number }>({
    name: 'read-models',
    // oxlint-disable-next-line money/no-binary-float -- a lag in seconds, no money
    text: `select p.name, p.version, p.position,
       case when p.position >= m.position then 0
         else greatest(0, extract(epoch from clock_timestamp() - coalesce(
           (select h.at from hookledger.high_water_mark_history h
            where h.position > p.position order by h.position limit 1), m.moved_at)))
       end::float8 as "lagSeconds"
     from (
       select name, version, min(c.position) as position
       from hookledger.projections p
       join hookledger.projection_checkpoints c using (name, version)
       where case when p.name = any ($1::text[])
         then p.state <> 'building' and (p.name, p.version) in (select * from unnest($1::text[], $2::integer[]))
         else p.state = 'active' end
       group by name, version
     ) p
     cross join hookledger.high_water_mark m`,
    values: [Object.keys(pinned), Object.values(pinned)],
  });
  const find = (name: ModelName): Model => {
    const row = rows.find((candidate) => candidate.name === name);
    if (row === undefined && pinned[name] !== undefined) {
      throw new ParameterError(
        'cursor',
        `is of version ${pinned[name]} of the read model ${name}, which is not kept any more; ask for the first page.`,
      );
    }
    if (row === undefined) {
      throw new NoActiveVersionError(
        `Projection ${name} has no active version; promote one: hookledger projections list.`,
      );
    }
    return { name, version: row.version, position: BigInt(row.position), lagSeconds: row.lagSeconds };
  };
  return {
    usage: find('usage'),
    payments: find('payments'),
    invoices: find('invoices'),
    payouts: find('payouts'),
    calls: find('calls'),
  };
}

/** What a further page is to be read from. */
export function versionsOf(models: Models): Versions {
  return Object.fromEntries(Object.values(models).map(({ name, version }) => [name, version]));
}

/** An answer of several models stands where the one furthest behind stands. */
export function furthestBehind(models: readonly [Model, ...Model[]]): Model {
  return models.reduce((slowest, model) => (model.position < slowest.position ? model : slowest));
}

type Table =
  | 'usage_facts'
  | 'usage_lines'
  | 'usage_sums'
  | 'usage_days'
  | 'payments'
  | 'payment_lines'
  | 'payment_failures'
  | 'refunds'
  | 'disputes'
  | 'invoices'
  | 'invoice_lines'
  | 'credit_notes'
  | 'payouts'
  | 'call_links';

/** The table of this version of the model, for use in SQL text. */
export function tableOf(table: Table, { version }: Pick<Model, 'version'>): string {
  return versionTable(table, version);
}

/** Kinds of cash lines that are what is collected, as a list for SQL. Disputes and fees stand beside it. */
export const COLLECTED_KINDS = `('payment', 'refund')`;

/**
 * SQL: a sub-select of each thing once, or with `part_key` each of its parts, as its row with the greatest position at or
 * below `upTo`, which is an expression. What is not there any more for whoever reads is left out.
 */
export function latestSelect(table: string, { key, upTo }: { key: 'thing' | 'part'; upTo: string }): string {
  const columns = key === 'thing' ? ['stream_key'] : ['stream_key', 'part_key'];
  return `
    select * from (
      select distinct on (${columns.join(', ')}) * from ${table}
      where position <= ${upTo}
      order by ${[...columns, 'position', 'is_there'].map((column) => `${column} desc`).join(', ')}
    ) latest
    where is_there`;
}
