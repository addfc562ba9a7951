import { runDemo } from '../../dev/demo/run-demo.ts';
import { terminationSignal } from '../../platform/shutdown.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../usage-error.ts';

const command = defineCommand({
  name: 'demo',
  summary: 'Show the whole way on a realistic stream of webhooks',
  description: [
    'Starts everything embedded, sends the webhooks of a reseller with three tenants through the real endpoint, waits for',
    'the figures and prints them. Its data is in the directory demo of the data directory. A second run sends the same',
    'again: duplicates, and the same figures. Without --once it goes on serving until Ctrl-C.',
  ].join('\n'),
  options: { once: { type: 'boolean', description: 'Stop when the figures are printed' } },
  examples: ['demo', 'demo --once'],
  async run({ values, config, out }) {
    if (config.isProduction) throw new UsageError('The demo starts embedded servers, which production does not have.');
    return runDemo({ config, out, once: values.once === true, signal: terminationSignal() });
  },
});

export const commands = [command];
