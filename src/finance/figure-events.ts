import type { Tx } from '../platform/postgres.ts';
import { readFlatFees } from './flat-fees.ts';
import { readCostShares } from './provider-costs/read-cost-shares.ts';
import { linesInRange } from './periods/lines-in-range.ts';
import { readStands } from './periods/read-stands.ts';
import type { Models } from './read-models.ts';
import { COLLECTED_KINDS, tableOf } from './read-models.ts';
import type { FigureFilter } from './usage-source.ts';

export const EVENT_FIGURES = ['usage', 'cost', 'rated', 'billed', 'collected', 'fees', 'summary'] as const;
export type EventFigure = (typeof EVENT_FIGURES)[number];

/** A figure, as the query that answered it was asked; `unit` tells rows of usage apart that `meters` does not. */
export type FigureScope = FigureFilter &
  Readonly<{
    figure: EventFigure;
    unit?: string | undefined;
    /** Of the events behind the figure, only those from there on: what made it another figure than before. */
    positionFrom?: bigint | undefined;
  }>;

/**
 * A sub-select of the positions of exactly the events behind a figure: those that caused one of its lines; every report
 * of the facts on those lines, also one that lost and added no line; what moved their things to a tenant; what set the
 * rates that they are estimated by; and what entered or voided a fixed cost. $1 to $11 are `figureEventValues(...)`.
 */
export function figureEventSelect({ figure, categories, basis }: FigureScope, models: Models): string {
  switch (figure) {
    case 'usage':
      return usageEvents(models, basis, `kind = 'usage'`);
    case 'cost':
      return `${usageEvents(
        models,
        basis,
        `kind = 'cost' and ($8::text is null or cost_currency = $8::text)
          and ($11::text is null or cost_status = $11::text) and ${categories?.includes('usage') ?? true}`,
      )}
        union select unnest($9::bigint[])`;
    case 'rated':
      return `${usageEvents(models, basis, `rated <> 0 and ($8::text is null or rated_currency = $8::text)`)}
        union select unnest($9::bigint[])`;
    case 'fees':
      return `(select unnest($9::bigint[]) where ${typed})`;
    case 'billed':
      return invoiceEvents(models, basis);
    case 'collected':
      return paymentEvents(models, basis);
    case 'summary':
      return `${usageEvents(models, basis, `$8::text is null or cost_currency = $8::text or rated_currency = $8::text`)}
        union ${invoiceEvents(models, basis)}
        union ${paymentEvents(models, basis)}
        union select unnest($9::bigint[])`;
  }
}

/** Reads the flat fees and the fixed costs: no line holds them, and their events are those of plans and entries. */
export async function figureEventValues(tx: Tx, models: Models, scope: FigureScope): Promise<unknown[]> {
  return [
    scope.mode,
    scope.range.from,
    scope.range.to,
    String(scope.asOf.position),
    scope.tenantIds ?? null,
    scope.providers ?? null,
    scope.meters ?? null,
    scope.currency ?? null,
    [
      ...(await readByStands(tx, scope, (of) => readFeePositions(tx, of))),
      ...(await readByStands(tx, scope, (of) => readFixedCostPositions(tx, models, of))),
    ],
    scope.unit ?? null,
    scope.costStatus ?? null,
  ];
}

/** By booked period: of each stand, and of two that tell a change, what only one of them has. */
async function readByStands(
  tx: Tx,
  scope: FigureScope,
  read: (scope: FigureScope) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  if (scope.basis !== 'booked') return read(scope);
  const counts = new Map<string, Readonly<{ position: string; count: number }>>();
  for (const { range, asOf, sign, bookedAt } of await readStands(tx, scope)) {
    // oxlint-disable-next-line no-await-in-loop -- one connection answers one question at a time
    for (const position of await read({ ...scope, range, asOf })) {
      const key = `${bookedAt?.toISOString()} ${position}`;
      counts.set(key, { position, count: (counts.get(key)?.count ?? 0) + sign });
    }
  }
  return [...counts.values()].filter(({ count }) => count !== 0).map(({ position }) => position);
}

