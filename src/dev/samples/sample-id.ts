import { createHash } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** An id in a provider's style, such as `pi_3kX…`. The same words give the same id, so that samples can be sent again. */
export function sampleId(prefix: string, ...words: readonly string[]): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([prefix, ...words]))
    .digest();
  return `${prefix}_${Array.from(hash.subarray(0, 24), (byte) => ALPHABET[byte % ALPHABET.length]).join('')}`;
}
