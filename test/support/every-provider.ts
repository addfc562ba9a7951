import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { PROVIDERS } from '../../src/app.ts';
import { signWebhook, webhookQuery } from '../../src/dev/sign-webhook.ts';
import type { SampleProvider } from '../../src/dev/samples/sample-webhook.ts';
import type { IngestWebhook } from '../../src/ingest/ingest-webhook.ts';
import { createIngestWebhook } from '../../src/ingest/ingest-webhook.ts';
import type { RejectionLog } from '../../src/ingest/rejection-log.ts';
import { createRejectionLog } from '../../src/ingest/rejection-log.ts';
import { createWebhookRecorder } from '../../src/ingest/webhook-recorder.ts';
import { uuidv7 } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createSource } from '../../src/tenants/create-source.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import { createSourceCatalogue } from '../../src/tenants/source-catalogue.ts';
import { createTenantResolver } from '../../src/tenants/tenant-resolver.ts';
import type { TestDatabase } from './database.ts';

export const EVERY_PROVIDER = ['stripe', 'retell', 'gohighlevel', 'twilio', 'standard-webhooks', 'custom'] as const;
export type AnyProvider = (typeof EVERY_PROVIDER)[number];

/** Two sources that differ in their secret, and one that has none yet. */
type Role = 'ours' | 'other' | 'secretless';

export type SignedWebhook = Readonly<{
  /** Path and query. */
  url: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}>;

/** The ingest as the application builds it, over every provider, at a time that stands still. */
export type EveryProvider = Readonly<{
  ingest: IngestWebhook;
  rejections: RejectionLog;
  sourceId(provider: AnyProvider, role?: Role): string;
  /** As the provider would send that body to that source. */
  sign(
    provider: AnyProvider,
    body: Buffer,
    options?: Readonly<{ to?: Role; withSecretOf?: 'ours' | 'other'; atMs?: number; origin?: string }>,
  ): SignedWebhook;
  close(): Promise<void>;
}>;

export const NOW = new Date('2026-11-24T10:00:00.000Z');
export const ORIGIN = 'https://hooks.example.com';

const CUSTOM_SETTINGS = {
  header: 'x-sample-signature',
  pattern: '^t=(?<timestamp>\\d+),v1=(?<signature>[0-9a-f]+)$',
  signedContent: '{timestamp}.{body}',
  algorithm: 'hmac-sha256',
  idPath: '/id',
};

type Keys = Readonly<{ secret: string; publicKey?: string }>;

function newKeys(provider: AnyProvider): Keys {
  if (provider !== 'gohighlevel') return { secret: `whsec_${randomBytes(24).toString('base64')}` };
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    secret: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  };
}

export async function createEveryProvider({ pool, appUrl }: TestDatabase): Promise<EveryProvider> {
  const missing = PROVIDERS.filter(({ name }) => !EVERY_PROVIDER.some((each) => each === name));
  if (missing.length > 0) throw new Error(`Add ${missing.map(({ name }) => name).join(', ')} to EVERY_PROVIDER.`);
  const logger = createLogger({ level: 'silent' });
  const orm = createOrm(appUrl, { logger });
  const masterKey = randomBytes(32);
  const clock = { now: () => NOW };
  const sources = new Map<string, string>();
  const keys = new Map<string, Keys>();
  for (const provider of EVERY_PROVIDER) {
    for (const role of ['ours', 'other', 'secretless'] as const) {
      const { secret, publicKey } = newKeys(provider);
      const isSecretless = role === 'secretless';
      const key = isSecretless && publicKey !== undefined ? 'no key' : publicKey;
      const { id } = await createSource(
        { orm, masterKey },
        {
          provider,
          account: `account_${role}`,
          secrets: isSecretless ? [] : [secret],
          mode: 'test',
          publicUrl: ORIGIN,
          ...(key === undefined ? {} : { publicKey: key }),
          settings: provider === 'custom' ? CUSTOM_SETTINGS : {},
        },
      );
      sources.set(`${provider}/${role}`, id);
      keys.set(`${provider}/${role}`, { secret });
    }
  }
  const rejections = createRejectionLog({ pool, logger });
  const sourceId: EveryProvider['sourceId'] = (provider, role = 'ours') => sources.get(`${provider}/${role}`) ?? '';
  return {
    rejections,
    sourceId,
    ingest: createIngestWebhook({
      providers: PROVIDERS,
      sources: createSourceCatalogue({ pool, masterKey, clock }),
      tenants: createTenantResolver({ pool, clock }),
      recorder: createWebhookRecorder({ pool, logger, onRecorded: () => undefined }),
      rejections,
      clock,
      newId: uuidv7,
      logger,
    }),
    sign(provider, body, { to = 'ours', withSecretOf = 'ours', atMs = NOW.getTime(), origin = ORIGIN } = {}) {
      const { secret = '' } = keys.get(`${provider}/${withSecretOf}`) ?? {};
      const path = `/webhooks/${provider}/${sourceId(provider, to)}`;
      if (provider === 'custom') return { url: path, headers: signCustom(body, secret, atMs), body };
      const headers = signWebhook(provider, body, secret, atMs, `${origin}${path}`);
      return { url: `${path}${webhookQuery(provider satisfies SampleProvider, body)}`, headers, body };
    },
    async close() {
      await rejections.close();
      await orm.close(true);
    },
  };
}

function signCustom(body: Buffer, secret: string, atMs: number): Readonly<Record<string, string>> {
  const seconds = Math.floor(atMs / 1000);
  const digest = createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');
  return { 'content-type': 'application/json', 'x-sample-signature': `t=${seconds},v1=${digest}` };
}