async function readFeePositions(tx: Tx, scope: FigureScope): Promise<readonly string[]> {
  const isOfFees = scope.figure === 'rated' || scope.figure === 'fees' || scope.figure === 'summary';
  // A fee is of no provider.
  const hasFees = isOfFees && scope.providers === undefined;
  const fees = hasFees ? await readFlatFees(tx, scope) : [];
  return fees
    .filter(({ currency }) => scope.currency === undefined || currency === scope.currency)
    .flatMap(({ assignmentPosition, planPosition }) => [assignmentPosition, planPosition]);
}

async function readFixedCostPositions(tx: Tx, { usage }: Models, scope: FigureScope): Promise<readonly string[]> {
  // A unit is of usage.
  const isOfCosts = (scope.figure === 'cost' || scope.figure === 'summary') && scope.unit === undefined;
  const shares = isOfCosts ? await readCostShares(tx, { usage, filter: scope, withVoided: true }) : [];
  return shares.flatMap(({ position, voidPosition }) =>
    voidPosition === null ? [position] : [position, voidPosition],
  );
}

const OURS = `mode = $1::text and books = 'platform'
    and ($5::text[] is null or tenant_id = any ($5::text[]))
    and ($6::text[] is null or provider = any ($6::text[]))`;

/** Every figure names every parameter, so that each has its type. */
const typed = `num_nulls($1::text, $2::timestamptz, $3::timestamptz, $4::bigint, $5::text[], $6::text[], $7::text[],
  $8::text, $9::bigint[], $10::text, $11::text) >= 0`;

function usageEvents({ usage }: Models, basis: FigureScope['basis'], which: string): string {
  return `(
    with lines as materialized (
      select position, fact_key, rate_position from ${linesInRange({ table: tableOf('usage_lines', usage), time: 'occurred_at', where: OURS, basis })} l
      where ${typed} and (${which})
        and ($7::text[] is null or meter = any ($7::text[])) and ($10::text is null or unit = $10::text)
    )
    select position from lines
    union
    select rate_position from lines where rate_position is not null
    union
    select e.position
    from (select distinct fact_key, split_part(fact_key, '#', 1) as stream_key from lines) f
    join hookledger.events e on e.stream_key = f.stream_key
      and (e.fact_key = f.fact_key or e.type = 'StreamTenantMoved')
    where e.position <= $4::bigint)`;
}

function invoiceEvents({ invoices }: Models, basis: FigureScope['basis']): string {
  return `(
    with lines as materialized (
       select position, stream_key, fact_key from ${linesInRange({ table: tableOf('invoice_lines', invoices), time: 'issued_at', where: OURS, basis })} l
       where ${typed} and ($8::text is null or currency = $8::text)
    )
    select position from lines
    union
    select e.position
    from (select distinct stream_key, fact_key from lines) f
    join hookledger.events e on e.stream_key = f.stream_key
      and (e.fact_key = f.fact_key or e.type = 'StreamTenantMoved')
    where e.position <= $4::bigint)`;
}

/** A refund shares its payment's stream; its reports are those of the same moment. */
function paymentEvents({ payments }: Models, basis: FigureScope['basis']): string {
  return `(
    with lines as materialized (
       select position, stream_key, kind, settled_at from ${linesInRange({ table: tableOf('payment_lines', payments), time: 'settled_at', where: OURS, basis })} l
       where kind in ${COLLECTED_KINDS} and ${typed} and ($8::text is null or currency = $8::text)
    )
    select position from lines
    union
    select e.position
    from (select distinct stream_key, kind, settled_at from lines) f
    join hookledger.events e on e.stream_key = f.stream_key
      and (e.fact_kind = f.kind and (f.kind = 'payment' or e.occurred_at = f.settled_at)
        or e.type = 'StreamTenantMoved')
    where e.position <= $4::bigint)`;
}
