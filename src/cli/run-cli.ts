import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { commandGroups } from './command-groups.ts';
import type { CommandGroup } from './command-groups.ts';
import { EXIT, globalOptions } from './command.ts';
import type { Command, Context } from './command.ts';
import { reportError } from './report-error.ts';
import { commandHelp, groupHelp, overviewHelp } from './help.ts';
import { nearest } from '../platform/nearest.ts';
import { createOutput } from './output.ts';
import type { Output } from './output.ts';
import { UsageError } from './usage-error.ts';

/** Runs one command line and answers its exit code. Never throws: what went wrong is told on standard error. */
export async function runCli(args: readonly string[]): Promise<number> {
  const glance = glanceAt(args);
  const out = createOutput({ isJson: glance.isJson });
  const help = createOutput({ isJson: false });
  let topic = '';
  let isDebugging = false;
  try {
    if (glance.wantsVersion) return tell(help, readVersion());
    const [first, second] = glance.words;
    if (first === undefined) {
      if (!glance.wantsHelp && args.length > 0) throw new UsageError('Which command?');
      return tell(help, overviewHelp(commandGroups));
    }
    const group = findGroup(first.text);
    topic = group.name;
    const commands = await group.load();
    const single = commands.find(({ name }) => name === group.name);
    if (single === undefined && second === undefined && glance.wantsHelp) return tell(help, groupHelp(group, commands));
    const command = single ?? findSubcommand(group, commands, second?.text);
    topic = command.name;
    if (glance.wantsHelp) return tell(help, commandHelp(command));
    const nameIndexes = single === undefined ? [first.index, second?.index] : [first.index];
    const rest = args.filter((_, index) => !nameIndexes.includes(index));
    const context = await createContext(glance.dataDir, out);
    isDebugging = ['debug', 'trace'].includes(context.config.logLevel);
    return await command.run(rest, context);
  } catch (error) {
    return reportError(error, out, { topic, isDebugging });
  }
}

type Word = Readonly<{ text: string; index: number }>;
type Glance = Readonly<{
  isJson: boolean;
  wantsHelp: boolean;
  wantsVersion: boolean;
  dataDir?: string;
  words: readonly Word[];
}>;

/** What holds for every command, and the words among the rest: before it is known which command it is. */
function glanceAt(args: readonly string[]): Glance {
  const { values, tokens } = parseArgs({
    args: [...args],
    options: { ...globalOptions, version: { type: 'boolean' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const words = tokens.flatMap((token) =>
    token.kind === 'positional' ? [{ text: token.value, index: token.index }] : [],
  );
  const asksHelp = words[0]?.text === 'help';
  const dataDir = values['data-dir'];
  return {
    isJson: values.json === true,
    wantsHelp: values.help === true || asksHelp,
    wantsVersion: values['version'] === true,
    ...(typeof dataDir === 'string' ? { dataDir } : {}),
    words: asksHelp ? words.slice(1) : words,
  };
}

function findGroup(name: string): CommandGroup {
  const group = commandGroups.find((candidate) => candidate.name === name);
  if (group !== undefined) return group;
  const names = commandGroups.map((candidate) => candidate.name);
  throw new UsageError(`There is no command "${name}".${suggest(nearest(name, names))}`);
}

function findSubcommand(group: CommandGroup, commands: readonly Command[], word: string | undefined): Command {
  const names = commands.map(({ name }) => name.slice(group.name.length + 1));
  if (word === undefined) throw new UsageError(`${group.name} needs one of: ${names.join(', ')}.`);
  const command = commands.find(({ name }) => name === `${group.name} ${word}`);
  if (command !== undefined) return command;
  throw new UsageError(`There is no command "${group.name} ${word}".${suggest(nearest(word, names), group.name)}`);
}

function suggest(meant: string | undefined, before = ''): string {
  return meant === undefined ? '' : ` Did you mean "${`${before} ${meant}`.trim()}"?`;
}

async function createContext(dataDir: string | undefined, out: Output): Promise<Context> {
  // Reading the environment costs more than all of `--help`.
  const { loadConfig } = await import('../config.ts');
  const config = loadConfig();
  const server = dataDir === undefined ? '' : ` --data-dir ${quoted(dataDir)}`;
  return {
    config: dataDir === undefined ? config : { ...config, dataDir },
    out,
    commandLine: (command) => `npx hookledger ${command}${server}`,
  };
}

function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function tell(out: Output, text: string): number {
  out.line(text);
  return EXIT.done;
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : 'unknown';
}
