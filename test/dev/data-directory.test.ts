import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openDataDirectory } from '../../src/dev/data-directory.ts';
import { claimDirectory, DirectoryInUseError } from '../../src/dev/directory-claim.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

let temporary: ReturnType<typeof createTemporaryDirectory>;
let path: string;

beforeEach(() => {
  temporary = createTemporaryDirectory();
  path = join(temporary.path, 'data', 'demo');
});

afterEach(() => temporary.remove());

const run = { url: 'http://127.0.0.1:3000', adminUrl: 'postgres://admin', appUrl: 'postgres://app' };

function modeOf(file: string): number {
  return statSync(file).mode & 0o777;
}

test('a data directory is made for its owner alone', () => {
  const directory = openDataDirectory(path);
  directory.writeRun(run);
  directory.masterKey();
  expect(modeOf(directory.path)).toBe(0o700);
  expect(modeOf(join(directory.path, 'run.json'))).toBe(0o600);
  expect(modeOf(join(directory.path, 'master.key'))).toBe(0o600);
});

test('a run is found from elsewhere while its process lives, until it is cleared', () => {
  openDataDirectory(path).writeRun(run);
  expect(openDataDirectory(path).findRun()).toMatchObject({ ...run, pid: process.pid });
  openDataDirectory(path).clearRun();
  expect(openDataDirectory(path).findRun()).toBeUndefined();
});

test('what a killed process left behind is no run, even when its number is in use again', () => {
  const directory = openDataDirectory(path);
  writeFileSync(join(path, 'run.json'), JSON.stringify({ ...run, pid: process.pid, startedAt: 'another time' }));
  expect(directory.findRun()).toBeUndefined();
});

test('the master key is 32 bytes, made up once', () => {
  const key = openDataDirectory(path).masterKey();
  expect(Buffer.from(key, 'base64')).toHaveLength(32);
  expect(openDataDirectory(path).masterKey()).toBe(key);
});

test('a directory is claimed by one at a time', () => {
  const claim = claimDirectory(path);
  expect(() => claimDirectory(path)).toThrow(DirectoryInUseError);
  claim.release();
  claimDirectory(path).release();
});

test('the claim of a dead process, or a torn one, is taken over', () => {
  openDataDirectory(path);
  for (const left of [JSON.stringify({ pid: process.pid, startedAt: 'another time' }), '{"pid":']) {
    writeFileSync(join(path, 'owner.json'), left);
    claimDirectory(path).release();
  }
});
