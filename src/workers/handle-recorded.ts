import type { Handler } from './handler.ts';

/**
 * `orchestration-flows` and `integration-tasks`: the request is recorded as handled. Flows and outbound adapters are
 * not part of the product yet; a rerun will hand these events to them.
 */
export const handleRecorded: Handler = () => Promise.resolve({ kind: 'done' });
