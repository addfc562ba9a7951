import type { Tx } from '../platform/postgres.ts';
import type { Transport } from '../transports/transport.ts';
import type { TransportKind } from './transport-choice.ts';
import { readTransportChoice, TRANSPORT_KINDS } from './transport-choice.ts';

/** Where jobs are published now, and where some that were published before may still be. */
export type TransportsInUse = Readonly<{
  /** Grows with each switch. */
  epoch: bigint;
  inForce: Transport;
  /** May still hold jobs; one that does not answer counts as holding none. */
  former: readonly Transport[];
}>;

export type ConfiguredTransports = Readonly<{
  /** In force until an operator chooses. */
  standing: TransportKind;
  of: Readonly<Partial<Record<TransportKind, Transport>>>;
}>;

/** The operator's choice names a transport that this process cannot reach. */
export class TransportNotConfiguredError extends Error {
  override readonly name = 'TransportNotConfiguredError';
  readonly code = 'transport_not_configured';
  readonly transport: TransportKind;

  constructor(transport: TransportKind) {
    const variable = transport === 'redis' ? 'REDIS_URL' : 'DATABASE_URL';
    super(
      `The queues are switched to ${transport}, and this process does not know where that is: set ${variable}, or run hookledger relay transport use.`,
    );
    this.transport = transport;
  }
}

/** Reads in the caller's transaction which of the transports are in use. @throws TransportNotConfiguredError. */
export function createTransportsInUse({ standing, of }: ConfiguredTransports): (tx: Tx) => Promise<TransportsInUse> {
  return async (tx) => {
    const { epoch, chosen = standing, everChosen } = await readTransportChoice(tx);
    const inForce = of[chosen];
    if (inForce === undefined) throw new TransportNotConfiguredError(chosen);
    // Without a switch no other one was ever published to.
    const used = epoch === 0n ? [] : TRANSPORT_KINDS.filter((kind) => kind === standing || everChosen.includes(kind));
    const former = used.flatMap((kind) => (kind === chosen ? [] : (of[kind] ?? [])));
    return { epoch, inForce, former };
  };
}
