import { nearest } from '../platform/nearest.ts';

/** The command line itself is wrong, whatever the state of the system. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'wrong_usage';
}

/** What parseArgs says about the arguments, in our words; anything else is given back as it is. */
export function explainParseError(error: unknown, command: string, options: readonly string[]): unknown {
  if (!Error.isError(error) || !('code' in error)) return error;
  switch (error.code) {
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION': {
      const unknown = /'(-[^']*)'/.exec(error.message)?.[1] ?? 'that option';
      const meant = nearest(
        unknown,
        options.map((option) => `--${option}`),
      );
      const suggestion = meant === undefined ? '' : ` Did you mean ${meant}?`;
      return new UsageError(`${command} has no option ${unknown}.${suggestion}`);
    }
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      return new UsageError(`${error.message.split('\n')[0] ?? ''}.`.replace(/\.+$/, '.'));
    default:
      return error;
  }
}
