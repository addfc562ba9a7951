import { parseArgs } from 'node:util';
import type { Config } from '../config.ts';
import type { Output } from './output.ts';
import { explainParseError, UsageError } from './usage-error.ts';

/** 0: done and healthy. 1: failed, or a problem was found. 2: wrong usage. */
export const EXIT = { done: 0, problem: 1, usage: 2 } as const;

/** For node:util's parseArgs, which ignores what only the help reads. */
export type Option = Readonly<{
  type: 'string' | 'boolean';
  multiple?: boolean;
  short?: string;
  /** What stands for the value in the help, such as `URL`. */
  value?: string;
  description: string;
}>;
export type Options = Readonly<Record<string, Option>>;

/** Every command takes these. */
export const globalOptions = {
  json: { type: 'boolean', description: 'Print one JSON document for programs' },
  'data-dir': { type: 'string', value: 'DIR', description: 'Data of the embedded servers, as HOOKLEDGER_DATA_DIR' },
  help: { type: 'boolean', short: 'h', description: 'Show this help' },
} as const satisfies Options;

export type Context = Readonly<{
  config: Config;
  out: Output;
  /** A command line to copy that reaches the same server: `npx hookledger …`. */
  commandLine(command: string): string;
}>;

type ParsedValues<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: typeof globalOptions & O; strict: true; allowPositionals: true }>
>['values'];

type Definition<O extends Options> = Readonly<{
  /** The words that call it, such as `tenants create`. */
  name: string;
  summary: string;
  /** More than the summary, for its own help. */
  description?: string;
  /** `<needed>` and `[optional]` arguments, in their order. */
  arguments?: readonly string[];
  options: O;
  /** What follows `hookledger `; at least one. */
  examples: readonly string[];
  /** Answers the exit code. What it throws is explained to people, and ends as 1 (2 for wrong usage). */
  run(call: Readonly<{ values: ParsedValues<O>; positionals: readonly string[] }> & Context): Promise<number>;
}>;

/** One thing that the command line does. */
export type Command = Omit<Definition<Options>, 'run' | 'arguments'> &
  Readonly<{
    arguments: readonly string[];
    /** `args`: what follows the command's name. @throws UsageError. */
    run(args: readonly string[], context: Context): Promise<number>;
  }>;

/** Makes a command whose `run` gets its options parsed, by their types. */
export function defineCommand<const O extends Options>(definition: Definition<O>): Command {
  const { arguments: parameters = [] } = definition;
  return {
    ...definition,
    arguments: parameters,
    run(args, context) {
      const { values, positionals } = parse(definition, args);
      checkPositionals(definition.name, parameters, positionals);
      return definition.run({ values, positionals, ...context });
    },
  };
}

/** The value of an option that the command cannot do without. @throws UsageError that names it. */
export function needed(value: string | undefined, option: string): string {
  if (value === undefined) throw new UsageError(`${option} is missing.`);
  return value;
}

/** @throws UsageError when the value is none of the words. */
export function oneOf<T extends string>(words: readonly T[], value: string, option: string): T {
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw new UsageError(`${option} is one of ${words.join(', ')}, not "${value}".`);
  return word;
}

function parse<const O extends Options>({ name, options }: Definition<O>, args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { ...globalOptions, ...options },
      strict: true,
      allowPositionals: true,
    });
  } catch (error) {
    throw explainParseError(error, name, Object.keys({ ...globalOptions, ...options }));
  }
}

function checkPositionals(name: string, parameters: readonly string[], given: readonly string[]): void {
  const missing = parameters.slice(given.length).find((parameter) => parameter.startsWith('<'));
  if (missing !== undefined) throw new UsageError(`${name} needs ${missing}.`);
  const extra = given[parameters.length];
  if (extra === undefined) return;
  const takes = parameters.length === 0 ? 'no arguments' : parameters.join(' ');
  throw new UsageError(`${name} takes ${takes}; "${extra}" is too much. Quote a value that holds spaces.`);
}
