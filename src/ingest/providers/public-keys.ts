import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';

const PEM = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;
/** What stands before the 32 bytes of a key in its DER form (RFC 8410). */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const ED25519_BYTES = 32;

/**
 * The keys of that kind in a text: PEM blocks, or words of base64 (DER, or the 32 bytes of `whpk_…`). Several are live
 * at once while a sender changes its key. What cannot be read is left out: it verifies nothing.
 */
export function readPublicKeys(text: string, kind: 'ed25519' | 'rsa'): readonly KeyObject[] {
  const blocks = text.match(PEM);
  const keys = blocks === null ? text.split(/\s+/).map(readWord) : blocks.map((pem) => readKey({ key: pem }));
  return keys.filter((key) => key?.asymmetricKeyType === kind).filter((key) => key !== undefined);
}

function readWord(word: string): KeyObject | undefined {
  const bytes = Buffer.from(word.replace(/^whpk_/, ''), 'base64');
  const der = bytes.length === ED25519_BYTES ? Buffer.concat([ED25519_SPKI, bytes]) : bytes;
  return readKey({ key: der, format: 'der', type: 'spki' });
}

function readKey(key: Parameters<typeof createPublicKey>[0]): KeyObject | undefined {
  try {
    return createPublicKey(key);
  } catch {
    // Not a key: the caller finds that there is none, and says so.
    return undefined;
  }
}
