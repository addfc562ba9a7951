import { PROVIDERS } from '../../app.ts';
import { BOOKS, MODES } from '../../domain/stream.ts';
import { checkSettings } from '../../ingest/check-settings.ts';
import { changeSource } from '../../tenants/change-source.ts';
import type { SourceChange } from '../../tenants/change-source.ts';
import { createSource } from '../../tenants/create-source.ts';
import { listSources } from '../../tenants/list-sources.ts';
import { rotateSecret } from '../../tenants/rotate-secret.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, needed, oneOf } from '../command.ts';
import type { Options } from '../command.ts';
import { parseJsonObject } from '../parse-values.ts';
import { snakeCased } from '../snake-cased.ts';
import { UsageError } from '../usage-error.ts';

/** What a source is made with and may be changed later. */
const changeable = {
  tenant: { type: 'string', value: 'ID', description: 'Tenant of whatever no mapping names' },
  'public-url': {
    type: 'string',
    value: 'URL',
    description: 'Where the provider sends to, when it signs the address too',
  },
  'public-key': {
    type: 'string',
    value: 'K',
    description: "The provider's public key, where it is not the official one",
  },
  settings: { type: 'string', value: 'JSON', description: 'What only this provider knows, as one JSON object' },
} as const satisfies Options;

const create = defineCommand({
  name: 'sources create',
  summary: 'Add an account at a provider that sends webhooks here',
  description: [
    'The provider is told to send to the path that it answers, at the public address of this server.',
    'With --json: {"id", "path"}. Until a source has a secret, everything sent to it is refused.',
  ].join('\n'),
  options: {
    provider: { type: 'string', value: 'P', description: PROVIDERS.map(({ name }) => name).join(', ') },
    account: { type: 'string', value: 'A', description: 'Our account there, such as acct_… or org_…' },
    secret: {
      type: 'string',
      multiple: true,
      value: 'S',
      description: 'What the provider signs with; two while it changes',
    },
    mode: { type: 'string', value: 'live|test', description: 'Never mixed with the other; live when left out' },
    books: { type: 'string', value: 'platform|tenant', description: 'Whose money it is; platform when left out' },
    ...changeable,
  },
  examples: [
    'sources create --provider stripe --account acct_1Qx --secret whsec_… --mode test',
    'sources create --provider retell --account org_7f --secret key_… --tenant tnt_… --json',
  ],
  async run({ values, ...context }) {
    const { out } = context;
    const command = {
      provider: needed(values.provider, '--provider'),
      account: needed(values.account, '--account'),
      secrets: values.secret ?? [],
      mode: oneOf(MODES, values.mode ?? 'live', '--mode'),
      books: oneOf(BOOKS, values.books ?? 'platform', '--books'),
      publicUrl: values['public-url'],
      publicKey: values['public-key'],
      defaultTenantId: values.tenant,
      settings: parseJsonObject(values.settings ?? '{}', '--settings'),
    };
    const fault = faultOf(command.provider, command.settings);
    if (fault !== undefined) throw new UsageError(fault);
    const { id, path, url } = await withAdministration(context, async (deps) => ({
      ...(await createSource({ orm: deps.orm, masterKey: deps.masterKey() }, command)),
      url: command.publicUrl?.replace(/\/+$/, '') ?? context.config.publicUrl ?? deps.server?.url ?? '',
    }));
    out.json({ id, path });
    out.line(`Created ${id}, the ${command.mode} account ${command.account} of ${command.provider}.`);
    out.line(`It sends to: ${out.style('bold', `${url}${path}`)}`);
    // GoHighLevel signs with its own key, which everyone knows.
    if (command.secrets.length === 0 && command.publicKey === undefined && command.provider !== 'gohighlevel') {
      out.line(
        `Everything is refused until it has a secret: ${context.commandLine(`sources rotate-secret ${id} --secret …`)}`,
      );
    }
    return EXIT.done;
  },
});

