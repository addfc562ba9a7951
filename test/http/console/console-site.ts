import type { AddressInfo } from 'node:net';
import express from 'express';
import { createConsoleRouter } from '../../../src/http/console/console-router.ts';
import { problemHandler } from '../../../src/http/problem.ts';
import { createNormalise } from '../../../src/ingest/normalise.ts';
import { retell } from '../../../src/ingest/providers/retell.ts';
import { stripe } from '../../../src/ingest/providers/stripe.ts';
import { uuidv7 } from '../../../src/platform/ids.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { createSignInLink } from '../../../src/tenants/create-sign-in-link.ts';
import { createOrm } from '../../../src/tenants/orm.ts';
import type { Role } from '../../../src/tenants/principal.ts';
import type { TestDatabase } from '../../support/database.ts';

export type ConsoleSite = Readonly<{
  url: string;
  /** Address of a fresh one-time link. */
  signInUrl(role: Role, tenantId?: string): Promise<string>;
  close(): Promise<void>;
}>;

/** The console on a socket of its own, over a real database. Sign-in links and sessions go by the machine's clock. */
export async function startConsole(database: TestDatabase): Promise<ConsoleSite> {
  const logger = createLogger({ level: 'error' });
  const clock = { now: () => new Date() };
  const orm = createOrm(database.appUrl, { logger });
  const app = express();
  app.set('query parser', 'simple');
  app.use(
    '/console',
    createConsoleRouter({
      pool: database.pool,
      orm,
      clock,
      newId: uuidv7,
      normalise: createNormalise([stripe, retell]),
      onAppended: () => undefined,
      providers: ['stripe', 'retell'],
    }),
  );
  app.use(problemHandler({ logger }));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${isInet(address) ? address.port : 0}/console`;
  return {
    url,
    signInUrl: async (role, tenantId) => {
      const { token } = await createSignInLink({ orm, clock }, { role, tenantId });
      return `${url}/sign-in?token=${token}`;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await orm.close(true);
    },
  };
}

function isInet(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
