import { z } from 'zod';
import { signWebhook, webhookQuery } from '../dev/sign-webhook.ts';
import type { SampleProvider } from '../dev/samples/sample-webhook.ts';
import type { Sample } from './make-sample.ts';
import { NoServerError } from './no-server-error.ts';

/** The server's answer: the outcome of a recorded webhook and our id of it, or the code of a problem. */
export type WebhookAnswer = Readonly<{ httpStatus: number; outcome: string; id?: string }>;

const problemSchema = z.object({ code: z.string() });

export type SignedAddress = Readonly<{
  url: string;
  /** The address as the provider knows it, when it is not the one that is posted to. */
  signedUrl: string;
  provider: SampleProvider;
  secret: string;
  /** Of the source: how it signs, where only it knows. */
  settings: Readonly<Record<string, unknown>>;
}>;

/** Signs the body now, as the provider would, and posts it. @throws NoServerError when nobody answers there. */
export async function postWebhook(
  { url, signedUrl, provider, secret, settings }: SignedAddress,
  { body, headers }: Sample,
): Promise<WebhookAnswer> {
  const response = await fetch(`${url}${webhookQuery(provider, body)}`, {
    method: 'POST',
    headers: signWebhook(provider, body, secret, Date.now(), signedUrl, {
      settings,
      // As fetch sends it, should it be signed.
      headers: { host: new URL(url).host, ...headers },
    }),
    body: new Uint8Array(body),
  }).catch((cause: unknown) => {
    throw new NoServerError(`${new URL(url).origin} does not answer. Is the server running?`, { cause });
  });
  // In headers, since the body is the provider's own: a document, or nothing.
  const outcome = response.headers.get('hookledger-outcome');
  const id = response.headers.get('hookledger-webhook');
  if (outcome !== null && id !== null) return { httpStatus: response.status, outcome, id };
  const problem = problemSchema.safeParse(parseJson(await response.text()));
  return { httpStatus: response.status, outcome: problem.data?.code ?? response.statusText };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whatever answered there is not ours; its status says what there is to say.
    return undefined;
  }
}
