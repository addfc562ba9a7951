import { createHash, createHmac, randomBytes, sign } from 'node:crypto';
import { newPrivateKey, readPrivateKey } from './private-key.ts';
import { CUSTOM_EXAMPLE_SETTINGS } from './samples/custom-samples.ts';
import type { SampleProvider } from './samples/sample-webhook.ts';
import { signCustomWebhook, strangersCustomSecret } from './sign-custom-webhook.ts';

/** How a sender of the provider `custom` signs, and what its settings look for in headers. */
export type CustomScheme = Readonly<{
  settings?: Readonly<Record<string, unknown>>;
  headers?: Readonly<Record<string, string>>;
}>;

/**
 * The headers with which the provider would deliver this body at that time, names in lower case. `url`: the address as
 * the provider knows it, which Twilio signs; without the query of `webhookQuery`, which is added here. `scheme`: for the
 * provider `custom`, whose sources each have their own.
 */
export function signWebhook(
  provider: SampleProvider,
  body: Buffer,
  secret: string,
  nowMs: number,
  url = '',
  { settings = CUSTOM_EXAMPLE_SETTINGS, headers = {} }: CustomScheme = {},
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
      const signature = sign(null, body, readPrivateKey(secret, 'ed25519', 'gohighlevel.md')).toString('base64');
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
    case 'custom':
      return signCustomWebhook(body, { settings, secret, nowMs, url, headers });
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

/** Of the form that `signWebhook` needs, and of no source. `settings`: of a source of the provider `custom`. */
export function strangersSecret(
  provider: SampleProvider,
  settings: Readonly<Record<string, unknown>> = CUSTOM_EXAMPLE_SETTINGS,
): string {
  switch (provider) {
    case 'gohighlevel':
      return newPrivateKey('ed25519');
    case 'custom':
      return strangersCustomSecret(settings);
    default:
      return `forged_${randomBytes(12).toString('hex')}`;
  }
}
