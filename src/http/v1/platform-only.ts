import type { Response } from 'express';
import { principalOf } from '../auth.ts';
import { ProblemError } from '../problem.ts';

/** For what belongs to no tenant. @throws ProblemError `forbidden` for a key within one tenant's bounds. */
export function requirePlatform(response: Response): void {
  if (principalOf(response).tenantId === undefined) return;
  throw new ProblemError('forbidden', 'This is not of any tenant; it needs a key of the platform.');
}
