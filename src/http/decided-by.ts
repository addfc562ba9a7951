import type { Response } from 'express';
import { principalOf } from './auth.ts';

/**
 * Who decides, for the record: the name that is given, and the role and the key or session that asked under it, which
 * nobody gives.
 */
export function decidedBy(response: Response, name: string): string {
  const { id, role } = principalOf(response);
  return `${name.trim()} (${role}, ${id})`;
}
