import { z } from 'zod';
import { formatDecimal, parseDecimal, subtractDecimals } from '../../domain/decimal.ts';
import { catalogue } from '../../domain/events.ts';
import type { EventData } from '../../domain/events.ts';
import { word } from '../../tenants/parse-command.ts';
import type { CsvRecord } from '../imports/read-csv.ts';

export type NewBalanceTransaction = EventData<'BalanceTransactionReported'>;

/**
 * Columns of Stripe's itemised reports of payouts and of the balance. Those that nothing is read from are known all the
 * same, since one chooses them there.
 */
export const TRANSACTION_COLUMNS = {
  needed: ['balance_transaction_id', 'reporting_category', 'gross', 'fee', 'net', 'currency'],
  read: [
    'automatic_payout_id',
    'created_utc',
    'created',
    'available_on_utc',
    'available_on',
    'source_id',
    'description',
  ],
  ignored: [
    'automatic_payout_effective_at_utc',
    'automatic_payout_effective_at',
    'balance_transaction_created_at',
    'card_brand',
    'card_country',
    'card_funding',
    'charge_created_utc',
    'charge_created',
    'charge_id',
    'connected_account',
    'connected_account_country',
    'connected_account_direct_charge_id',
    'connected_account_id',
    'connected_account_name',
    'customer_country',
    'customer_currency',
    'customer_description',
    'customer_email',
    'customer_facing_amount',
    'customer_facing_currency',
    'customer_id',
    'customer_name',
    'customer_shipping_address_city',
    'customer_shipping_address_country',
    'customer_shipping_address_line1',
    'customer_shipping_address_line2',
    'customer_shipping_address_postal_code',
    'customer_shipping_address_state',
    'destination_payment_id',
    'dispute_reason',
    'invoice_id',
    'invoice_number',
    'is_link',
    'order_id',
    'payment_intent_id',
    'payment_metadata',
    'payment_method_type',
    'payout_expected_arrival_date_utc',
    'payout_expected_arrival_date',
    'payout_id',
    'refund_metadata',
    'regulatory_tag',
    'shipping_address_city',
    'shipping_address_country',
    'shipping_address_line1',
    'shipping_address_line2',
    'shipping_address_postal_code',
    'shipping_address_state',
    'statement_descriptor',
    'subscription_id',
    'trace_id',
    'trace_id_status',
    'transfer_metadata',
  ],
} as const;

const plain = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(:\d{2}(?:\.\d{1,6})?)?)?$/;

/** As Stripe writes times, without a zone: in UTC. One with an offset is taken at its word. */
const moment = z
  .string()
  .transform((text) =>
    text.replace(plain, (_all, day: string, minute = '00:00', second = ':00') => `${day}T${minute}${second}Z`),
  )
  .pipe(z.iso.datetime({ offset: true, error: 'is no time, such as 2026-10-31 14:00:00' }))
  .transform((time) => new Date(time).toISOString());

const reported = catalogue.BalanceTransactionReported.data;
const amount = z
  .string('is missing')
  .regex(/^-?\d{1,18}(\.\d{1,12})?$/, { error: 'is no amount, such as -12.50', abort: true })
  .transform((text) => formatDecimal(parseDecimal(text)));

/** A line of a report, made the same however it is written. */
export const newBalanceTransaction = reported
  .safeExtend({
    transactionId: word,
    payoutId: word.optional(),
    category: word,
    gross: amount,
    fee: amount,
    net: amount,
    currency: z
      .string('is missing')
      .transform((code) => code.toUpperCase())
      .pipe(reported.shape.currency),
    createdAt: moment.optional(),
    availableAt: moment.optional(),
    sourceId: word.optional(),
    description: z
      .string()
      .max(2_000)
      .refine((text) => text.isWellFormed() && !text.includes('\0'), 'holds a character that cannot be kept')
      .optional(),
  })
  .refine(({ gross, fee, net }) => formatDecimal(subtractDecimals(parseDecimal(gross), parseDecimal(fee))) === net, {
    path: ['net'],
    error: 'is not gross less fee',
  });

export function transactionOfCells(cells: CsvRecord['cells']): Readonly<Record<string, unknown>> {
  return {
    transactionId: cells['balance_transaction_id'],
    payoutId: cells['automatic_payout_id'],
    category: cells['reporting_category'],
    gross: cells['gross'],
    fee: cells['fee'],
    net: cells['net'],
    currency: cells['currency'],
    createdAt: cells['created_utc'] ?? cells['created'],
    availableAt: cells['available_on_utc'] ?? cells['available_on'],
    sourceId: cells['source_id'],
    description: cells['description'],
  };
}
