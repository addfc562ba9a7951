import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

const ed25519 = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Keys of our own in place of GoHighLevel's. */
export const GHL_KEYS = {
  /** For `signWebhook`: PKCS #8 in base64. */
  secret: ed25519.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  publicKey: spki(ed25519.privateKey, 'der'),
  publicKeyPem: spki(ed25519.privateKey, 'pem'),
  rsaPublicKey: spki(rsa.privateKey, 'pem'),
};

export function signEd25519(body: string | Buffer): string {
  return sign(null, Buffer.from(body), ed25519.privateKey).toString('base64');
}

export function signRsa(body: string | Buffer): string {
  return sign('sha256', Buffer.from(body), rsa.privateKey).toString('base64');
}

function spki(privateKey: typeof ed25519.privateKey, format: 'der' | 'pem'): string {
  const key = createPublicKey(privateKey);
  return format === 'pem'
    ? key.export({ format, type: 'spki' }).toString()
    : key.export({ format, type: 'spki' }).toString('base64');
}
