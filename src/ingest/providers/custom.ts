import type { Source } from '../../tenants/source.ts';
import type { IncomingRequest, Normalised, Provider } from '../provider.ts';
import { customSettings } from './custom-settings.ts';
import { verifyCustomSignature } from './custom-signature.ts';
import { keptWebhook } from './kept-webhook.ts';

/** Any sender that signs with one header, described by the settings of its source. Kept, and nothing is counted. */
export const custom: Provider = {
  name: 'custom',
  settings: customSettings,
  verify: verifyCustomSignature,
  signedHeaders,
  normalise,
};

function normalise(request: IncomingRequest, source: Source, { signedAt }: { signedAt?: Date }): Normalised {
  const { idPath, typePath, accountIdPaths } = customSettings.parse(source.settings);
  return keptWebhook(request, source, {
    paths: { ...(idPath === undefined ? {} : { id: idPath }), type: typePath, accountIds: accountIdPaths },
    occurredAt: () => signedAt ?? request.receivedAt,
  });
}

/** What is needed to verify a webhook, and to read it, again. */
function signedHeaders(source: Source): readonly string[] {
  const { data } = customSettings.safeParse(source.settings);
  if (data === undefined) return [];
  const { header, timestampHeader, signedContent, idPath, typePath, accountIdPaths } = data;
  const named = [idPath ?? '', typePath, ...accountIdPaths]
    .filter((path) => path.startsWith('header:'))
    .map((path) => path.slice('header:'.length).toLowerCase());
  const signed = signedContent.flatMap((part) => (part.kind === 'header' ? [part.name] : []));
  return [header, ...(timestampHeader === undefined ? [] : [timestampHeader]), ...signed, ...named];
}
