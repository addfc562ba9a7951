import { createApiKey } from '../../tenants/create-api-key.ts';
import { listApiKeys } from '../../tenants/list-api-keys.ts';
import { ROLES } from '../../tenants/principal.ts';
import { revokeApiKey } from '../../tenants/revoke-api-key.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, needed, oneOf } from '../command.ts';
import { formatTime } from '../format-time.ts';
import { snakeCased } from '../snake-cased.ts';

const create = defineCommand({
  name: 'keys create',
  summary: 'Make a key for the HTTP API',
  description: 'The key is told this once; only its hash is kept. With --json: {"key", "id"}.',
  options: {
    role: { type: 'string', value: ROLES.join('|'), description: 'What it may do' },
    tenant: { type: 'string', value: 'ID', description: 'It sees this tenant only; everything when left out' },
  },
  examples: ['keys create --role finance', 'keys create --role finance --tenant tnt_… --json'],
  async run({ values, ...context }) {
    const { out } = context;
    const role = oneOf(ROLES, needed(values.role, '--role'), '--role');
    const { id, key } = await withAdministration(context, (deps) =>
      createApiKey(deps, { role, tenantId: values.tenant }),
    );
    out.json({ key, id });
    out.line(
      `Key ${id}, role ${role}${values.tenant === undefined ? '' : `, tenant ${values.tenant}`}. It is shown this once:`,
    );
    out.line(out.style('bold', key));
    return EXIT.done;
  },
});

const list = defineCommand({
  name: 'keys list',
  summary: 'List the keys, without what they open with',
  options: {},
  examples: ['keys list'],
  async run(context) {
    const keys = await withAdministration(context, listApiKeys);
    context.out.json(keys.map(snakeCased));
    context.out.table(
      ['id', 'role', 'tenant', 'created', 'revoked'],
      keys.map(({ id, role, tenantId, createdAt, revokedAt }) => [
        id,
        role,
        tenantId ?? 'all',
        formatTime(createdAt),
        formatTime(revokedAt),
      ]),
    );
    return EXIT.done;
  },
});

const revoke = defineCommand({
  name: 'keys revoke',
  summary: 'End a key for good',
  description: 'It opens nothing any more, everywhere within a second.',
  arguments: ['<id>'],
  options: {},
  examples: ['keys revoke key_…'],
  async run({ positionals: [id = ''], ...context }) {
    await withAdministration(context, (deps) => revokeApiKey(deps, { id }));
    context.out.json({ id });
    context.out.line(`Revoked ${id}.`);
    return EXIT.done;
  },
});

export const commands = [create, list, revoke];
