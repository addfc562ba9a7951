import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The peers are nothing that Hookledger needs: they are installed beside the benches when they are first asked for. */
export function installPeers(note: (text: string) => void): void {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const { dependencies } = JSON.parse(readFileSync(`${here}/package.json`, 'utf8')) as { dependencies: object };
  if (Object.keys(dependencies).every((name) => existsSync(`${here}/node_modules/${name}`))) return;
  note('installing the peers …');
  const { status } = spawnSync('npm', ['ci', '--prefix', here, '--no-audit', '--no-fund'], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('The peers could not be installed: npm ci in test/bench failed.');
}
