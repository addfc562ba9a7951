import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

class NoPrivateKeyError extends Error {
  override readonly name = 'NoPrivateKeyError';
  readonly code = 'no_private_key';
}

type Kind = 'ed25519' | 'rsa';

/**
 * The sender's private key is nobody else's, so samples are signed with one of ours, which stands as the source's secret:
 * PKCS #8 in base64. @throws NoPrivateKeyError when the secret is no such key. `page`: of docs/providers.
 */
export function readPrivateKey(secret: string, kind: Kind, page: string): KeyObject {
  try {
    const key = createPrivateKey({ key: Buffer.from(secret, 'base64'), format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyType === kind) return key;
  } catch (cause) {
    throw noKey(kind, page, { cause });
  }
  throw noKey(kind, page);
}

function noKey(kind: Kind, page: string, options?: ErrorOptions): NoPrivateKeyError {
  return new NoPrivateKeyError(
    `The source's secret is no ${kind} private key to sign samples with. Give it one, PKCS #8 in base64, and its public ` +
      `key to --public-key; see docs/providers/${page}.`,
    options,
  );
}

/** One that no source has, as `readPrivateKey` reads it. */
export function newPrivateKey(kind: Kind): string {
  const { privateKey } =
    kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync(kind);
  return privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}
