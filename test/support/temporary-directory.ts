import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own for one test, and its removal. */
export function createTemporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'hookledger-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
