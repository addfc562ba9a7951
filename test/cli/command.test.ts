import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { commandGroups } from '../../src/cli/command-groups.ts';
import { defineCommand, EXIT, needed, oneOf } from '../../src/cli/command.ts';
import { commandHelp } from '../../src/cli/help.ts';
import { createOutput } from '../../src/cli/output.ts';
import { loadConfig } from '../../src/config.ts';

const context = {
  config: loadConfig({}),
  out: createOutput({ isJson: true, stdout: new PassThrough(), stderr: new PassThrough() }),
  commandLine: (text: string) => text,
};

function echo() {
  const seen: unknown[] = [];
  const command = defineCommand({
    name: 'keys echo',
    summary: 'Echo',
    arguments: ['<id>', '[name]'],
    options: {
      role: { type: 'string', value: 'R', description: 'Role' },
      secret: { type: 'string', multiple: true, value: 'S', description: 'Secret' },
      forge: { type: 'boolean', description: 'Forge' },
    },
    examples: ['keys echo a'],
    async run({ values, positionals }) {
      seen.push({ ...values }, positionals);
      return EXIT.done;
    },
  });
  return { command, seen };
}

describe('what a command is given', () => {
  test('is its options by their types, and its arguments', async () => {
    const { command, seen } = echo();
    await command.run(['a', '--role', 'ops', '--secret=x', '--secret', 'y', '--forge', '--json'], context);
    expect(seen).toEqual([{ role: 'ops', secret: ['x', 'y'], forge: true, json: true }, ['a']]);
  });

  test.each([
    [['a', '--rle', 'x'], 'keys echo has no option --rle. Did you mean --role?'],
    [['a', '--bogus'], 'keys echo has no option --bogus.'],
    [['a', '--role'], "Option '--role <value>' argument missing."],
    [['a', '--forge=yes'], "Option '--forge' does not take an argument."],
    [[], 'keys echo needs <id>.'],
    [['a', 'b', 'c'], 'keys echo takes <id> [name]; "c" is too much. Quote a value that holds spaces.'],
  ])('%j is wrong usage', async (args, message) => {
    const { command, seen } = echo();
    await expect(async () => command.run(args, context)).rejects.toMatchObject({ code: 'wrong_usage', message });
    expect(seen).toEqual([]);
  });

  test('an option that is needed, and one of few words, name themselves', () => {
    expect(() => needed(undefined, '--role')).toThrow('--role is missing.');
    expect(() => oneOf(['live', 'test'], 'prod', '--mode')).toThrow('--mode is one of live, test, not "prod".');
  });
});

describe.each(commandGroups.map((group) => [group.name, group] as const))('%s', (name, group) => {
  test('has commands of that name, each with examples that call it', async () => {
    const commands = await group.load();
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) {
      expect(command.name === name || command.name.startsWith(`${name} `)).toBe(true);
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) expect(example.startsWith(command.name)).toBe(true);
      expect(commandHelp(command)).toContain(`Usage: hookledger ${command.name}`);
    }
  });
});
