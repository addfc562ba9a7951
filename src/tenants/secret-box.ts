import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const FORMAT = 1;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES;

export class SecretUnreadableError extends Error {
  override readonly name = 'SecretUnreadableError';
  readonly code = 'secret_unreadable';
}

/**
 * Seals a secret with AES-256-GCM, bound to its owner (such as the id of a source): moved to another owner it does not
 * open. Base64 of format (1 byte), id of the key (4), nonce (12), tag (16), ciphertext; the id lets a changed master
 * key tell what it still has to seal again.
 */
export function sealSecret(masterKey: Buffer, secret: string, owner: string): string {
  const header = Buffer.concat([Buffer.of(FORMAT), keyId(masterKey)]);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce);
  cipher.setAAD(Buffer.concat([header, Buffer.from(owner)]));
  const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([header, nonce, cipher.getAuthTag(), ciphertext]).toString('base64');
}

/** @throws SecretUnreadableError when another master key sealed it, it belongs to another owner, or it was changed. */
export function openSecret(masterKey: Buffer, sealed: string, owner: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length < HEADER_BYTES + NONCE_BYTES + TAG_BYTES || bytes[0] !== FORMAT) {
    throw new SecretUnreadableError(`The secret of ${owner} has a form that this version does not know.`);
  }
  const header = bytes.subarray(0, HEADER_BYTES);
  if (!header.subarray(1).equals(keyId(masterKey))) {
    throw new SecretUnreadableError(
      `The secret of ${owner} was sealed with another master key (${header.subarray(1).toString('hex')}); ` +
        'set HOOKLEDGER_MASTER_KEY to that one, or replace the secret.',
    );
  }
  const nonce = bytes.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
  const ciphertext = bytes.subarray(HEADER_BYTES + NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.concat([header, Buffer.from(owner)]));
  decipher.setAuthTag(bytes.subarray(HEADER_BYTES + NONCE_BYTES, HEADER_BYTES + NONCE_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new SecretUnreadableError(`The secret of ${owner} was changed, or belongs to something else.`, { cause });
  }
}

/** Says which key it is and nothing about it. */
function keyId(masterKey: Buffer): Buffer {
  if (masterKey.length !== KEY_BYTES)
    throw new RangeError(`The master key has ${masterKey.length} bytes, not ${KEY_BYTES}.`);
  return createHash('sha256').update('hookledger master key').update(masterKey).digest().subarray(0, KEY_ID_BYTES);
}
