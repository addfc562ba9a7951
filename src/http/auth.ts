import type { RequestHandler, Response } from 'express';
import type { Principal, Role } from '../tenants/principal.ts';
import { ProblemError } from './problem.ts';

export type Authenticate = (key: string) => Promise<Principal | undefined>;

export type RequireRole = (...roles: readonly Role[]) => RequestHandler;

/**
 * Middleware that lets in who shows a key of one of `roles` as `Authorization: Bearer`: 401 without a valid key, 403
 * with one of another role. Handlers behind it ask `principalOf(response)`.
 */
export function createRequireRole({ authenticate }: { authenticate: Authenticate }): RequireRole {
  return (...roles) =>
    async (request, response, next) => {
      const key = bearerToken(request.headers.authorization);
      const principal = key === undefined ? undefined : await authenticate(key);
      if (principal === undefined) {
        throw new ProblemError('unauthenticated', 'Send a valid key: Authorization: Bearer hl_…');
      }
      if (!roles.includes(principal.role)) {
        throw new ProblemError(
          'forbidden',
          `This needs a key of the role ${roles.join(' or ')}, not ${principal.role}.`,
        );
      }
      setPrincipal(response, principal);
      next();
    };
}

/** Who asks, as the middleware found out. Throws where no middleware stands before the handler: closed, not open. */
export function principalOf(response: Response<unknown, { principal?: Principal }>): Principal {
  const { principal } = response.locals;
  if (principal === undefined) throw new Error('This route has no requireRole before it.');
  return principal;
}

function setPrincipal(response: Response<unknown, { principal?: Principal }>, principal: Principal): void {
  response.locals.principal = principal;
}

function bearerToken(header: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(header ?? '')?.[1];
}
