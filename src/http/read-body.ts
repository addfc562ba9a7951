import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { errorCode } from './error-code.ts';
import { ProblemError } from './problem.ts';

type Inflate = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const inflaters: ReadonlyMap<string, Inflate> = new Map<string, Inflate>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

/** The sender hung up before the body was whole: there is nobody to answer. */
export class SenderGoneError extends Error {
  override readonly name = 'SenderGoneError';
  readonly code = 'sender_gone';
}

/**
 * The bytes of a request's body, inflated when it says that they are compressed. The limit holds for what
 * `content-length` announces, for what comes in and for what that inflates to; nothing is read beyond it.
 * @throws ProblemError `body_too_large`, `unsupported_encoding` or `unreadable_body`; SenderGoneError.
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes);
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const inflater = inflaters.get(encoding);
  if (inflater === undefined && encoding !== 'identity' && encoding !== '') {
    throw new ProblemError('unsupported_encoding', `Content-Encoding may be ${[...inflaters.keys()].join(', ')}.`);
  }
  const received = await receive(request, limitBytes);
  if (inflater === undefined) return received;
  try {
    return await inflater(received, { maxOutputLength: limitBytes });
  } catch (error) {
    if (errorCode(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limitBytes);
    throw new ProblemError('unreadable_body', `The body is not what Content-Encoding: ${encoding} says.`);
  }
}

/** By events: the async iterator would destroy the request on an error, and the answer with it; and it costs more. */
function receive(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= limitBytes) {
        chunks.push(chunk);
        return;
      }
      request.off('data', onData);
      reject(tooLarge(limitBytes));
    };
    request.on('data', onData);
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', (cause) => reject(new SenderGoneError('The sender hung up within the body.', { cause })));
  });
}

function tooLarge(limitBytes: number): ProblemError {
  return new ProblemError('body_too_large', `The body may have ${limitBytes} bytes at most, also once inflated.`);
}
