import type { Client } from 'pg';
import { catalogue } from '../../src/domain/events.ts';

/** What is told of one span of time: so many stories, spread over its days, between 7 and 21 o'clock. */
export type FinanceStories = Readonly<{
  /** Begins the ids; no two calls may share one. */
  batch: string;
  from: Date;
  to: Date;
  tenantIds: readonly string[];
  /** Six events each: begun, ended with three costs, analysed. */
  calls: number;
  /** One event each. */
  messagesReceived: number;
  /** Two events each: sent, delivered. */
  messagesSent: number;
  /** Invoices, four of five of them paid: one event or four. */
  invoices: number;
}>;

/** About so many events, as an agency has them: calls with their costs, messages, and few invoices and payments. */
export function storiesOf(events: number, rest: Pick<FinanceStories, 'batch' | 'from' | 'to' | 'tenantIds'>) {
  return {
    ...rest,
    calls: Math.round(events * 0.09),
    messagesReceived: Math.round(events * 0.3),
    messagesSent: Math.round(events * 0.06),
    invoices: Math.round(events * 0.012),
  };
}

/**
 * Writes the events straight into the log, as providers' webhooks would have made them, and moves the high-water mark
 * and its history along. Answers the last position. Nothing else may append meanwhile.
 */
export async function insertFinanceEvents(client: Client, stories: FinanceStories): Promise<bigint> {
  await client.query('begin');
  await client.query('select pg_advisory_xact_lock_shared(7283, 1), setseed(0.5)');
  await client.query(INSERT, [
    stories.batch,
    stories.from,
    stories.to,
    stories.tenantIds,
    stories.calls,
    stories.messagesReceived,
    stories.messagesSent,
    stories.invoices,
    JSON.stringify(Object.fromEntries(Object.entries(catalogue).map(([type, { version }]) => [type, version]))),
  ]);
  await client.query(`select setval('hookledger.position_seq', (select max(position) from hookledger.events))`);
  await client.query(
    `update hookledger.high_water_mark set position = (select max(position) from hookledger.events), moved_at = now()`,
  );
  await client.query(
    `insert into hookledger.high_water_mark_history (at, position)
     select max(recorded_at), max(position) from hookledger.events group by date_trunc('hour', recorded_at)
     on conflict do nothing`,
  );
  const { rows } = await client.query<{ position: string }>('select position from hookledger.high_water_mark');
  await client.query('commit');
  return BigInt(rows[0]?.position ?? '0');
}

/** A moment of a working day; the same for the same seed and order. */
const MOMENT = `date_trunc('milliseconds', $2::timestamptz
  + floor(random() * extract(epoch from $3::timestamptz - $2::timestamptz) / 86400) * interval '1 day'
  + interval '7 hours' + random() * interval '14 hours')`;

function stories(kind: string, count: string): string {
  return `
    select '${kind}' as kind, $1::text || '_${kind}_' || n as id, ${MOMENT} as at,
      ($4::text[])[1 + n % cardinality($4::text[])] as tenant_id, 30 + floor(random() * 570)::integer as size, n
    from generate_series(1, ${count}) n`;
}

