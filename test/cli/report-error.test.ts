import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createOutput } from '../../src/cli/output.ts';
import { reportError } from '../../src/cli/report-error.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { InvalidCommandError, UnknownTenantError } from '../../src/tenants/errors.ts';

function report(error: unknown, { isJson = false, isDebugging = false } = {}) {
  const stderr = new PassThrough().setEncoding('utf8');
  const out = createOutput({ isJson, stdout: new PassThrough(), stderr });
  const code = reportError(error, out, { topic: 'keys create', isDebugging });
  return { code, text: String(stderr.read()) };
}

const postgres = (code: string) => Object.assign(new Error('relation "x" does not exist'), { code, severity: 'ERROR' });
const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 5432 });

test.each([
  ['wrong usage', new UsageError('--role is missing.'), 2, ['wrong_usage', 'next: npx hookledger keys create --help']],
  ['a bad field', new InvalidCommandError('currency: an ISO code'), 2, ['invalid_command', 'keys create --help']],
  ['an error of ours', new UnknownTenantError('tnt_1'), 1, ['unknown_tenant', 'tenants list']],
  ['a table that is not there', postgres('42P01'), 1, ['schema_mismatch', 'next: npx hookledger migrate']],
  ['a wrong password', postgres('28P01'), 1, ['28P01', 'DATABASE_URL']],
  ['a refused right', postgres('42501'), 1, ['42501', 'hookledger_app']],
  ['a server that is not there', refused, 1, ['database_unreachable', '127.0.0.1:5432']],
  ['two addresses that do not answer', new AggregateError([refused]), 1, ['database_unreachable']],
  ['a wrapped database error', new Error('wrapped', { cause: postgres('42P01') }), 1, ['schema_mismatch']],
  [
    'our error about another server',
    Object.assign(new Error('Nobody there.', { cause: refused }), { code: 'no_server' }),
    1,
    ['no_server', 'Nobody there.'],
  ],
  ['what nobody expected', new TypeError('x is not a function'), 1, ['unexpected', 'LOG_LEVEL=debug']],
])('%s is told with its code and what to do next', (_, error, code, parts) => {
  const told = report(error);
  expect(told.code).toBe(code);
  for (const part of parts) expect(told.text).toContain(part);
  expect(told.text).not.toContain('    at ');
});

test('programs get it as JSON', () => {
  const { text } = report(new UnknownTenantError('tnt_1'), { isJson: true });
  expect(JSON.parse(text)).toMatchObject({
    error: { code: 'unknown_tenant', message: expect.stringContaining('tnt_1') },
  });
});

test('where it happened is shown to whoever asks for it', () => {
  expect(report(new TypeError('x is not a function'), { isDebugging: true }).text).toContain('    at ');
});
