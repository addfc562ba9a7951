import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { createOutput } from '../../src/cli/output.ts';

function setUp(isJson: boolean) {
  const stdout = new PassThrough().setEncoding('utf8');
  const stderr = new PassThrough().setEncoding('utf8');
  return {
    out: createOutput({ isJson, stdout, stderr }),
    said: () => String(stdout.read() ?? ''),
    noted: () => String(stderr.read() ?? ''),
  };
}

describe('for people', () => {
  test('columns are aligned under their titles, numbers to the right', () => {
    const { out, said } = setUp(false);
    out.table(
      ['name', { title: 'cost', align: 'right' }],
      [
        ['a', '1.5'],
        ['longer', '120'],
      ],
    );
    expect(said()).toBe(['name    cost', 'a        1.5', 'longer   120', ''].join('\n'));
  });

  test('a document is not printed', () => {
    const { out, said } = setUp(false);
    out.json({ id: 1 });
    out.line('done');
    expect(said()).toBe('done\n');
  });

  test('what came from outside cannot steer the terminal', () => {
    const { out, said } = setUp(false);
    out.line('stripe\u001b]0;owned\u0007\u001b[2J\r\b \u001b[31mred\u001b[0m');
    out.table(['type'], [['two\nlines\u001b[1A']]);
    expect(said()).toBe(
      'stripe\u{fffd}]0;owned\u{fffd}\u{fffd}[2J\u{fffd}\u{fffd} \u001b[31mred\u001b[0m\ntype\ntwo lines\u{fffd}[1A\n',
    );
  });

  test('a stream that is no terminal gets no colours', () => {
    const { out } = setUp(false);
    expect(out.style('bold', 'text')).toBe('text');
  });
});

describe('for programs', () => {
  test('there is one document on standard output and nothing else', () => {
    const { out, said } = setUp(true);
    out.line('hello');
    out.table(['name'], [['a']]);
    out.json({ id: 'tnt_1', position: 12n, at: new Date(0) });
    expect(JSON.parse(said())).toEqual({ id: 'tnt_1', position: '12', at: '1970-01-01T00:00:00.000Z' });
  });

  test('notes go to standard error in either case', () => {
    const { out, said, noted } = setUp(true);
    out.note('starting PostgreSQL');
    expect(noted()).toBe('starting PostgreSQL\n');
    expect(said()).toBe('');
  });
});