const iso = (at: string): string => `to_char((${at}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const ENDED = `at + size * interval '1 second'`;
const REPORT = `jsonb_build_object('factNames', array['cost/llm', 'cost/tts', 'cost/telephony'], 'rank', 10,
  'providerTime', ${iso(ENDED)})`;
const CALL = `'channel', 'phone_call', 'startedAt', ${iso('at')}`;
const inbound = `jsonb_build_object('channel', 'sms', 'direction', 'inbound', 'segments', 1, 'status', 'received')`;
const outbound = (status: string): string =>
  `jsonb_build_object('channel', 'sms', 'direction', 'outbound', 'status', '${status}')`;
const invoice = (status: string, paid: string): string => `jsonb_build_object('number', id, 'status', '${status}',
  'net', size::text, 'tax', '0', 'total', size::text, 'paid', ${paid}, 'currency', 'USD', 'issuedAt', ${iso('at')},
  'dueAt', ${iso(`at + interval '14 days'`)})`;
const money = `jsonb_build_object('amount', size::text, 'currency', 'USD')`;
const DUE = `at + (size % 20) * interval '1 day'`;

/** (kind, nth, stream, type, told, occurred, fact, its kind, rank, meter, unit, quantity, amount, data) */
const EVENTS: readonly (readonly string[])[] = [
  ['call', '1', 'call', 'CallStarted', 'at', 'at', ...none(), `jsonb_build_object('direction', 'inbound', ${CALL})`],
  [
    'call',
    '2',
    'call',
    'CallEnded',
    ENDED,
    'at',
    `'call_seconds'`,
    `'usage'`,
    '10',
    `'call_seconds'`,
    `'second'`,
    'size',
    'null',
    `jsonb_build_object('direction', 'inbound', ${CALL}, 'durationMs', size * 1000, 'costReport', ${REPORT})`,
  ],
  ...[
    ['3', 'llm', '0.0007'],
    ['4', 'tts', '0.00117'],
    ['5', 'telephony', '0.00025'],
  ].map(([nth = '', component = '', each = '']) => [
    'call',
    nth,
    'call',
    'CallCostReported',
    ENDED,
    'at',
    `'cost/${component}'`,
    `'cost'`,
    '10',
    `'${component}'`,
    `'call'`,
    'null',
    `size * ${each}`,
    `jsonb_build_object('component', '${component}', 'isTransferLeg', false, 'amount', (size * ${each})::text,
      'currency', 'USD')`,
  ]),
  [
    'call',
    '6',
    'call',
    'CallAnalyzed',
    `${ENDED} + interval '9 seconds'`,
    'at',
    `'call_seconds'`,
    `'usage'`,
    '20',
    `'call_seconds'`,
    `'second'`,
    'size',
    'null',
    `jsonb_build_object('direction', 'inbound', ${CALL}, 'durationMs', size * 1000, 'successful', true)`,
  ],
  ['received', '1', 'message', 'MessageReceived', 'at', 'at', ...segments('110'), inbound],
  ['sent', '1', 'message', 'MessageSent', 'at', 'at', ...segments('10'), outbound('sent')],
  [
    'sent',
    '2',
    'message',
    'MessageStatusChanged',
    `at + interval '4 seconds'`,
    'at',
    ...segments('30'),
    outbound('delivered'),
  ],
  ['bill', '1', 'invoice', 'InvoiceFinalized', 'at', 'at', ...billed('10'), invoice('open', `'0'`)],
  [
    'bill',
    '2',
    'payment',
    'PaymentSucceeded',
    DUE,
    DUE,
    `'payment'`,
    `'payment'`,
    '20',
    `'payment'`,
    `'payment'`,
    '1',
    'size',
    money,
  ],
  [
    'bill',
    '3',
    'payment',
    'InvoicePaymentLinked',
    DUE,
    DUE,
    ...none(),
    `jsonb_build_object('invoiceId', id, 'paymentId', id)`,
  ],
  ['bill', '4', 'invoice', 'InvoicePaid', DUE, DUE, ...billed('30'), invoice('paid', 'size::text')],
];

function none(): readonly string[] {
  return Array.from({ length: 7 }, () => 'null');
}

function segments(rank: string): readonly string[] {
  return [`'message_segments'`, `'usage'`, rank, `'message_segments'`, `'segment'`, '1', 'null'];
}

function billed(rank: string): readonly string[] {
  return [`'billed'`, `'billed'`, rank, `'billed'`, `'invoice'`, '1', 'size'];
}

function told([kind, nth, stream, type, told, occurred, ...fact]: readonly string[]): string {
  const [factName, factKind, rank, meter, unit, quantity, amount, data] = fact;
  // One of five invoices is not paid.
  const where = kind === 'bill' && nth !== '1' ? 'and n % 5 <> 0' : '';
  return `
    select id, tenant_id, ${nth} as nth, '${stream}' as stream_kind, '${type}' as type, ${told} as told,
      ${occurred} as occurred, ${factName}::text as fact, ${factKind}::text as fact_kind, ${rank}::integer as fact_rank,
      ${meter}::text as meter, ${unit}::text as unit, ${quantity}::numeric as quantity, ${amount}::numeric as amount,
      ${data} as data
    from story where kind = '${kind}' ${where}`;
}

const INSERT = `
  with story as materialized (
    ${stories('call', '$5::integer')} union all ${stories('received', '$6::integer')}
    union all ${stories('sent', '$7::integer')} union all ${stories('bill', '$8::integer')}
  ),
  event as (${EVENTS.map(told).join(' union all ')}),
  placed as (
    select *, case stream_kind when 'call' then 'retell' when 'message' then 'twilio' else 'stripe' end as provider,
      (select last_value from hookledger.position_seq) + row_number() over (order by told, id, nth) as position
    from event
  ),
  keyed as (select *, stream_kind || '/' || provider || '/acct_1/live/' || id as stream_key from placed)
  insert into hookledger.events (position, event_id, type, schema_version, stream_key, stream_kind, version, tenant_id,
    provider, account, external_id, mode, books, source_id, correlation_id, occurred_at, recorded_at, fold_range,
    fact_key, fact_kind, fact_rank, provider_time, meter, unit, quantity, amount, currency, data)
  select position, gen_random_uuid(), type, ($9::json ->> type)::integer, stream_key, stream_kind, nth, tenant_id,
    provider, 'acct_1', id, 'live', 'platform', 'src_1', gen_random_uuid(), occurred, told,
    (hashtextextended(stream_key, 0) & 65535)::integer, stream_key || '#' || fact, fact_kind, fact_rank,
    case when fact is null then null else told end, meter, unit, quantity, amount,
    case when amount is null then null else 'USD' end, data
  from keyed
  order by position`;
