import type { Normalised } from '../../../src/ingest/provider.ts';
import { gohighlevel } from '../../../src/ingest/providers/gohighlevel.ts';
import type { Source } from '../../../src/tenants/source.ts';
import { expectSound, requestOf, sourceOf } from './webhook.ts';

/** `event` stands in the query of the address. */
export function normaliseGohighlevel(
  body: object | string,
  { source: changes = {}, event }: { source?: Partial<Source>; event?: string } = {},
): Normalised {
  const source = sourceOf('gohighlevel', { account: 'agency', ...changes });
  const url = event === undefined ? '/webhooks/gohighlevel/src_1' : `/webhooks/gohighlevel/src_1?event=${event}`;
  const normalised = gohighlevel.normalise({ ...requestOf(body), url }, source, {});
  expectSound(normalised, source);
  return normalised;
}
