import type { Clock } from '../../../platform/clock.ts';
import type { Pool } from '../../../platform/postgres.ts';
import type { SendPage } from '../page.ts';

export type FinanceRouteDeps = Readonly<{
  pool: Pool;
  clock: Clock;
  newId: () => string;
  /** Called after a commit that appended: wakes whoever reads the log. */
  onAppended: () => void;
  sendPage: SendPage;
}>;
