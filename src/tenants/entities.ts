import { defineEntity, p } from '@mikro-orm/postgresql';
import { BOOKS, MODES } from '../domain/stream.ts';
import { ROLES } from './principal.ts';

const schema = 'hookledger';

/** What people administer and nothing folds; the migrations own the tables, these only read and write them. */
export const TenantEntity = defineEntity({
  name: 'Tenant',
  tableName: 'tenants',
  schema,
  properties: { id: p.text().primary(), name: p.text(), createdAt: p.datetime().defaultRaw('clock_timestamp()') },
});

export const SourceEntity = defineEntity({
  name: 'Source',
  tableName: 'sources',
  schema,
  properties: {
    id: p.text().primary(),
    provider: p.text(),
    account: p.text(),
    mode: p.enum(MODES),
    books: p.enum(BOOKS),
    defaultTenantId: p.text().nullable(),
    publicUrl: p.text().nullable(),
    publicKey: p.text().nullable(),
    /** Sealed, newest first. */
    secrets: p.json<readonly string[]>(),
    settings: p.json<Readonly<Record<string, unknown>>>().defaultRaw(`'{}'`),
    createdAt: p.datetime().defaultRaw('clock_timestamp()'),
  },
});

export const ApiKeyEntity = defineEntity({
  name: 'ApiKey',
  tableName: 'api_keys',
  schema,
  properties: {
    id: p.text().primary(),
    keyHash: p.blob(),
    role: p.enum(ROLES),
    tenantId: p.text().nullable(),
    createdAt: p.datetime().defaultRaw('clock_timestamp()'),
    revokedAt: p.datetime().nullable(),
  },
});

export const SignInLinkEntity = defineEntity({
  name: 'SignInLink',
  tableName: 'sign_in_links',
  schema,
  properties: {
    tokenHash: p.blob().primary(),
    role: p.enum(ROLES),
    tenantId: p.text().nullable(),
    expiresAt: p.datetime(),
    usedAt: p.datetime().nullable(),
  },
});

export const ConsoleSessionEntity = defineEntity({
  name: 'ConsoleSession',
  tableName: 'console_sessions',
  schema,
  properties: {
    tokenHash: p.blob().primary(),
    role: p.enum(ROLES),
    tenantId: p.text().nullable(),
    expiresAt: p.datetime(),
  },
});
