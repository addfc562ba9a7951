export class UnknownEffectError extends Error {
  override readonly name = 'UnknownEffectError';
  readonly code = 'unknown_effect';
  readonly effectId: string;

  constructor(effectId: string) {
    super(`There is no effect ${effectId}; \`hookledger effects list --all\` shows those that there are.`);
    this.effectId = effectId;
  }
}

export class EffectUnderWayError extends Error {
  override readonly name = 'EffectUnderWayError';
  readonly code = 'effect_under_way';
  readonly effectId: string;

  constructor(effectId: string, leaseMs: number) {
    super(
      `Somebody is calling for the effect ${effectId} right now; its lease ends in ${Math.ceil(leaseMs / 1_000)} s. Come back then.`,
    );
    this.effectId = effectId;
  }
}

/** It needs no decision: nobody repeats what is done. */
export class EffectDoneError extends Error {
  override readonly name = 'EffectDoneError';
  readonly code = 'effect_done';
  readonly effectId: string;

  constructor(effectId: string, by: string | null) {
    super(`The effect ${effectId} is done already, as ${by ?? 'the other side'} said. That stands.`);
    this.effectId = effectId;
  }
}
