import { createTenant } from '../../tenants/create-tenant.ts';
import { listTenants } from '../../tenants/list-tenants.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT } from '../command.ts';
import { formatTime } from '../format-time.ts';
import { snakeCased } from '../snake-cased.ts';

const create = defineCommand({
  name: 'tenants create',
  summary: 'Create a tenant, whom the platform serves',
  description: 'With --json: {"id"}.',
  arguments: ['<name>'],
  options: {},
  examples: ['tenants create "Alder Dental"', 'tenants create "Alder Dental" --json'],
  async run({ positionals: [name = ''], ...context }) {
    const { out, commandLine } = context;
    const { id } = await withAdministration(context, (deps) => createTenant(deps, { name }));
    out.json({ id });
    out.line(`Created ${name}: ${out.style('bold', id)}`);
    out.line(`Say which ids of a provider are its own: ${commandLine(`mappings add --tenant ${id} --help`)}`);
    return EXIT.done;
  },
});

const list = defineCommand({
  name: 'tenants list',
  summary: 'List the tenants',
  options: {},
  examples: ['tenants list'],
  async run(context) {
    const tenants = await withAdministration(context, listTenants);
    context.out.json(tenants.map(snakeCased));
    context.out.table(
      ['id', 'name', 'created'],
      tenants.map(({ id, name, createdAt }) => [id, name, formatTime(createdAt)]),
    );
    return EXIT.done;
  },
});

export const commands = [create, list];
