import type { Request, RequestHandler, Response } from 'express';
import type { Principal } from '../../tenants/principal.ts';
import { principalOf } from '../auth.ts';
import type { RequireRole } from '../auth.ts';
import { ProblemError } from '../problem.ts';

const COOKIE = 'hookledger_session';

export function sessionTokenOf(request: Request): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name]) => name === COOKIE)?.[1];
}

/** No script can read it, no other site can send it along with anything but a link to us. */
export function setSessionCookie(
  request: Request,
  response: Response,
  session: { token: string; expiresAt: Date },
): void {
  response.cookie(COOKIE, session.token, { ...cookieOptions(request), expires: session.expiresAt });
}

export function clearSessionCookie(request: Request, response: Response): void {
  response.clearCookie(COOKIE, cookieOptions(request));
}

function cookieOptions(request: Request) {
  // A proxy that ends TLS says so; whoever lies here only keeps his own cookie from plain HTTP.
  const isSecure = request.secure || request.headers['x-forwarded-proto'] === 'https';
  return { httpOnly: true, sameSite: 'lax', path: '/console', secure: isSecure } as const;
}

export type FindSession = (token: string) => Promise<Principal | undefined>;

/** Lets in who is signed in, for handlers that ask `principalOf(response)`; all others get `signInPage`. */
export function requireSession(find: FindSession, signInPage: RequestHandler): RequestHandler {
  return async (request, response, next) => {
    const token = sessionTokenOf(request);
    const found = token === undefined ? undefined : await find(token);
    if (found === undefined) {
      await signInPage(request, response, next);
      return;
    }
    response.locals['principal'] = found;
    next();
  };
}

/** The roles of routes behind `requireSession`, as keys have them elsewhere. */
export const requireSessionRole: RequireRole =
  (...roles) =>
  (_request, response, next) => {
    const { role } = principalOf(response);
    if (!roles.includes(role))
      throw new ProblemError('forbidden', `This is for the role ${roles.join(' or ')}, not ${role}.`);
    next();
  };

/** For what is of no tenant: the conflicts and the rejections. */
export const requirePlatformSession: RequestHandler = (_request, response, next) => {
  if (principalOf(response).tenantId !== undefined) throw new ProblemError('forbidden', 'This is not of any tenant.');
  next();
};
