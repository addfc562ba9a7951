import { createHash, createHmac, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { SampleProvider } from './samples/sample-webhook.ts';

class NoPrivateKeyError extends Error {
  override readonly name = 'NoPrivateKeyError';
  readonly code = 'no_private_key';
}

/**
 * The headers with which the provider would deliver this body at that time, names in lower case. `url`: the address as
 * the provider knows it, which Twilio signs; without the query of `webhookQuery`, which is added here.
 */
export function signWebhook(
  provider: SampleProvider,
  body: Buffer,
  secret: string,
  nowMs: number,
  url = '',
): Readonly<Record<string, string>> {
  const hmac = createHmac('sha256', secret);
  switch (provider) {
    case 'stripe': {
      const seconds = Math.floor(nowMs / 1000);
      const digest = hmac.update(`${seconds}.`).update(body).digest('hex');
      return { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': `t=${seconds},v1=${digest}` };
    }
    case 'retell': {
      const digest = hmac.update(body).update(String(nowMs)).digest('hex');
      return { 'content-type': 'application/json', 'x-retell-signature': `v=${nowMs},d=${digest}` };
    }
    case 'standard-webhooks': {
      const id = `msg_${createHash('sha256').update(body).digest('hex').slice(0, 24)}`;
      const seconds = String(Math.floor(nowMs / 1000));
      const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
      const digest = createHmac('sha256', key).update(`${id}.${seconds}.`).update(body).digest('base64');
      return {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': seconds,
        'webhook-signature': `v1,${digest}`,
      };
    }
    case 'gohighlevel': {
      const signature = sign(null, body, readPrivateKey(secret)).toString('base64');
      return { 'content-type': 'application/json', 'x-ghl-signature': signature };
    }
    case 'twilio': {
      const isForm = webhookQuery(provider, body) === '';
      const form = isForm ? [...new URLSearchParams(body.toString())].toSorted(byName).flat().join('') : '';
      const signed = createHmac('sha1', secret).update(`${url}${webhookQuery(provider, body)}${form}`);
      return {
        'content-type': isForm ? 'application/x-www-form-urlencoded; charset=UTF-8' : 'application/json',
        // The same for the same body, as when it is sent again.
        'i-twilio-idempotency-token': createHash('sha256').update(body).digest('hex').slice(0, 32),
        'x-twilio-signature': signed.digest('base64'),
      };
    }
  }
}

/** What the provider adds to the address: Twilio puts the hash of a body there that is no form. */
export function webhookQuery(provider: SampleProvider, body: Buffer): string {
  if (provider !== 'twilio' || !/^\s*[[{]/.test(body.subarray(0, 100).toString())) return '';
  return `?bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
}

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : Number(one > other);
}

/** Of the form that `signWebhook` needs, and of no source. */
export function strangersSecret(provider: SampleProvider): string {
  if (provider !== 'gohighlevel') return `forged_${randomBytes(12).toString('hex')}`;
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

/** GoHighLevel signs with a key that nobody else has; samples are signed with one of ours, PKCS #8 in base64. */
function readPrivateKey(secret: string) {
  try {
    return createPrivateKey({ key: Buffer.from(secret, 'base64'), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new NoPrivateKeyError(
      "The source's secret is no private key to sign samples with. Give it one, PKCS #8 in base64, and its public key to " +
        '--public-key; see docs/providers/gohighlevel.md.',
      { cause },
    );
  }
}
