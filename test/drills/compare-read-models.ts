import { isDeepStrictEqual } from 'node:util';
import type { Pool } from '../../src/platform/postgres.ts';
import {
  billedOracle,
  collectedOracle,
  invoiceLines,
  paymentLines,
  usageDays,
  usageLines,
  usageOracle,
  usageSumOracle,
  usageSums,
} from '../projections/oracle.ts';

const PAIRS: readonly Readonly<{ what: string; model: string; oracle: string }>[] = [
  { what: 'usage and cost, by lines', model: usageLines, oracle: usageOracle },
  { what: 'usage and cost, by days', model: usageDays, oracle: usageOracle },
  { what: 'usage and cost, by sums', model: usageSums, oracle: usageSumOracle },
  { what: 'cash collected', model: paymentLines, oracle: collectedOracle },
  { what: 'billed', model: invoiceLines, oracle: billedOracle },
];

/** Each read model against a recount of the whole log in plain SQL; answers in words what differs. */
export async function compareReadModels(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ position: string }>(
    'select coalesce(max(position), 0) as position from hookledger.events',
  );
  const upTo = [rows[0]?.position ?? '0'];
  const problems: string[] = [];
  for (const { what, model, oracle } of PAIRS) {
    const told = (await pool.query<object>(model, upTo)).rows;
    const counted = (await pool.query<object>(oracle, upTo)).rows;
    const place = counted.findIndex((row, index) => !isDeepStrictEqual(row, told[index]));
    if (told.length === counted.length && place < 0) continue;
    const [one, other] = [JSON.stringify(told.at(place)), JSON.stringify(counted.at(place))];
    problems.push(
      `the figures of ${what} differ from a recount (${told.length} rows, ${counted.length}): ${one}, ${other}`,
    );
  }
  return problems;
}
