import type { Tx } from '../platform/postgres.ts';
import type { RebuildStage } from './registry.ts';

export type RebuildProgress = Readonly<{
  version: number;
  stage: RebuildStage | null;
  /** Events that are folded, of those that are to be folded as whole streams. */
  events: number;
  expected: number;
}>;

/** Of the version that is being built; undefined when none is. */
export async function readRebuildProgress(tx: Tx, name: string): Promise<RebuildProgress | undefined> {
  const { rows } = await tx.query<RebuildProgress>(
    `select p.version, p.stage, sum(c.events)::integer as events, sum(c.expected_events)::integer as expected
     from hookledger.projections p
     join hookledger.projection_checkpoints c using (name, version)
     where p.name = $1::text and p.state = 'building'
     group by p.version, p.stage`,
    [name],
  );
  return rows[0];
}
