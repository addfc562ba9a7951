/** Nobody would find a transaction again that was imported for an account that sends us nothing. */
export class UnknownAccountError extends Error {
  override readonly name = 'UnknownAccountError';
  readonly code = 'unknown_account';
  readonly account: string;

  constructor({ provider, account, mode }: Readonly<Record<'provider' | 'account' | 'mode', string>>) {
    super(
      `There is no source of ${provider} account ${account} in ${mode} mode: nothing was imported. ` +
        'See `hookledger sources list`.',
    );
    this.account = account;
  }
}
