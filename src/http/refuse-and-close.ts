import type { Request, Response } from 'express';
import type { Problem } from './problem.ts';

/** Long enough for an answer to arrive and for a polite sender to stop; whoever goes on sending is cut off. */
const LINGER_MS = 1_000;

/**
 * Answers while the sender may still be sending, then closes the connection for good. A socket that is closed with
 * unread bytes in it is reset, and a reset can overtake the answer: so the answer goes out whole first, what still
 * comes in is thrown away, and only then the socket is closed.
 */
export function refuseAndClose(request: Request, response: Response, { status, headers, body }: Problem): void {
  const { socket } = request;
  response.writeHead(status, { ...headers, Connection: 'close', 'Content-Length': Buffer.byteLength(body) });
  response.write(body);
  const close = (): void => {
    clearTimeout(linger);
    response.end();
    socket.destroySoon();
  };
  const linger = setTimeout(close, LINGER_MS);
  socket.once('close', () => clearTimeout(linger));
  if (request.complete) close();
  else request.once('end', close).resume();
}
