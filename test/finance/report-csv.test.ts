import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { csvHead, csvRows } from '../../src/finance/report-csv.ts';
import type { ColumnHead } from '../../src/finance/report.ts';

const columns: readonly ColumnHead[] = [
  { name: 'name', kind: 'text', description: '' },
  { name: 'cost', kind: 'money', description: '' },
  { name: 'quantity', kind: 'decimal', description: '' },
  { name: 'rated', kind: 'moneys', description: '' },
];

test('quotes what needs quotes, and writes money as an amount and a currency', () => {
  expect(csvHead(columns)).toBe('name,cost,cost_currency,quantity,rated\r\n');
  const cells = [
    'a "b", c\r\nd',
    { amount: '12.5', currency: 'USD' },
    null,
    [
      { amount: '1', currency: 'EUR' },
      { amount: '-2', currency: 'USD' },
    ],
  ] as const;
  expect(csvRows(columns, [{ cells }], 'UTC')).toBe('"a ""b"", c\r\nd",12.5,USD,,1 EUR; -2 USD\r\n');
});

test('guards text that a spreadsheet would take for a formula, and leaves negative amounts alone', () => {
  const row = (name: string) =>
    csvRows(columns, [{ cells: [name, { amount: '-12.50', currency: 'USD' }, '-3', []] }], 'UTC');
  for (const name of ['=1+1', '+1', '-1', '@SUM(A1)', '\tx']) expect(row(name)).toMatch(/^"?'[=+\-@\t]/);
  expect(row('-1')).toBe("'-1,-12.50,USD,-3,\r\n");
  expect(row('a-1')).toMatch(/^a-1,/);
});

test('no text makes a record more or less', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (names) => {
      const text = csvRows(
        [columns[0] ?? fail()],
        names.map((name) => ({ cells: [name] })),
        'UTC',
      );
      expect(countRecords(text)).toBe(names.length);
    }),
  );
});

/** Ends of line outside quotes. */
function countRecords(text: string): number {
  let isQuoted = false;
  let records = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && text.startsWith('\r\n', at)) records += 1;
  }
  return records;
}

function fail(): never {
  throw new Error('no column');
}
