import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import pg from 'pg';
import { createLogger } from '../../src/platform/logger.ts';
import type { Logger } from '../../src/platform/logger.ts';

function writeOneLine(write: (logger: Logger) => void): string {
  let text = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  write(createLogger({ level: 'info' }, destination));
  return text;
}

test('a log line carries level and time by name', () => {
  const line = writeOneLine((logger) => logger.info({ durationMs: 3 }, 'webhook recorded'));
  expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: 'webhook recorded', durationMs: 3 });
  expect(line).toMatch(/"time":"\d{4}-\d\d-\d\dT/);
});

test('secrets and payloads are redacted at the top of a line and one level below', () => {
  const line = writeOneLine((logger) =>
    logger.info({ secret: 'hush', request: { body: 'hush', headers: { a: 'hush' } }, masterKey: 'hush' }, 'x'),
  );
  expect(line).not.toMatch(/hush/);
});

test('an error of PostgreSQL is logged with its code and constraint, without the row', () => {
  const error = new pg.DatabaseError('invalid input syntax for type numeric: "hush"', 1, 'error');
  Object.assign(error, { code: '22P02', severity: 'ERROR', detail: 'Key (email)=(hush)', constraint: 'stream_pkey' });
  const line = writeOneLine((logger) => logger.error({ err: error }, 'append failed'));
  expect(line).not.toMatch(/hush/);
  expect(JSON.parse(line)).toMatchObject({ err: { code: '22P02', constraint: 'stream_pkey' } });
});
