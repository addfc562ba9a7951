import type { AddressInfo } from 'node:net';
import express from 'express';
import { createRequireRole } from '../../../src/http/auth.ts';
import { problemHandler } from '../../../src/http/problem.ts';
import { createV1Router } from '../../../src/http/v1/v1-router.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import type { Pool } from '../../../src/platform/postgres.ts';
import { principal, ROLES } from '../../../src/tenants/principal.ts';

export type Answer = Readonly<{ status: number; body: Record<string, any> }>;

export type Api = Readonly<{
  /** `key`: a role, or `role@tenant`. */
  get(path: string, key?: string): Promise<Answer>;
  close(): Promise<void>;
}>;

/** The /v1 routes on a socket of their own, at a fixed time. Keys are spelled out: looking them up is tested elsewhere. */
export async function startApi(pool: Pool, now = new Date('2026-03-25T12:00:00Z')): Promise<Api> {
  const app = express();
  app.set('query parser', 'simple');
  const requireRole = createRequireRole({
    authenticate: async (key) => {
      const [name, tenantId] = key.split('@');
      const role = ROLES.find((candidate) => candidate === name);
      return role && principal(role, tenantId);
    },
  });
  app.use('/v1', createV1Router({ pool, clock: { now: () => now }, requireRole }));
  app.use(problemHandler({ logger: createLogger({ level: 'error' }) }));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    get: async (path, key = 'admin') => {
      const headers = key === '' ? {} : { authorization: `Bearer ${key}` };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      return { status: response.status, body: (await response.json()) as Record<string, any> };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
