import { CallFailedError, CallNotTakenError, CallRefusedError } from './call-errors.ts';

type Answer = Readonly<{ status: number; retryAfterMs?: number | undefined }>;

/**
 * What an answer without success says. `who`: the adapter and the key, never an address or a header.
 *   423 425 429              certainly not done; later
 *   307 308, most of 4xx     certainly not done, and never; a redirect is not followed
 *   408 409, 5xx, other 3xx  perhaps done: a proxy that gave up, the same key under way, see-other after success
 */
export function failureOfAnswer(who: string, { status, retryAfterMs }: Answer): Error {
  const what = `${who} was answered with ${status}`;
  switch (status) {
    case 307:
    case 308:
      return new CallRefusedError(`${what}, a redirect, which is not followed; set the adapter's URL to the new one.`);
    case 401:
    case 403:
      return new CallRefusedError(`${what}; check the adapter's credentials, then redrive the job.`);
    case 423:
    case 425:
    case 429:
      return new CallNotTakenError(`${what}; it is to come later.`, { retryAfterMs });
    case 408:
    case 409:
      break;
    default:
      if (status >= 400 && status < 500) return new CallRefusedError(`${what}; it would be again.`);
  }
  return new CallFailedError(`${what}; it may have been carried out.`, { retryAfterMs });
}

/** Nothing was sent: there was no connection to send it on. */
const UNREACHED = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What a call without an answer says. Of the cause only the code: messages of libraries may quote what was sent. */
export function failureOfSilence(who: string, thrown: unknown): Error {
  const code = codeOf(thrown);
  if (code !== undefined && UNREACHED.has(code)) return new CallNotTakenError(`${who} reached nobody (${code}).`);
  return new CallFailedError(`${who} got no answer (${code ?? 'no code'}); it may have been carried out.`);
}

/** fetch wraps what happened into `fetch failed`; a deadline or an abort is named, not coded. */
function codeOf(thrown: unknown): string | undefined {
  if (!Error.isError(thrown)) return undefined;
  if (thrown.name === 'TimeoutError' || thrown.name === 'AbortError') return thrown.name;
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return codeOf(thrown.cause);
}
