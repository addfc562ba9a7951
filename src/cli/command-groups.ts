import type { Command } from './command.ts';

/** Commands under one first word. Loaded only when that word is said, so that `--help` answers at once. */
export type CommandGroup = Readonly<{
  name: string;
  summary: string;
  load(): Promise<readonly Command[]>;
}>;

export const commandGroups: readonly CommandGroup[] = [
  {
    name: 'start',
    summary: 'Start the server, with everything it needs',
    load: async () => (await import('./commands/start.ts')).commands,
  },
  {
    name: 'demo',
    summary: 'Show the whole way on a realistic stream of webhooks',
    load: async () => (await import('./commands/demo.ts')).commands,
  },
  {
    name: 'migrate',
    summary: 'Bring the database to the schema of this version',
    load: async () => (await import('./commands/migrate.ts')).commands,
  },
  {
    name: 'status',
    summary: 'Say how far everything is, and what is wrong',
    load: async () => (await import('./commands/status.ts')).commands,
  },
  {
    name: 'doctor',
    summary: 'Find what fails without saying so, and say what to do',
    load: async () => (await import('./commands/doctor.ts')).commands,
  },
  {
    name: 'send',
    summary: 'Send a signed sample webhook to the running server',
    load: async () => (await import('./commands/send.ts')).commands,
  },
  {
    name: 'webhooks',
    summary: 'Webhooks that came in, and the story of one',
    load: async () => (await import('./commands/webhooks.ts')).commands,
  },
  {
    name: 'events',
    summary: 'The event log',
    load: async () => (await import('./commands/events.ts')).commands,
  },
  {
    name: 'projections',
    summary: 'Read models and how far they have folded',
    load: async () => (await import('./commands/projections.ts')).commands,
  },
  {
    name: 'relay',
    summary: 'Lanes of the outbox and depths of the queues',
    load: async () => (await import('./commands/relay.ts')).commands,
  },
  {
    name: 'dead-letters',
    summary: 'Jobs that ended without success',
    load: async () => (await import('./commands/dead-letters.ts')).commands,
  },
  {
    name: 'effects',
    summary: 'Calls to the outside, and those that are uncertain',
    load: async () => (await import('./commands/effects.ts')).commands,
  },
  {
    name: 'timers',
    summary: 'Work that is due later',
    load: async () => (await import('./commands/timers.ts')).commands,
  },
  {
    name: 'retention',
    summary: 'What is old and settled, and goes',
    load: async () => (await import('./commands/retention.ts')).commands,
  },
  {
    name: 'rejections',
    summary: 'Requests that were refused, and why',
    load: async () => (await import('./commands/rejections.ts')).commands,
  },
  {
    name: 'conflicts',
    summary: 'Webhooks with a known key and another body',
    load: async () => (await import('./commands/conflicts.ts')).commands,
  },
  {
    name: 'tenants',
    summary: 'Whom the platform serves',
    load: async () => (await import('./commands/tenants.ts')).commands,
  },
  {
    name: 'sources',
    summary: 'Accounts at providers that send webhooks here',
    load: async () => (await import('./commands/sources.ts')).commands,
  },
  {
    name: 'mappings',
    summary: "Which tenant a provider's id belongs to",
    load: async () => (await import('./commands/mappings.ts')).commands,
  },
  {
    name: 'plans',
    summary: 'Price plans, and who has which',
    load: async () => (await import('./commands/plans.ts')).commands,
  },
  {
    name: 'rates',
    summary: 'Cost rates: what providers charge us',
    load: async () => (await import('./commands/rates.ts')).commands,
  },
  {
    name: 'costs',
    summary: 'Fixed costs of providers, and who bears them',
    load: async () => (await import('./commands/costs.ts')).commands,
  },
  {
    name: 'fx',
    summary: 'Rates of exchange',
    load: async () => (await import('./commands/fx.ts')).commands,
  },
  {
    name: 'payouts',
    summary: 'What payouts of a provider consist of',
    load: async () => (await import('./commands/payouts.ts')).commands,
  },
  {
    name: 'finance',
    summary: 'Reports of usage, cost, billing and cash, as tables, CSV or JSON',
    load: async () => (await import('./commands/finance.ts')).commands,
  },
  {
    name: 'statements',
    summary: 'Billing statements: draft, issue, show, link to an invoice',
    load: async () => (await import('./commands/statements.ts')).commands,
  },
  {
    name: 'periods',
    summary: 'Months of the books: close, reopen, what stands open',
    load: async () => (await import('./commands/periods.ts')).commands,
  },
  {
    name: 'keys',
    summary: 'Keys of the HTTP API',
    load: async () => (await import('./commands/keys.ts')).commands,
  },
  {
    name: 'console',
    summary: 'Sign in to the console in the browser',
    load: async () => (await import('./commands/console.ts')).commands,
  },
];
