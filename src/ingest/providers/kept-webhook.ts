import type { Source } from '../../tenants/source.ts';
import { parseJson, UnreadableBodyError } from '../json.ts';
import type { IncomingRequest, Normalised } from '../provider.ts';
import { readWord } from './json-pointer.ts';
import { bodyHash, providerObjectStream, receivedEvent } from './received-event.ts';

/** Where a value stands: a JSON pointer into the body, or `header:name`. */
export type ValuePath = string;

export type KeptPaths = Readonly<{ id?: ValuePath; type: ValuePath; accountIds: readonly ValuePath[] }>;

/**
 * A webhook of a sender that we know by configuration only: recorded as it is, under the type and the accounts that it
 * names. It is never counted, so nothing that a header says without a signature can make money of it.
 */
export function keptWebhook(
  request: IncomingRequest,
  source: Source,
  { paths, occurredAt }: { paths: KeptPaths; occurredAt: (body: unknown) => Date },
): Normalised {
  const body = readJson(request);
  const read = (path: ValuePath) => readValue(request, body, path);
  const id = paths.id === undefined ? undefined : read(paths.id);
  const type = read(paths.type);
  const startedAt = occurredAt(body);
  const reason = type !== undefined ? 'kept' : body === undefined ? 'unreadable' : 'odd-shape';
  const stream = providerObjectStream(source, id ?? bodyHash(request));
  return {
    providerType: type ?? 'unreadable',
    ...(id === undefined ? {} : { providerEventId: id, dedupeKey: id }),
    content: request.body,
    accountIds: paths.accountIds.map(read).filter((each) => each !== undefined),
    startedAt,
    ...(type === undefined
      ? { status: 'unmapped', detail: `The webhook names no type at ${paths.type}.` }
      : { status: 'accepted' }),
    events: [receivedEvent(stream, startedAt.toISOString(), { providerType: type ?? 'unreadable', reason })],
  };
}

function readValue(request: IncomingRequest, body: unknown, path: ValuePath): string | undefined {
  if (!path.startsWith('header:')) return readWord(body, path);
  const [value, ...others] = request.headers[path.slice('header:'.length).toLowerCase()] ?? [];
  return others.length > 0 || value === '' ? undefined : value;
}

function readJson(request: IncomingRequest): unknown {
  try {
    return parseJson(request.body);
  } catch (error) {
    if (!(error instanceof UnreadableBodyError)) throw error;
    return undefined;
  }
}
