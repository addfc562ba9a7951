import type { Normalised, Provider } from '../ingest/provider.ts';
import { GOHIGHLEVEL_KEPT_TYPES } from '../ingest/providers/gohighlevel-mappings.ts';
import { RETELL_KEPT_TYPES } from '../ingest/providers/retell-mappings.ts';
import { STRIPE_KEPT_TYPES } from '../ingest/providers/stripe-kept-types.ts';
import { describeDedupeKey } from './describe-dedupe-key.ts';
import { readSample } from './read-sample.ts';
import type { SampleProvider } from './samples/sample-webhook.ts';
import { encodeSample, SAMPLE_PROVIDERS, sampleTypes, sampleWebhook } from './samples/sample-webhook.ts';

/** Types that are known by name, and of which nothing is counted: a line for all of them, not a row for each. */
const KEPT_TYPES: Readonly<Record<string, ReadonlySet<string>>> = {
  stripe: STRIPE_KEPT_TYPES,
  retell: RETELL_KEPT_TYPES,
  gohighlevel: GOHIGHLEVEL_KEPT_TYPES,
};
/** Providers of whom we know no types. */
const SENDERS_NAME_TYPES: ReadonlySet<string> = new Set(['standard-webhooks', 'custom']);
const KEPT = 'ProviderEventReceived';
const LINE_LENGTH = 120;
/** What Event Streams tell some time after a message or call, and what it cost with it. */
const PRICE = '-0.0079';

const HEAD = `# What becomes of each event

Made by \`npm run docs\` from the mappings themselves: each row, and each list below a table, is what they make of the
samples that \`npx hookledger send <provider> <type>\` sends. Do not edit it.

- **dedupe key**: two deliveries with an equal one are one. \`{…}\` stands for a field of the body, or a header; \`content\`
  for the content itself, which tells duplicates for 24 hours.
- **facts**: what is counted, as kind, meter and rank; of several reports of one fact the greatest rank counts. The
  meters of costs are named by the provider, so that a row shows those of its sample. _Priced_: only where the event
  tells a price, as a further event.
- \`${KEPT}\`: kept whole, and not counted.
`;

/** A page in Markdown, as prettier writes it: the same for the same mappings and samples. */
export function describeProviders(providers: readonly Provider[]): string {
  return [HEAD, ...providers.map(describeProvider)].join('\n');
}

function describeProvider(provider: Provider): string {
  const title = `## ${provider.name}\n\nHow to connect it: [providers/${provider.name}.md](providers/${provider.name}.md).\n`;
  const sampled = SAMPLE_PROVIDERS.find((name) => name === provider.name);
  if (sampled === undefined) throw new Error(`There are no samples of ${provider.name}: add them to dev/samples.`);
  const rows = rowsOf(provider, sampled);
  const isListed = ({ type, events }: Row) => KEPT_TYPES[sampled]?.has(type) === true && list(events) === list([KEPT]);
  const table = tableOf([
    ['type', 'mapped to', 'dedupe key', 'facts'],
    ...rows
      .filter((row) => !isListed(row))
      .map(({ type, events, key, facts }) => [`\`${type}\``, list(events), key, facts.join('<br>')]),
  ]);
  const note = SENDERS_NAME_TYPES.has(sampled)
    ? [`Its senders name their own types. All become \`${KEPT}\`, as these do.\n`]
    : [];
  const kept = [...Map.groupBy(rows.filter(isListed), ({ key }) => key)].map(([key, ofKey]) => {
    const types = ofKey.map(({ type }) => `\`${type}\``).toSorted();
    return `${types.length} more types become \`${KEPT}\`, by the dedupe key ${key.replaceAll('<br>', ' ')}:\n\n${wrap(types.join(', '))}\n`;
  });
  return [title, ...note, table, ...kept].join('\n');
}

type Row = Readonly<{ type: string; events: readonly string[]; key: string; facts: readonly string[] }>;

/** One row for each type, in the order of the samples; what several samples of one type show stands together. */
function rowsOf(provider: Provider, name: SampleProvider): readonly Row[] {
  const read = (type: string, sample: Readonly<{ price?: string; webhookId?: null }> = {}) =>
    readSample(provider, name, encodeSample(name, sampleWebhook(name, type, sample) ?? {}));
  const samples = sampleTypes(name).map((type) => ({
    plain: read(type),
    priced: read(type, { price: PRICE }),
    withoutId: read(type, { webhookId: null }),
  }));
  const byType = Map.groupBy(samples, ({ plain }) => plain.normalised.providerType);
  return [...byType].map(([type, ofType]) => {
    const facts = ofType.flatMap(({ plain }) => factsOf(plain.normalised));
    const ifPriced = ofType.flatMap(({ priced }) => factsOf(priced.normalised)).filter((fact) => !facts.includes(fact));
    return {
      type,
      events: unique(ofType.flatMap(({ plain }) => plain.normalised.events.map((event) => event.type))),
      key: unique(ofType.flatMap(({ plain, withoutId }) => [plain, withoutId].map(describeDedupeKey))).join(
        '<br>else ',
      ),
      facts: unique([...facts, ...ifPriced.map((fact) => `_priced:_ ${fact}`)]),
    };
  });
}

function factsOf({ events }: Normalised): readonly string[] {
  return events.flatMap(({ fact }) => (fact === undefined ? [] : [`${fact.kind} \`${fact.meter}\` ${fact.rank}`]));
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}

function list(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(', ');
}

/** Columns as wide as their widest cell. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], fill: string) =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width, fill)).join(' | ')} |\n`;
  return [line(head, ' '), line([], '-'), ...body.map((row) => line(row, ' '))].join('');
}

function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > LINE_LENGTH) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.join('\n');
}
