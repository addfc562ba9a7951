import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { describePrice } from '../../src/cli/describe-price.ts';
import { readPlan } from '../../src/cli/read-plan.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { parsePricePlan } from '../../src/tenants/define-price-plan.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

describe('a plan given by options', () => {
  test('has a price for each of them', () => {
    const plan = parsePricePlan(
      readPlan('p', {
        currency: 'USD',
        flat: '49',
        recurring: ['Support=300/quarter', 'a=b=1/year'],
        'per-unit': ['call_seconds=0.0025'],
        markup: ['25', 'retell=40'],
        included: ['chats=1000:0.02'],
        package: ['message_segments=500:4'],
        minimum: '100',
      }),
    );
    expect(plan).toMatchObject({ planId: 'p', name: 'p', currency: 'USD' });
    expect(plan.components).toEqual([
      { kind: 'flat', amount: '49' },
      { kind: 'recurring', name: 'Support', amount: '300', interval: 'quarter' },
      { kind: 'recurring', name: 'a=b', amount: '1', interval: 'year' },
      { kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.0025' },
      { kind: 'markup', percent: '25' },
      { kind: 'markup', provider: 'retell', percent: '40' },
      { kind: 'included', meter: 'chats', quantity: '1000', unitPrice: '0.02' },
      { kind: 'package', meter: 'message_segments', size: '500', price: '4' },
      { kind: 'minimum', amount: '100' },
    ]);
    expect(plan.components.map(describePrice)).toEqual([
      '49 a month',
      'Support 300 a quarter',
      'a=b 1 a year',
      '0.0025 per call_seconds',
      'cost + 25 %',
      'cost of retell + 40 %',
      '1000 chats included, then 0.02 each',
      '4 per 500 message_segments',
      'at least 100 of usage a month',
    ]);
  });

  test.each([
    ['no price', {}, 'A plan needs --file'],
    ['no currency', { flat: '1' }, '--currency is missing'],
    ['a fee without an interval', { recurring: ['Support=300'] }, '--recurring is NAME=AMOUNT/INTERVAL'],
    ['a fee a week', { recurring: ['Support=300/week'] }, '--recurring is'],
    ['a meter without a price', { 'per-unit': ['call_seconds'] }, '--per-unit is METER=PRICE'],
    ['an included quantity without a price', { included: ['chats=1000'] }, '--included is METER=QUANTITY:PRICE'],
    ['a package without a size', { package: ['chats=4'] }, '--package is METER=SIZE:PRICE'],
    ['a file and a price', { file: 'plan.json', flat: '1' }, '--file says all prices'],
    ['a file that is not there', { file: 'nowhere.json' }, 'nowhere.json cannot be read'],
  ])('is refused for %s', (_name, options, message) => {
    const read = () => readPlan('p', options);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
  });
});

describe('a plan given in a file', () => {
  const directory = createTemporaryDirectory();
  afterAll(() => directory.remove());
  const path = join(directory.path, 'plan.json');
  const tiers = [
    { upTo: '10', unitPrice: '2', flatFee: '5' },
    { upTo: null, unitPrice: '1' },
  ];
  const components = [{ kind: 'volume', meter: 'chats', provider: 'retell', channel: 'web', tiers }];

  test('may hold every kind, and takes its name and currency from the options where it has none', () => {
    writeFileSync(path, JSON.stringify({ components }));
    const plan = parsePricePlan(readPlan('p', { file: path, currency: 'EUR', name: 'P' }));
    expect(plan).toEqual({ planId: 'p', name: 'P', currency: 'EUR', components });
    expect(plan.components.map(describePrice)).toEqual(['chats retell web by volume (to 10: 2 + 5, beyond: 1)']);
  });

  test.each([
    ['of another plan', JSON.stringify({ planId: 'other', currency: 'EUR', components }), 'is of the plan "other"'],
    ['that is no JSON', '{', 'is one JSON object'],
  ])('is refused when it is one %s', (_name, text, message) => {
    writeFileSync(path, text);
    expect(() => readPlan('p', { file: path })).toThrow(message);
  });
});
