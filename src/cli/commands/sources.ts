import { PROVIDERS } from '../../app.ts';
import { BOOKS, MODES } from '../../domain/stream.ts';
import { checkSettings } from '../../ingest/check-settings.ts';
import { createSource } from '../../tenants/create-source.ts';
import { listSources } from '../../tenants/list-sources.ts';
import { rotateSecret } from '../../tenants/rotate-secret.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, needed, oneOf } from '../command.ts';
import { parseJsonObject } from '../parse-values.ts';
import { snakeCased } from '../snake-cased.ts';
import { UsageError } from '../usage-error.ts';

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
    const provider = PROVIDERS.find(({ name }) => name === command.provider);
    const fault = provider && checkSettings(provider, command.settings);
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

export const commands = [create, list, rotate];
