import { catalogue } from '../domain/events.ts';
import type { Source } from '../tenants/source.ts';
import type { IncomingRequest, Normalised, Provider } from './provider.ts';

/**
 * Reads a recorded request again, as its provider's mapping reads it today. Pure. Throws what the mapping throws, and
 * for events that their own schemas refuse.
 */
export type Normalise = (request: IncomingRequest, source: Source) => Normalised;

export function createNormalise(providers: readonly Provider[]): Normalise {
  const byName = new Map(providers.map((provider) => [provider.name, provider]));
  return (request, source) => {
    const provider = byName.get(source.provider);
    if (provider === undefined) throw new RangeError(`Nothing here reads the webhooks of ${source.provider}.`);
    const normalised = provider.normalise(request, source, {});
    for (const { type, data } of normalised.events) catalogue[type].data.parse(data);
    return normalised;
  };
}
