import { signWebhook, webhookQuery } from '../sign-webhook.ts';
import type { DemoDelivery } from './demo-deliveries.ts';
import type { DemoSetUp } from './set-up-demo.ts';

/** How many deliveries got which answer: `accepted`, `duplicate`, …; whatever is no 2xx is `rejected`. */
export type Answers = ReadonlyMap<string, number>;

const IN_FLIGHT = 12;

/** Signs each delivery now and posts it to the real endpoint, in order, a dozen at a time. */
export async function sendDeliveries(options: {
  url: string;
  sources: DemoSetUp['sources'];
  deliveries: readonly DemoDelivery[];
  signal: AbortSignal;
  onProgress: (sent: number) => void;
}): Promise<Answers> {
  const { deliveries, onProgress, signal } = options;
  const answers = new Map<string, number>();
  const waiting = deliveries.values();
  let sent = 0;

  async function sendNext(): Promise<void> {
    for (const delivery of waiting) {
      signal.throwIfAborted();
      const status = await send(options, delivery);
      answers.set(status, (answers.get(status) ?? 0) + 1);
      sent += 1;
      onProgress(sent);
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, sendNext));
  return answers;
}

async function send(
  { url, sources, signal }: Pick<Parameters<typeof sendDeliveries>[0], 'url' | 'sources' | 'signal'>,
  { provider, body, isForged }: DemoDelivery,
): Promise<string> {
  const { path, secret, publicUrl } = sources[provider];
  const key = isForged ? 'not the secret' : secret;
  const response = await fetch(`${url}${path}${webhookQuery(provider, body)}`, {
    method: 'POST',
    headers: signWebhook(provider, body, key, Date.now(), `${publicUrl}${path}`),
    body: new Uint8Array(body),
    signal,
  });
  await response.arrayBuffer();
  return response.headers.get('hookledger-outcome') ?? 'rejected';
}
