import { writeFileSync } from 'node:fs';
import { PROVIDERS } from '../app.ts';
import { describeProviders } from './describe-providers.ts';

/** `npm run docs` */
writeFileSync(new URL('../../docs/providers.md', import.meta.url), describeProviders(PROVIDERS));
