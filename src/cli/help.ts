import { globalOptions } from './command.ts';
import type { Command, Options } from './command.ts';
import type { CommandGroup } from './command-groups.ts';

/** `hookledger --help`. */
export function overviewHelp(groups: readonly CommandGroup[]): string {
  return [
    'Provider webhooks become durable events, queued work and figures for finance.',
    '',
    'Usage: hookledger <command> [options]',
    '',
    'Commands:',
    ...twoColumns(groups.map(({ name, summary }) => [name, summary])),
    '',
    ...optionLines('Options of every command', globalOptions),
    '',
    ...exampleLines(['demo', 'start', 'send stripe invoice.paid', 'sources create --help']),
    '',
    'Exit code: 0 done and healthy, 1 failed or a problem found, 2 wrong usage.',
  ].join('\n');
}

/** `hookledger tenants --help`. */
export function groupHelp({ name, summary }: CommandGroup, commands: readonly Command[]): string {
  return [
    `${summary}.`,
    '',
    `Usage: hookledger ${name} <subcommand> [options]`,
    '',
    'Subcommands:',
    ...twoColumns(commands.map((command) => [callOf(command), command.summary])),
    '',
    ...exampleLines(commands.flatMap(({ examples }) => examples.slice(0, 1))),
    '',
    `hookledger ${name} <subcommand> --help says more of one.`,
  ].join('\n');
}

/** `hookledger tenants create --help`. */
export function commandHelp(command: Command): string {
  const { summary, description, options, examples } = command;
  return [
    `${summary}.`,
    ...(description === undefined ? [] : ['', description]),
    '',
    `Usage: hookledger ${callOf(command)} [options]`,
    ...(Object.keys(options).length === 0 ? [] : ['', ...optionLines('Options', options)]),
    '',
    ...optionLines('Options of every command', globalOptions),
    '',
    ...exampleLines(examples),
  ].join('\n');
}

function callOf({ name, arguments: parameters }: Command): string {
  return [name, ...parameters].join(' ');
}

function optionLines(title: string, options: Options): string[] {
  const rows = Object.entries(options).map(([name, { short, value, multiple, description }]): [string, string] => {
    const long = `--${name}${value === undefined ? '' : ` ${value}`}${multiple === true ? ' …' : ''}`;
    return [short === undefined ? long : `-${short}, ${long}`, description];
  });
  return [`${title}:`, ...twoColumns(rows)];
}

function exampleLines(examples: readonly string[]): string[] {
  return ['Examples:', ...examples.map((example) => `  npx hookledger ${example}`)];
}

function twoColumns(rows: readonly (readonly [string, string])[]): string[] {
  const widest = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(widest)}  ${right}`);
}
