import { existsSync } from 'node:fs';
import { request } from 'node:http';

const socketPath = '/var/run/docker.sock';

/** Whether a Docker engine answers within a second. Where its socket is missing, the answer costs nothing. */
export async function isDockerAnswering(): Promise<boolean> {
  if (process.env['DOCKER_HOST'] !== undefined) return true;
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
