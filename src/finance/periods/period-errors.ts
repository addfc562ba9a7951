import type { EventData } from '../../domain/events.ts';

export type PeriodCheck = EventData<'PeriodClosed'>['checks'][number];

/** The period is not in a state for what was asked; nothing was changed. */
export class PeriodStateError extends Error {
  override readonly name = 'PeriodStateError';
  readonly code = 'period_state';
  readonly period: string;

  constructor(period: string, reason: string) {
    super(`${period} ${reason}`);
    this.period = period;
  }
}

/** Checks that nobody waived stand open as of the cut-off; the refusal is recorded, the period stays open. */
export class PeriodNotReadyError extends Error {
  override readonly name = 'PeriodNotReadyError';
  readonly code = 'period_not_ready';
  readonly period: string;
  readonly checks: readonly PeriodCheck[];

  constructor(period: string, checks: readonly PeriodCheck[]) {
    const blocking = checks.filter(({ outcome }) => outcome === 'blocking');
    super(
      `${period} was not closed: ${blocking.map(({ check, count }) => `${check} (${count})`).join(', ')}. ` +
        'Settle them, or waive each with a reason that is kept with the close.',
    );
    this.period = period;
    this.checks = blocking;
  }
}
