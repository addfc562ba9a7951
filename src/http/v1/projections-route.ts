import type { RequestHandler } from 'express';
import { z } from 'zod';
import { parseQuery } from '../../finance/query-parameters.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { listVersions } from '../../replay/list-versions.ts';
import type { ListedVersion } from '../../replay/list-versions.ts';
import { requirePlatform } from './platform-only.ts';
import type { RouteDeps } from './route-deps.ts';

const querySchema = z.strictObject({});

/** GET /v1/projections: every version of every read model, where it stands, and how far a rebuild is. */
export function projectionsRoute({ pool }: RouteDeps): RequestHandler {
  return async (request, response) => {
    requirePlatform(response);
    parseQuery(querySchema, request.query);
    const versions = await withReadTransaction(pool, {}, listVersions);
    response.json({ data: versions.map(rowJson) });
  };
}

function rowJson(version: ListedVersion): Record<string, unknown> {
  return {
    name: version.name,
    version: version.version,
    fold_version: version.foldVersion,
    state: version.state,
    position: version.position,
    behind: version.behind,
    lag_seconds: version.lagSeconds,
    rebuild:
      version.startedAt === null
        ? null
        : {
            stage: version.stage,
            events: version.events,
            expected_events: version.expectedEvents,
            events_per_second: version.eventsPerSecond,
            seconds_left: version.secondsLeft,
            started_at: version.startedAt.toISOString(),
            started_by: version.startedBy,
            reason: version.reason,
          },
    verified:
      version.verifiedPosition === null
        ? null
        : { position: version.verifiedPosition, differences: version.verifiedDifferences },
    keep_until: version.keepUntil?.toISOString() ?? null,
  };
}
