import { withReadTransaction } from '../finance/read-transaction.ts';
import { createSourceCatalogue } from '../tenants/source-catalogue.ts';
import type { Source } from '../tenants/source.ts';
import type { Environment } from './environment.ts';
import { listMappedIds } from './queries/list-mapped-ids.ts';
import { listSourcesOf } from './queries/list-sources-of.ts';

/** A source as a sender needs it: `secret` in the clear, and ids whose things get a tenant. */
export type ChosenSource = Source & Readonly<{ secret: string; mappedIds: readonly string[] }>;

class NoSourceError extends Error {
  override readonly name = 'NoSourceError';
  readonly code = 'no_source';
}

/**
 * The source that is asked for, else the first of the provider in test mode, else its first.
 * @throws NoSourceError when there is none, or it has no secret to sign with.
 */
export async function chooseSource(
  { pool, masterKey, clock }: Environment,
  { provider, sourceId }: { provider: string; sourceId: string | undefined },
): Promise<ChosenSource> {
  const id = sourceId ?? (await withReadTransaction(pool, {}, (tx) => listSourcesOf(tx, provider)))[0]?.id;
  const catalogue = createSourceCatalogue({ pool, masterKey: masterKey(), clock });
  const source = id === undefined ? undefined : await catalogue.find(id);
  if (source === undefined || source.provider !== provider) {
    throw new NoSourceError(
      `There is no source ${sourceId === undefined ? '' : `${sourceId} `}of ${provider}. Make one: ` +
        `hookledger sources create --provider ${provider} --account … --secret … --mode test` +
        // How its sender signs is known nowhere else.
        (provider === 'custom' ? " --settings '{…}'" : ''),
    );
  }
  const [secret] = source.secrets;
  if (secret === undefined) {
    throw new NoSourceError(
      `${source.id} has no secret to sign with. Give it one: hookledger sources rotate-secret ${source.id} --secret …`,
    );
  }
  return { ...source, secret, mappedIds: await withReadTransaction(pool, {}, (tx) => listMappedIds(tx, source)) };
}
