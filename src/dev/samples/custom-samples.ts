import { customSettings } from '../../ingest/providers/custom-settings.ts';
import { sampleId } from './sample-id.ts';
import { SENDER_EVENTS } from './sender-events.ts';
import { writePointers } from './write-pointers.ts';

/** Bodies of our own, as the settings of a source say: with id, type and account where they look for them. */
export type CustomSample = Readonly<{
  /** Names the event and what it is about. */
  key?: string;
  at?: Date;
  accountId?: string;
  /** Of the source; those of the example in docs/providers/custom.md when left out. */
  settings?: Readonly<Record<string, unknown>>;
}>;

export const CUSTOM_EXAMPLE_SETTINGS: Readonly<Record<string, unknown>> = {
  header: 'X-Acme-Signature',
  pattern: '^t=(?<timestamp>\\d+),v1=(?<signature>[0-9a-f]+)$',
  signedContent: '{timestamp}.{body}',
  algorithm: 'hmac-sha256',
  idPath: '/id',
  typePath: '/type',
  accountIdPaths: ['/account/id'],
};

export const customSampleTypes: readonly string[] = Object.keys(SENDER_EVENTS);

/** One event of the type; undefined when there is no sample of it. */
export function customSample(type: string, sample: CustomSample = {}): object | undefined {
  if (!Object.hasOwn(SENDER_EVENTS, type)) return undefined;
  const { key = 'sample', at = new Date('2026-11-24T09:30:00Z') } = sample;
  const words = wordsOf(type, sample).filter(([path]) => path.startsWith('/'));
  const data = { id: sampleId('obj', key), created_at: at.toISOString(), ...SENDER_EVENTS[type] };
  // Under a name where the settings look for nothing: what is told there must differ from sample to sample.
  const isTaken = (name: string) => words.some(([path]) => path.split('/')[1] === name);
  const place = ['data', 'object', 'payload'].find((name) => !isTaken(name)) ?? 'sample';
  const rest = Object.entries(data).map(([name, word]) => [`/${place}/${name}`, word] as const);
  return writePointers([...words, ...rest]);
}

/** What the settings look for in headers, names in lower case. */
export function customSampleHeaders(type: string, sample: CustomSample = {}): Readonly<Record<string, string>> {
  const words = wordsOf(type, sample).filter(([path]) => path.startsWith('header:'));
  return Object.fromEntries(words.map(([path, word]) => [path.slice('header:'.length).toLowerCase(), word]));
}

/** What the settings look for, each with its path; the first of two that exclude each other matters more. */
function wordsOf(type: string, { key = 'sample', accountId, settings }: CustomSample) {
  const { idPath, typePath, accountIdPaths } = customSettings.parse(settings ?? CUSTOM_EXAMPLE_SETTINGS);
  const account = accountId ?? sampleId('account', key);
  return [
    [typePath, type],
    ...(idPath === undefined ? [] : [[idPath, sampleId('evt', key, type)] as const]),
    ...accountIdPaths.map((path) => [path, account] as const),
  ] as const;
}
