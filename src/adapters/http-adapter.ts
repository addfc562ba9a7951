import type { CallContext, LookUp, OutboundAdapter, OutboundRequest, OutboundResult } from './adapter.ts';
import { CallFailedError } from './call-errors.ts';
import { failureOfAnswer, failureOfSilence } from './http-failure.ts';
import { parseRetryAfter } from './retry-after.ts';

export type HttpAdapterSettings = Readonly<{
  name: string;
  /** POSTed to, with the request as JSON and the key as `Idempotency-Key`. Redirects are not followed. */
  url: string;
  /** Such as `authorization`. They stay in memory. */
  headers?: Readonly<Record<string, string>>;
  /** Top-level fields of the answer's JSON that become the result. Nothing else of an answer is kept but its status. */
  resultFields?: readonly string[];
  timeoutMs?: number;
}> &
  (
    | Readonly<{ declared: 'idempotent' | 'neither' }>
    /** `lookUpUrl` holds `{key}`. GET: 2xx as the call itself would have been answered, 404 if it was certainly never made. */
    | Readonly<{ declared: 'queryable'; lookUpUrl: string }>
  );

/** What an operator has written; it says so without repeating any value. */
export class InvalidAdapterError extends Error {
  override readonly name = 'InvalidAdapterError';
  readonly code = 'invalid_adapter';
}

const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 256 * 1_024;

/** An adapter for whatever takes JSON over HTTP. @throws InvalidAdapterError when the settings cannot work. */
export function createHttpAdapter(settings: HttpAdapterSettings): OutboundAdapter {
  const target = readTarget(settings);
  const call = (request: OutboundRequest, context: CallContext): Promise<OutboundResult> =>
    post(target, request, context);
  if (settings.declared !== 'queryable') return { name: settings.name, declared: settings.declared, call };
  const { lookUpUrl } = settings;
  checkUrl(settings.name, 'lookUpUrl', lookUpUrl);
  if (!lookUpUrl.includes('{key}')) {
    throw new InvalidAdapterError(`The lookUpUrl of adapter ${settings.name} lacks {key}, which stands for the key.`);
  }
  return {
    name: settings.name,
    declared: 'queryable',
    call,
    lookUp: (_request, context) => get(target, lookUpUrl.replaceAll('{key}', encodeURIComponent(context.key)), context),
  };
}

type Target = Readonly<{
  name: string;
  url: string;
  headers: Headers;
  resultFields: readonly string[];
  timeoutMs: number;
}>;

async function post(target: Target, request: OutboundRequest, context: CallContext): Promise<OutboundResult> {
  const headers = new Headers(target.headers);
  headers.set('content-type', 'application/json');
  headers.set('idempotency-key', context.key);
  const who = `Call ${context.key} of adapter ${target.name}`;
  const init = { method: 'POST', headers, body: JSON.stringify(request) };
  const response = await send(target, target.url, init, context, who);
  if (response.ok) return readResult(target, response, who);
  await discard(response);
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), new Date());
  throw failureOfAnswer(who, { status: response.status, retryAfterMs });
}

async function get(target: Target, url: string, context: CallContext): Promise<LookUp> {
  const who = `Look-up of call ${context.key} of adapter ${target.name}`;
  const response = await send(target, url, { method: 'GET', headers: target.headers }, context, who);
  if (response.ok) return { kind: 'found', result: await readResult(target, response, who) };
  await discard(response);
  if (response.status === 404) return { kind: 'not-found' };
  return { kind: 'unknown', reason: `${who} was answered with ${response.status}.` };
}

async function send(
  target: Target,
  url: string,
  init: RequestInit,
  { signal }: CallContext,
  who: string,
): Promise<Response> {
  try {
    return await fetch(url, {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(target.timeoutMs)]),
    });
  } catch (error) {
    throw failureOfSilence(who, error);
  }
}

/** It has been done. What cannot be read of the answer is left out, unless it broke off: another call may get it. */
async function readResult({ resultFields }: Target, response: Response, who: string): Promise<OutboundResult> {
  const httpStatus = response.status;
  if (resultFields.length === 0) {
    await discard(response);
    return { httpStatus };
  }
  const answer = await readJson(response).catch((error: unknown) => {
    throw new CallFailedError(`${who} was answered with ${httpStatus}, but the answer broke off.`, { cause: error });
  });
  const fields = Object.entries(answer).flatMap(([name, value]) =>
    resultFields.includes(name) && isPlain(value) ? [[name, value] as const] : [],
  );
  return { ...Object.fromEntries(fields), httpStatus };
}

/** Empty when it is too long or no JSON object. */
async function readJson(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) return {};
    chunks.push(chunk);
  }
  try {
    const answer: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof answer === 'object' && answer !== null ? { ...answer } : {};
  } catch {
    // Some answer "OK": it has been done all the same.
    return {};
  }
}

/** Frees the connection. The status has said everything, so a body that breaks off now takes nothing away. */
async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function readTarget({
  name,
  url,
  headers = {},
  resultFields = [],
  timeoutMs = TIMEOUT_MS,
}: HttpAdapterSettings): Target {
  checkUrl(name, 'url', url);
  return { name, url, headers: readHeaders(name, headers), resultFields, timeoutMs };
}

/** A bad header or URL is found now: fetch would quote its value, which may be a secret. */
function readHeaders(name: string, headers: Readonly<Record<string, string>>): Headers {
  const read = new Headers();
  for (const [header, value] of Object.entries(headers)) {
    try {
      read.set(header, value);
    } catch {
      throw new InvalidAdapterError(`The header ${JSON.stringify(header)} of adapter ${name} is no HTTP header.`);
    }
  }
  return read;
}

function checkUrl(name: string, setting: string, text: string): void {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
    throw new InvalidAdapterError(
      `The ${setting} of adapter ${name} is no http or https URL without a user in it; credentials go into headers.`,
    );
  }
}
