import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../src/domain/decimal.ts';
import type { Contribution } from '../../src/projections/differences.ts';
import { differences } from '../../src/projections/differences.ts';

type Bucket = Readonly<{ tenant: string; plan: string | null }>;
type Item = Contribution<Bucket, 'facts' | 'amount'>;

const inA = (amount: string): Item => ({ bucket: { tenant: 'A', plan: null }, measures: { facts: '1', amount } });
const inB = (amount: string): Item => ({ bucket: { tenant: 'B', plan: 'p' }, measures: { facts: '1', amount } });

describe('the lines between two states of one thing', () => {
  test('a new thing is one line with all of it', () => {
    expect(differences(undefined, inA('2.5'))).toEqual([inA('2.5')]);
  });

  test('a change in its bucket is one line with the difference', () => {
    expect(differences(inA('2.5'), inA('2'))).toEqual([
      { bucket: inA('0').bucket, measures: { facts: '0', amount: '-0.5' } },
    ]);
  });

  test('a change of bucket takes all of it out of the old one and puts all of it into the new one', () => {
    expect(differences(inA('2.5'), inB('2'))).toEqual([
      { bucket: inA('0').bucket, measures: { facts: '-1', amount: '-2.5' } },
      inB('2'),
    ]);
  });

  test('a thing that no longer counts is taken out', () => {
    expect(differences(inA('2.5'), undefined)).toEqual([
      { bucket: inA('0').bucket, measures: { facts: '-1', amount: '-2.5' } },
    ]);
  });

  test('no change is no line, however the number is written', () => {
    expect(differences(inA('2.50'), inA('2.5'))).toEqual([]);
    expect(differences<Bucket, 'facts' | 'amount'>(undefined, undefined)).toEqual([]);
  });

  test('the lines of any history add up to its last state', () => {
    const item = fc.option(
      fc.record({ isA: fc.boolean(), amount: fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), scale: fc.nat(15) }),
      { nil: undefined },
    );
    fc.assert(
      fc.property(fc.array(item, { minLength: 1 }), (history) => {
        const states = history.map((state) => {
          if (state === undefined) return undefined;
          const amount = formatDecimal({ units: state.amount, scale: state.scale });
          return state.isA ? inA(amount) : inB(amount);
        });
        const lines = states.flatMap((state, index) => differences(states[index - 1], state));
        const last = states.at(-1);
        for (const tenant of ['A', 'B']) {
          const amounts = lines.filter(({ bucket }) => bucket.tenant === tenant).map(({ measures }) => measures.amount);
          const sum = formatDecimal(amounts.map(parseDecimal).reduce(addDecimals, ZERO));
          expect(sum).toBe(last?.bucket.tenant === tenant ? last.measures.amount : '0');
        }
      }),
    );
  });
});
