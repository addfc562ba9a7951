import { createHash } from 'node:crypto';
import type { Json, OutboundRequest } from '../adapters/adapter.ts';
import type { RecordedEvent } from '../domain/envelope.ts';

/**
 * The key of one effect: the same for every attempt and generation of a job, another for another replay, queue or step.
 * With `effectKey`, the same for every event of the stream that names it: two reports of one fact ask for one effect.
 * A UUID, since that fits whatever form the other side wants its keys in.
 */
export function effectKeyOf(
  job: Readonly<{ queue: string; replayId: string }>,
  event: Pick<RecordedEvent, 'eventId' | 'streamKey'>,
  call: Readonly<{ step: string; effectKey?: string }>,
): string {
  const subject = call.effectKey === undefined ? [event.eventId] : [event.streamKey, call.effectKey];
  const hex = sha256(JSON.stringify([job.queue, job.replayId, call.step, ...subject])).toString('hex');
  // RFC 9562, version 8: bits of our own making.
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** Tells whether a repeated call would ask for the same thing, whatever the order of its fields. */
export function requestHashOf(adapter: string, request: OutboundRequest): Buffer {
  return sha256(JSON.stringify([adapter, sorted(request)]));
}

function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(sorted);
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, sorted(each)]));
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
