import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { PROVIDERS } from '../../src/app.ts';
import { describeProviders } from '../../src/dev/describe-providers.ts';

test('docs/providers.md tells what the mappings make of every sample', () => {
  const committed = readFileSync(new URL('../../docs/providers.md', import.meta.url), 'utf8');
  if (committed !== describeProviders(PROVIDERS)) {
    throw new Error(
      'docs/providers.md is not what the mappings do. Run `npm run docs`, look at the difference, commit it.',
    );
  }
  for (const { name } of PROVIDERS) expect(committed).toContain(`\n## ${name}\n`);
});