const list = defineCommand({
  name: 'sources list',
  summary: 'List the sources, without their secrets',
  description: 'With --json their settings, too.',
  options: {},
  examples: ['sources list'],
  async run(context) {
    const sources = await withAdministration(context, listSources);
    context.out.json(sources.map(snakeCased));
    context.out.table(
      ['id', 'provider', 'account', 'mode', 'books', 'default tenant', { title: 'secrets', align: 'right' }, 'path'],
      sources.map((source) => [
        source.id,
        source.provider,
        source.account,
        source.mode,
        source.books,
        source.defaultTenantId ?? '-',
        String(source.liveSecrets),
        source.path,
      ]),
    );
    return EXIT.done;
  },
});

const rotate = defineCommand({
  name: 'sources rotate-secret',
  summary: 'Give a source a new secret, with which the provider signs from now on',
  description: 'The secret before it stays live, so that the provider can change over; older ones end.',
  arguments: ['<source>'],
  options: {
    secret: { type: 'string', value: 'S', description: 'The new secret' },
    'end-previous': { type: 'boolean', description: 'End every other secret at once: one of them leaked' },
  },
  examples: [
    'sources rotate-secret src_… --secret whsec_…',
    'sources rotate-secret src_… --secret whsec_… --end-previous',
  ],
  async run({ values, positionals: [sourceId = ''], ...context }) {
    const secret = needed(values.secret, '--secret');
    const keepPrevious = values['end-previous'] !== true;
    await withAdministration(context, (deps) =>
      rotateSecret({ orm: deps.orm, masterKey: deps.masterKey() }, { sourceId, secret, keepPrevious }),
    );
    context.out.json({ id: sourceId });
    context.out.line(
      `${sourceId} has its new secret; ${keepPrevious ? 'the one before it stays live' : 'every other one has ended'}. It holds within a second.`,
    );
    return EXIT.done;
  },
});

const set = defineCommand({
  name: 'sources set',
  summary: 'Change what a source was made with',
  description: [
    'What is left out stays; an empty value takes away what was there. --settings replaces the settings whole:',
    'sources list --json shows the present ones. Provider, account, mode and books never change.',
    'Safe to repeat. With --json: {"id", "changes": [{"field", "before", "after"}]}.',
  ].join('\n'),
  arguments: ['<source>'],
  options: changeable,
  examples: [
    'sources set src_… --public-url https://hooks.example.com',
    `sources set src_… --settings '{"connectedAccounts":["acct_2Ab"]}'`,
    "sources set src_… --tenant ''",
  ],
  async run({ values, positionals: [sourceId = ''], ...context }) {
    const { settings, tenant, 'public-url': publicUrl, 'public-key': publicKey } = values;
    if ([settings, tenant, publicUrl, publicKey].every((value) => value === undefined)) {
      throw new UsageError('sources set needs what to set: --public-url, --public-key, --settings or --tenant.');
    }
    const command = {
      sourceId,
      publicUrl: orNone(publicUrl),
      publicKey: orNone(publicKey),
      defaultTenantId: orNone(tenant),
      settings: settings === undefined ? undefined : parseJsonObject(settings || '{}', '--settings'),
    };
    const changes = await withAdministration(context, ({ orm }) =>
      changeSource({ orm, checkSettings: faultOf }, command),
    );
    context.out.json({ id: sourceId, changes: changes.map((change) => ({ ...change, field: NAMES[change.field] })) });
    for (const { field, before, after } of changes) {
      context.out.line(`${NAMES[field]}: ${shown(before)} → ${shown(after)}`);
    }
    context.out.line(
      changes.length === 0
        ? `${sourceId} was like that already; nothing changed.`
        : `${sourceId} is changed. It holds within a second.`,
    );
    return EXIT.done;
  },
});

const NAMES: Readonly<Record<SourceChange['field'], string>> = {
  publicUrl: 'public_url',
  publicKey: 'public_key',
  settings: 'settings',
  defaultTenantId: 'default_tenant_id',
};

function orNone(value: string | undefined): string | null | undefined {
  return value === '' ? null : value;
}

function shown(value: unknown): string {
  if (value === null) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What is wrong with the settings of a source; undefined when they hold, or nobody here knows its provider. */
function faultOf(providerName: string, settings: Readonly<Record<string, unknown>>): string | undefined {
  const provider = PROVIDERS.find(({ name }) => name === providerName);
  return provider && checkSettings(provider, settings);
}

export const commands = [create, list, set, rotate];
