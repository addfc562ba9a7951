import { existsSync } from 'node:fs';
import { request } from 'node:http';

const unixScheme = 'unix://';

/**
 * Whether a Docker engine answers within a second: the one of DOCKER_HOST, else the one on the usual socket. Where the
 * socket is missing, the answer costs nothing. One over the network is taken at its word: starting a container tells.
 */
export async function isDockerAnswering(): Promise<boolean> {
  const host = process.env['DOCKER_HOST'] ?? `${unixScheme}/var/run/docker.sock`;
  if (!host.startsWith(unixScheme)) return true;
  const socketPath = host.slice(unixScheme.length);
  if (!existsSync(socketPath)) return false;
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy(new Error('no answer')));
    ping.on('error', () => resolve(false));
    ping.end();
  });
}
