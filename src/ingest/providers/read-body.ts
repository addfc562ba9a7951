import type { Source } from '../../tenants/source.ts';
import { isRecord, parseJson, UnreadableBodyError } from '../json.ts';
import type { IncomingRequest, Normalised } from '../provider.ts';
import { unreadable } from './received-event.ts';

/** The body as a JSON object, or what is to be kept of it when it is none. */
export function readBody(
  request: IncomingRequest,
  source: Source,
): Readonly<{ body: Record<string, unknown> }> | Readonly<{ body?: never; unmapped: Normalised }> {
  try {
    const body = parseJson(request.body);
    if (isRecord(body)) return { body };
    return { unmapped: unreadable(request, source, 'odd-shape', 'The body is JSON, but not an object.') };
  } catch (error) {
    if (!(error instanceof UnreadableBodyError)) throw error;
    return { unmapped: unreadable(request, source, 'unreadable', error.message) };
  }
}
