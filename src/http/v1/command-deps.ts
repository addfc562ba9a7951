import type { Response } from 'express';
import { appendEvents } from '../../event-store/append-events.ts';
import { uuidv7 } from '../../platform/ids.ts';
import type { CommandDeps } from '../../tenants/administrative-command.ts';
import { decidedBy as decidedByName } from '../decided-by.ts';
import type { RouteDeps } from './route-deps.ts';

/** What the commands of finance take. */
export function commandDeps({ pool, clock, onAppended }: RouteDeps): CommandDeps & { onAppended?: () => void } {
  return { pool, clock, appendEvents, newId: () => uuidv7(), ...(onAppended === undefined ? {} : { onAppended }) };
}

/** Who decides, for the record: whom the request names, and the key that asks. */
export function decidedBy(response: Response, by: string | undefined): string {
  return decidedByName(response, by ?? 'API');
}
