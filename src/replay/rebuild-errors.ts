/** What was asked for cannot be done as things stand; the message says what to do instead. */
export class ReplayRefusedError extends Error {
  override readonly name = 'ReplayRefusedError';
  readonly code:
    'unknown_projection' | 'unknown_version' | 'not_rebuilt' | 'not_verified' | 'behind' | 'differs' | 'in_the_way';

  constructor(code: ReplayRefusedError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Somebody else took the rebuild up, cancelled it or promoted another version: nothing of this flush was written. */
export class RebuildTakenOverError extends Error {
  override readonly name = 'RebuildTakenOverError';
  readonly code = 'rebuild_taken_over';

  constructor(name: string, version: number) {
    super(
      `The rebuild of ${name} version ${version} was taken up or cancelled elsewhere; see hookledger projections list.`,
    );
  }
}
