import { createHmac } from 'node:crypto';
import type { SampleProvider } from './samples/sample-webhook.ts';

/** The headers with which the provider would deliver this body at that time, names in lower case. */
export function signWebhook(
  provider: SampleProvider,
  body: Buffer,
  secret: string,
  nowMs: number,
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
  }
}
