import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withTransaction } from '../../src/platform/postgres.ts';
import { copyRows, readCopyColumns } from '../../src/replay/copy-rows.ts';
import type { TestDatabase } from '../support/database.ts';
import { createTestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.adminPool.query(
    `create table copied (id integer, word text, words text[], state jsonb, amount numeric, at timestamptz, is_there boolean)`,
  );
});
afterAll(() => database.drop());

const all = { tenant: '*' };
/** PostgreSQL keeps no NUL and no half of a pair. */
const word = fc.oneof(
  fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
  fc.constantFrom('', '\\N', '\\', '\t', 'a\nb', '\r\n', 'NULL', '{}', '"', '\\.', 'a,b', "'"),
);

test('rows are those that PostgreSQL reads from JSON, whatever characters they hold', async () => {
  const { adminPool: pool } = database;
  const row = fc.record({
    word: fc.option(word),
    words: fc.option(fc.array(fc.option(word))),
    state: fc.option(fc.oneof(fc.dictionary(word, word), fc.array(word))),
    amount: fc.option(fc.constantFrom('0', '-1.50', '123456789012345678901234567890.000000000001')),
    at: fc.option(fc.date({ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('9999-12-31') })),
    is_there: fc.option(fc.boolean()),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
      const numbered = rows.map((each, id) => ({ id, ...each }));
      const different = await withTransaction(pool, all, async (tx) => {
        await tx.query('truncate copied');
        await copyRows(tx, 'copied', await readCopyColumns(tx, 'copied'), numbered);
        const { rows: found } = await tx.query(
          `with given as (select * from json_populate_recordset(null::copied, $1::json))
           (table given except all table copied) union all (table copied except all table given)`,
          [JSON.stringify(numbered)],
        );
        return found;
      });
      expect(different).toEqual([]);
    }),
  );
});

test('what a row does not name is null; what fits no column is refused', async () => {
  const { adminPool: pool } = database;
  await withTransaction(pool, all, async (tx) => {
    const columns = await readCopyColumns(tx, 'copied');
    await tx.query('truncate copied');
    await copyRows(tx, 'copied', columns, [{ id: 1 }]);
    expect((await tx.query('select id, word, words, state from copied')).rows).toEqual([
      { id: 1, word: null, words: null, state: null },
    ]);
    await expect(copyRows(tx, 'copied', columns, [{ word: {} }])).rejects.toThrow('no value of a plain column');
  });
});
