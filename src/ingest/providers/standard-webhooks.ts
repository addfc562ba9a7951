import { z } from 'zod';
import type { Source } from '../../tenants/source.ts';
import type { IncomingRequest, Normalised, Provider } from '../provider.ts';
import { jsonPointer, readWord } from './json-pointer.ts';
import { keptWebhook } from './kept-webhook.ts';
import { readStandardHeaders, verifyStandardSignature } from './standard-webhooks-signature.ts';

const settings = z.strictObject({
  /** Where the body names its type. */
  typePath: jsonPointer.default('/type'),
  /** Where the body names the account that is mapped to a tenant. */
  accountIdPath: jsonPointer.optional(),
});

/** Any sender that signs as standardwebhooks.com says, Svix among them. What it sends is kept, and nothing is counted. */
export const standardWebhooks: Provider = {
  name: 'standard-webhooks',
  settings,
  verify: verifyStandardSignature,
  normalise,
};

function normalise(request: IncomingRequest, source: Source, { signedAt }: { signedAt?: Date }): Normalised {
  const { typePath, accountIdPath } = settings.parse(source.settings);
  const { value: headers } = readStandardHeaders(request);
  const family = request.headers['webhook-id'] === undefined ? 'svix' : 'webhook';
  return keptWebhook(request, source, {
    paths: {
      ...(headers === undefined ? {} : { id: `header:${family}-id` }),
      type: typePath,
      accountIds: accountIdPath === undefined ? [] : [accountIdPath],
    },
    occurredAt: (body) => bodyTime(body) ?? signedAt ?? request.receivedAt,
  });
}

/** When it happened, where the body says so; a delivery that is tried again is signed anew. */
function bodyTime(body: unknown): Date | undefined {
  const time = z.iso.datetime({ offset: true }).safeParse(readWord(body, '/timestamp'));
  const date = new Date(time.data ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
