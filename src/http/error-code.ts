import { types } from 'node:util';

/** The `code` of an error, ours or Node's. Not by `instanceof`: Node's own errors may come from another realm. */
export function errorCode(error: unknown): string | undefined {
  if (!types.isNativeError(error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
