import { expect, test } from '@jest/globals';
import { declineCategory } from '../../src/domain/decline-category.ts';

test.each([
  [['insufficient_funds', 'card_declined'], 'funds'],
  [[undefined, 'expired_card'], 'card'],
  [['authentication_required', 'card_declined'], 'authentication'],
  [['stolen_card', 'card_declined'], 'fraud'],
  [[undefined, 'card_declined'], 'issuer'],
  [['try_again_later', 'card_declined'], 'technical'],
  // A code that is not known leaves it to the other one.
  [['no_such_code', 'processing_error'], 'technical'],
  [['no_such_code', undefined], 'other'],
  [[undefined, undefined], 'other'],
] as const)('%j is of category %s', (codes, category) => {
  expect(declineCategory(...codes)).toBe(category);
});
