import { existsSync, readFileSync } from 'node:fs';
import { SAMPLE_PROVIDERS, sampleTypes } from '../../dev/samples/sample-webhook.ts';
import type { SampleProvider } from '../../dev/samples/sample-webhook.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { findWebhook } from '../../finance/webhooks.ts';
import { chooseSource } from '../choose-source.ts';
import type { ChosenSource } from '../choose-source.ts';
import { defineCommand, EXIT, oneOf } from '../command.ts';
import type { Context } from '../command.ts';
import { urlOfServer, withEnvironment } from '../environment.ts';
import type { Environment } from '../environment.ts';
import { makeSample } from '../make-sample.ts';
import { nearest } from '../../platform/nearest.ts';
import { parseCount } from '../parse-values.ts';
import type { WebhookAnswer } from '../post-webhook.ts';
import { sendSamples } from '../send-samples.ts';
import type { SampleOrder } from '../send-samples.ts';
import { snakeCased } from '../snake-cased.ts';
import { UsageError } from '../usage-error.ts';

const command = defineCommand({
  name: 'send',
  summary: 'Send a signed sample webhook to the running server',
  description: [
    'Sent over HTTP and signed with the secret of the source, as the provider does it. Every sample is about a new thing,',
    'of a customer or agent that is mapped to a tenant where there is one; a file is sent byte for byte. There is a sample',
    'of every type that a provider is known to send, of those that are only kept, too; for custom, whose senders name their',
    "own, each one is made and signed as the source's settings say.",
    'Exit code 1 when the server answers otherwise than it must: a forged one must be refused, every other one taken.',
  ].join('\n'),
  arguments: ['[provider]', '[event-name|file]'],
  options: {
    list: { type: 'boolean', description: 'List the events that there are samples of' },
    duplicate: { type: 'boolean', description: 'Send each one twice, freshly signed' },
    forge: { type: 'boolean', description: 'Sign with a secret that is not the right one' },
    count: { type: 'string', value: 'N', description: 'Send so many' },
    source: { type: 'string', value: 'ID', description: "The provider's first in test mode when left out" },
    url: { type: 'string', value: 'URL', description: 'Address of the server, when it is not the one found here' },
  },
  examples: [
    'send stripe invoice.paid',
    'send retell call_analyzed --count 100',
    'send stripe payment_intent.succeeded --duplicate',
    'send stripe ./event.json --forge',
    'send custom contact.created --source src_…',
    'send --list',
  ],
  async run({ values, positionals: [providerName, what], ...context }) {
    const provider = providerName === undefined ? undefined : oneOf(SAMPLE_PROVIDERS, providerName, 'The provider');
    if (values.list === true) return listSamples(context, provider);
    if (provider === undefined) throw new UsageError(`send needs a provider: ${SAMPLE_PROVIDERS.join(' or ')}.`);
    const order: SampleOrder = {
      provider,
      sampleFor: sampleSource(provider, what, context),
      count: parseCount(values.count ?? '1', '--count', 1_000_000),
      isForged: values.forge === true,
      isDoubled: values.duplicate === true,
    };
    return withEnvironment(
      context,
      (environment) => send(context, environment, order, { url: values.url, sourceId: values.source }),
      { isForServer: true },
    );
  },
});

/** A sample by its event's name, else a file. @throws UsageError when it is neither. */
function sampleSource(
  provider: SampleProvider,
  what: string | undefined,
  { commandLine }: Context,
): SampleOrder['sampleFor'] {
  const types = sampleTypes(provider);
  const seeAll = `${commandLine(`send ${provider} --list`)} shows the ${types.length} that there are.`;
  if (what === undefined) throw new UsageError(`send ${provider} needs an event or a file. ${seeAll}`);
  if (types.includes(what)) return (source, now) => makeSample(provider, what, source, now);
  if (!existsSync(what)) {
    const meant = nearest(what, types);
    const suggestion = meant === undefined ? seeAll : `Did you mean ${meant}?`;
    throw new UsageError(`${what} is no event that there is a sample of, and no file. ${suggestion}`);
  }
  const body = readFileSync(what);
  return () => ({ body, headers: {} });
}

async function send(
  context: Context,
  environment: Environment,
  order: SampleOrder,
  { url, sourceId }: { url: string | undefined; sourceId: string | undefined },
): Promise<number> {
  const server = urlOfServer(url, environment, context.config);
  const source = await chooseSource(environment, { provider: order.provider, sourceId });
  if (context.config.isProduction && sourceId === undefined) {
    throw new UsageError(`In production a sample is sent only to a source that is named: --source ${source.id}`);
  }
  const answers = await sendSamples(order, { server, source, now: environment.clock.now });
  const id = answers.find((answer) => answer.id !== undefined)?.id;
  const webhook =
    id === undefined ? undefined : await withReadTransaction(environment.pool, {}, (tx) => findWebhook(tx, id));
  printAnswers(context, answers, { source, id, providerEventId: webhook?.providerEventId ?? undefined });
  const isExpected = ({ httpStatus }: WebhookAnswer) => (order.isForged ? httpStatus === 401 : httpStatus < 300);
  return answers.every(isExpected) ? EXIT.done : EXIT.problem;
}

function printAnswers(
  { out, commandLine }: Context,
  answers: readonly WebhookAnswer[],
  {
    source,
    id,
    providerEventId,
  }: { source: ChosenSource; id: string | undefined; providerEventId: string | undefined },
): void {
  // Not every provider is told our id.
  const list = answers.some(({ httpStatus }) => httpStatus < 300) ? 'webhooks list' : 'rejections list';
  const follow = commandLine(id === undefined ? list : `webhooks show ${id}`);
  out.json({
    source_id: source.id,
    answers: answers.map(snakeCased),
    id: id ?? null,
    provider_event_id: providerEventId ?? null,
    follow,
  });
  const outcomes = Map.groupBy(answers, ({ httpStatus, outcome }) => `${httpStatus} ${outcome}`);
  for (const [outcome, { length }] of outcomes) {
    out.line(`${out.style('bold', outcome)}${length === 1 ? '' : ` × ${length}`}`);
  }
  out.line(`  source         ${source.id} (${source.mode})`);
  if (id !== undefined) {
    out.line(`  our id         ${id}`);
    out.line(`  provider's id  ${providerEventId ?? '-'}`);
  }
  out.line(`  follow it      ${follow}`);
}

function listSamples({ out }: Context, provider: SampleProvider | undefined): number {
  const samples = SAMPLE_PROVIDERS.filter((each) => provider === undefined || each === provider).flatMap((each) =>
    sampleTypes(each).map((event) => ({ provider: each, event })),
  );
  out.json(samples);
  out.table(
    ['provider', 'event'],
    samples.map(({ provider: each, event }) => [each, event]),
  );
  return EXIT.done;
}

export const commands = [command];
