import { createSignInLink } from '../../tenants/create-sign-in-link.ts';
import { ROLES } from '../../tenants/principal.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, oneOf } from '../command.ts';
import { urlOfServer } from '../environment.ts';
import { formatTime } from '../format-time.ts';

const signIn = defineCommand({
  name: 'console sign-in',
  summary: 'Make a link that signs one browser in to the console, once',
  options: {
    role: { type: 'string', value: ROLES.join('|'), description: 'What the session may see; admin when left out' },
    tenant: { type: 'string', value: 'ID', description: 'It sees this tenant only; everything when left out' },
    url: { type: 'string', value: 'URL', description: 'Address of the server, when it is not the one found here' },
  },
  examples: ['console sign-in', 'console sign-in --role finance --url https://hooks.example.com'],
  async run({ values, ...context }) {
    const { out } = context;
    const role = oneOf(ROLES, values.role ?? 'admin', '--role');
    const { url, expiresAt } = await withAdministration(
      context,
      async (deps) => {
        const server = urlOfServer(values.url, deps, context.config);
        const link = await createSignInLink(deps, { role, tenantId: values.tenant });
        return { url: `${server}/console/sign-in?token=${link.token}`, expiresAt: link.expiresAt };
      },
      { isForServer: true },
    );
    out.json({ url, expires_at: expiresAt });
    out.line(out.style('bold', url));
    out.line(`It signs in once, as ${role}, until ${formatTime(expiresAt)}.`);
    return EXIT.done;
  },
});

export const commands = [signIn];
