import type { DomainEvent } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';
import { readSource } from '../tenants/read-source.ts';
import type { Normalise } from './normalise.ts';
import { readKeptWebhook } from './read-conflict.ts';

/** What a recorded webhook's body says, as its mapping reads it today; nothing where it cannot be read. */
export async function readReports(tx: Tx, normalise: Normalise, webhookId: string): Promise<readonly DomainEvent[]> {
  const webhook = await readKeptWebhook(tx, webhookId);
  const source = webhook && (await readSource(tx, webhook.sourceId));
  if (webhook === undefined || source === undefined) return [];
  try {
    return normalise(webhook.request, { ...source, secrets: [] }).events;
  } catch {
    // Whoever looks at it sees that nothing comes of it; whoever chooses it is told.
    return [];
  }
}
