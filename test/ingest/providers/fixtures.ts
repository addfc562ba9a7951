import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { reportNotProven } from '../../support/test-run.ts';

/** Samples of many public sources, beside the repository where they are at hand; they are no part of it. */
const FOLDER = '../shared/fixtures/';

export type Fixture = Readonly<{ name: string; body: Buffer }>;

/** The sample bodies of a provider; none, and a note at the end of the run, where there are none. */
export function readFixtures(provider: string): readonly Fixture[] {
  const folder = locate(`${provider}/`);
  if (folder === undefined) return [];
  return readdirSync(folder).map((name) => ({ name, body: readFileSync(new URL(name, folder)) }));
}

/** A text file of that folder; undefined, and a note at the end of the run, where it is not. */
export function readFixtureText(path: string): string | undefined {
  const file = locate(path);
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}

function locate(path: string): URL | undefined {
  const repository = new URL('../../../', import.meta.url);
  const location = new URL(`${FOLDER}${path}`, repository);
  if (existsSync(location)) return location;
  reportNotProven(`the public samples in ${FOLDER}${path}, which is not there`);
  return undefined;
}
