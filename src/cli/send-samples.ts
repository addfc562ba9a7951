import type { SampleProvider } from '../dev/samples/sample-webhook.ts';
import { strangersSecret } from '../dev/sign-webhook.ts';
import { webhookPath } from '../tenants/source.ts';
import type { ChosenSource } from './choose-source.ts';
import type { Sample } from './make-sample.ts';
import { postWebhook } from './post-webhook.ts';
import type { WebhookAnswer } from './post-webhook.ts';
import { showProgress } from './progress.ts';

export type SampleOrder = Readonly<{
  provider: SampleProvider;
  sampleFor: (source: ChosenSource, now: Date) => Sample;
  count: number;
  /** Signed with a secret that is not the source's. */
  isForged: boolean;
  /** Each one is sent twice, freshly signed. */
  isDoubled: boolean;
}>;

const IN_FLIGHT = 8;

/** Posts what was ordered, a few at a time, and answers in the order of the answers. */
export async function sendSamples(
  { provider, sampleFor, count, isForged, isDoubled }: SampleOrder,
  { server, source, now }: { server: string; source: ChosenSource; now: () => Date },
): Promise<readonly WebhookAnswer[]> {
  const secret = isForged ? strangersSecret(provider, source.settings) : source.secret;
  const path = webhookPath(source);
  const signedUrl = `${(source.publicUrl ?? server).replace(/\/+$/, '')}${path}`;
  const address = { url: `${server}${path}`, signedUrl, provider, secret, settings: source.settings };
  const answers: WebhookAnswer[] = [];
  const show = showProgress(count);
  let started = 0;
  let done = 0;

  async function sendNext(): Promise<void> {
    while (started < count) {
      started += 1;
      const sample = sampleFor(source, now());
      answers.push(await postWebhook(address, sample));
      if (isDoubled) answers.push(await postWebhook(address, sample));
      done += 1;
      show(done);
    }
  }
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count) }, sendNext));
  return answers;
}
