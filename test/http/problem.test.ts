import { describe, expect, test } from '@jest/globals';
import { ProblemError, problemOf } from '../../src/http/problem.ts';
import { PricePlanImmutableError, TenantNameTakenError, UnknownTenantError } from '../../src/tenants/errors.ts';

function read(error: unknown) {
  const { status, headers, body } = problemOf(error);
  return { status, headers, problem: JSON.parse(body) };
}

describe('a problem', () => {
  test('has the members of RFC 9457 and our code', () => {
    expect(read(new UnknownTenantError('tnt_1'))).toEqual({
      status: 404,
      headers: { 'Content-Type': 'application/problem+json' },
      problem: {
        type: 'urn:hookledger:problem:unknown_tenant',
        title: 'Not Found',
        status: 404,
        detail: 'There is no tenant tnt_1; `hookledger tenants list` shows those that there are.',
        code: 'unknown_tenant',
      },
    });
  });

  test.each([
    [409, new TenantNameTakenError('Acme', undefined)],
    [409, new PricePlanImmutableError('plan_1')],
    [403, new ProblemError('forbidden', 'no')],
  ])('is %d for what its error means', (status, error) => {
    expect(read(error).status).toBe(status);
  });

  test('names the parameter at fault', () => {
    const error = Object.assign(new Error('limit: is no number'), { code: 'bad_parameter', parameter: 'limit' });
    expect(read(error)).toMatchObject({ status: 400, problem: { parameter: 'limit', detail: 'limit: is no number' } });
  });

  test('carries the members of its error, and none of them replaces its own', () => {
    const error = new ProblemError('not_found', 'gone', { id: 'evt_1', status: 200 });
    expect(read(error).problem).toMatchObject({ id: 'evt_1', status: 404 });
  });

  test.each([
    new Error('password is hunter2'),
    Object.assign(new Error('password is hunter2'), { code: '23505' }),
    Object.assign(new Error('password is hunter2'), { code: 'constructor' }),
    'password is hunter2',
    undefined,
  ])('tells nothing of an error that nobody expected: %p', (error) => {
    const { status, problem } = read(error);
    expect(status).toBe(500);
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  test.each([
    Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('terminating connection'), { code: '57P01', severity: 'FATAL' }),
    Object.assign(new Error('too many connections'), { code: '53300', severity: 'FATAL' }),
    new Error('timeout exceeded when trying to connect'),
    new Error('Connection terminated unexpectedly'),
  ])('is 503 with Retry-After when the database is not there: %p', (error) => {
    expect(read(error)).toMatchObject({ status: 503, headers: { 'Retry-After': '5' } });
  });
});
