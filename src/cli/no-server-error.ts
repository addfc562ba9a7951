export class NoServerError extends Error {
  override readonly name = 'NoServerError';
  readonly code = 'no_server';
}
