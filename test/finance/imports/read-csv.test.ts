import { describe, expect, test } from '@jest/globals';
import { readCsv } from '../../../src/finance/imports/read-csv.ts';

const columns = { needed: ['id', 'amount'], optional: ['note'] };
const problemsOf = (text: string): unknown => {
  try {
    return readCsv(text, columns);
  } catch (error) {
    return error instanceof Error && 'problems' in error ? error.problems : error;
  }
};

describe('readCsv', () => {
  test('reads records by the names of their columns, in any order, with the line that each begins in', () => {
    const text = '\u{FEFF}note,id,amount\r\n"a ""b"", c\r\nd",1, 2.50 \r\n\r\n,2,-3\r\n';
    expect(readCsv(text, columns)).toEqual([
      { line: 2, cells: { note: 'a "b", c\r\nd', id: '1', amount: '2.50' } },
      { line: 5, cells: { id: '2', amount: '-3' } },
    ]);
  });

  test('takes LF, and a last line without an end', () => {
    expect(readCsv('id,amount\n1,2', columns)).toEqual([{ line: 2, cells: { id: '1', amount: '2' } }]);
    expect(readCsv('id,amount\n', columns)).toEqual([]);
  });

  test.each([
    [
      '',
      [
        { line: 1, reason: 'the column id is missing' },
        { line: 1, reason: 'the column amount is missing' },
      ],
    ],
    ['id,amount,colour\n', [{ line: 1, reason: 'there is no column "colour"; there are id, amount, note' }]],
    ['id,amount,id\n', [{ line: 1, reason: 'the column id is there twice' }]],
    [
      'id,amount\n1,2\n3\n4,5,6\n',
      [
        { line: 3, reason: 'has 1 cells, the first line has 2' },
        { line: 4, reason: 'has 3 cells, the first line has 2' },
      ],
    ],
    ['id,amount\n1,2\n3,"4\n', [{ line: 3, reason: 'a quote is where none may be, or not closed' }]],
    ['id,amount\n1,2"\n', [{ line: 2, reason: 'a quote is where none may be, or not closed' }]],
  ])('%j is refused by line', (text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  test('is refused where it is too long for one transaction', () => {
    expect(problemsOf(`id,amount\n${'1,2\n'.repeat(10_001)}`)).toMatchObject([
      { reason: expect.stringContaining('at most 10000') },
    ]);
  });
});
