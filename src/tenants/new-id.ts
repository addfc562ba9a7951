import { randomBytes } from 'node:crypto';

/** Crockford's: no letters that look like digits. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** `prefix` and 80 random bits, such as `tnt_8w3kq0v5m2x9hjd4`. */
export function newId(prefix: 'tnt' | 'src' | 'key'): string {
  return `${prefix}_${randomWord(16)}`;
}

/** 130 random bits: nobody guesses it. */
export function newToken(): string {
  return randomWord(26);
}

/** Five bits a letter; 256 is a multiple of 32, so every letter is equally likely. */
function randomWord(letters: number): string {
  return Array.from(randomBytes(letters), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
}
