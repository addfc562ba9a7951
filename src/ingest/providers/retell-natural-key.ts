import { createHash } from 'node:crypto';
import type { RetellEnvelope } from './retell-envelope.ts';
import { RETELL_KEPT_TYPES, RETELL_MAPPINGS } from './retell-mappings.ts';

/**
 * Retell gives its events no id. Most happen once for a call or chat; a transfer happens once for a destination, and
 * a transcript is updated many times. Undefined where nothing but the content tells one event from the next.
 */
export function retellNaturalKey(envelope: RetellEnvelope): string | undefined {
  const { type, thing, startMs, eventMs, inbound } = envelope;
  if (type !== undefined && RETELL_KEPT_TYPES.has(type)) {
    return inbound.id === undefined ? undefined : keyOf(type, inbound.id);
  }
  if (type === undefined || thing === undefined || !RETELL_MAPPINGS.has(type)) return undefined;
  if (type === 'transcript_updated') return eventMs === undefined ? undefined : keyOf(type, thing.id, eventMs);
  if (type.startsWith('transfer_')) return keyOf(type, thing.id, startMs ?? '', hashOf(envelope.transferDestination));
  return keyOf(type, thing.id);
}

/** Each part is percent-encoded, so that no two events share a key whatever characters an id holds. */
function keyOf(...parts: readonly (string | number)[]): string {
  return parts.map((part) => encodeURIComponent(String(part).toWellFormed())).join('/');
}

/** A destination is somebody's number: the key must not tell it. */
function hashOf(destination: unknown): string {
  if (destination === undefined || destination === null) return '';
  return createHash('sha256').update(JSON.stringify(destination)).digest('hex').slice(0, 16);
}
