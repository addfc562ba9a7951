import { addAccountMapping } from '../../tenants/add-account-mapping.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, needed } from '../command.ts';
import { parseLimit } from '../parse-values.ts';
import { listMappings } from '../queries/list-mappings.ts';
import { readDatabase } from '../read-database.ts';
import { snakeCased } from '../snake-cased.ts';

const add = defineCommand({
  name: 'mappings add',
  summary: "Say which tenant a provider's id belongs to",
  description: [
    'From now on, things that carry the id and begin within the validity belong to the tenant.',
    'What was there before stays where it is.',
    'Safe to repeat. With --json: {"added"}, false when just this mapping was there.',
  ].join('\n'),
  options: {
    provider: { type: 'string', value: 'P', description: 'The provider, as the source names it' },
    account: { type: 'string', value: 'A', description: 'Our account there, as the source names it' },
    'external-id': {
      type: 'string',
      value: 'X',
      description: 'Id at the provider: a customer (cus_…), an agent (agent_…)',
    },
    tenant: { type: 'string', value: 'ID', description: 'The tenant that it belongs to' },
    from: { type: 'string', value: 'TIME', description: 'ISO 8601; since ever when left out' },
    to: { type: 'string', value: 'TIME', description: 'ISO 8601, no longer in it; for ever when left out' },
  },
  examples: [
    'mappings add --provider stripe --account acct_1Qx --external-id cus_9 --tenant tnt_…',
    'mappings add --provider retell --account org_7f --external-id agent_3 --tenant tnt_… --from 2026-11-01T00:00:00Z',
  ],
  async run({ values, ...context }) {
    const { out } = context;
    const command = {
      provider: needed(values.provider, '--provider'),
      account: needed(values.account, '--account'),
      externalId: needed(values['external-id'], '--external-id'),
      tenantId: needed(values.tenant, '--tenant'),
      ...(values.from === undefined ? {} : { validFrom: values.from }),
      ...(values.to === undefined ? {} : { validTo: values.to }),
    };
    const { added } = await withAdministration(context, (deps) => addAccountMapping(deps, command));
    out.json({ added });
    out.line(
      added
        ? `${command.externalId} of ${command.provider} belongs to ${command.tenantId} from now on.`
        : `${command.externalId} of ${command.provider} belongs to ${command.tenantId} already.`,
    );
    return EXIT.done;
  },
});

const list = defineCommand({
  name: 'mappings list',
  summary: 'List the account mappings',
  options: {
    tenant: { type: 'string', value: 'ID', description: 'Of this tenant only' },
    limit: { type: 'string', value: 'N', description: 'At most so many; 100 when left out' },
  },
  examples: ['mappings list', 'mappings list --tenant tnt_…'],
  async run({ values, ...context }) {
    const limit = parseLimit(values.limit, 100);
    const mappings = await readDatabase(context, (tx) => listMappings(tx, { tenantId: values.tenant, limit }));
    context.out.json(mappings.map(snakeCased));
    context.out.table(
      ['provider', 'account', 'external id', 'tenant', 'from', 'to'],
      mappings.map((mapping) => [
        mapping.provider,
        mapping.account,
        mapping.externalId,
        mapping.tenantId,
        mapping.validFrom ?? 'ever',
        mapping.validTo ?? 'for ever',
      ]),
    );
    return EXIT.done;
  },
});

export const commands = [add, list];
