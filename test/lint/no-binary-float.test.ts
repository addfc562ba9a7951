import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');

/** Lints one file of `src/` with the project's own settings, and answers what the rule says. */
async function lint(file: string, code: string): Promise<readonly string[]> {
  const directory = createTemporaryDirectory();
  try {
    const settings = z.looseObject({}).parse(JSON.parse(await readFile(path.join(root, '.oxlintrc.json'), 'utf8')));
    const plugins = [path.join(root, 'test/lint/money-plugin.js')];
    await writeFile(path.join(directory.path, '.oxlintrc.json'), JSON.stringify({ ...settings, jsPlugins: plugins }));
    await mkdir(path.dirname(path.join(directory.path, file)), { recursive: true });
    await writeFile(path.join(directory.path, file), code);
    const answer = await run(path.join(root, 'node_modules/.bin/oxlint'), ['--format=json', file], {
      cwd: directory.path,
    }).catch((failure: unknown) => z.looseObject({ stdout: z.string() }).parse(failure));
    const { diagnostics } = z
      .looseObject({ diagnostics: z.array(z.looseObject({ code: z.string().optional(), message: z.string() })) })
      .parse(JSON.parse(answer.stdout));
    return diagnostics.filter(({ code }) => code?.includes('no-binary-float')).map(({ message }) => message);
  } finally {
    directory.remove();
  }
}

describe('money/no-binary-float', () => {
  test.each([
    ['export const a = Number(amount);', 'Number()'],
    ['export const a = parseFloat(amount);', 'parseFloat()'],
    ['export const a = Number.parseFloat(amount);', 'Number.parseFloat()'],
    ['export const a = +amount;', 'Unary +'],
    ['export const a = Math.round(amount);', 'Math.round()'],
    ['export const a = amount.toFixed(2);', '.toFixed()'],
    ['export const a = 0.1;', '0.1'],
    ['export const a = 1e-3;', '1e-3'],
    ['export const a = `select sum(cost)::float8 from lines`;', '::float8'],
    ["export const a = 'select cost::double precision';", '::double precision'],
    ['export const a = `select cast(cost as real)`;', 'cast(cost as real'],
  ])('refuses %s', async (line, what) => {
    for (const folder of ['src/domain', 'src/finance/reports', 'src/projections']) {
      const messages = await lint(`${folder}/money.ts`, `declare const amount: any;\n${line}\n`);
      expect(messages).toEqual([expect.stringContaining(what)]);
    }
  });

  test('takes decimal strings, whole numbers and numeric, and whatever lies off the way of money', async () => {
    const exact =
      "export const a = '0.1';\nexport const b = 12;\nexport const c = `select sum(cost)::numeric::text`;\n";
    expect(await lint('src/finance/money.ts', exact)).toEqual([]);
    expect(await lint('src/http/weight.ts', 'export const a = 0.5;\n')).toEqual([]);
  });
});
