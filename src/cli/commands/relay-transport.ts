import { QUEUES } from '../../domain/queues.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { withTransaction } from '../../platform/postgres.ts';
import type { TransportKind, TransportSwitch } from '../../relay/transport-choice.ts';
import {
  listTransportSwitches,
  readTransportChoice,
  switchTransport,
  TRANSPORT_KINDS,
} from '../../relay/transport-choice.ts';
import { TransportNotConfiguredError } from '../../relay/transports-in-use.ts';
import type { ConfiguredTransports } from '../../relay/transports-in-use.ts';
import type { Transport } from '../../transports/transport.ts';
import { TransportUnavailableError } from '../../transports/transport.ts';
import type { Context } from '../command.ts';
import { defineCommand, EXIT, needed, oneOf } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Environment } from '../environment.ts';
import { withEnvironment } from '../environment.ts';
import { formatTime } from '../format-time.ts';
import { assertRedisKnown, withTransports } from '../open-transports.ts';
import { UsageError } from '../usage-error.ts';
import { userOfMachine } from '../user-of-machine.ts';

const SHOWN_SWITCHES = 10;

export const transport = defineCommand({
  name: 'relay transport',
  summary: 'Show which transport carries the jobs, or switch it',
  description: [
    'relay transport [show]: what is in force, whether each transport answers, and the last switches. Exit code 1 when the',
    'one in force does not answer.',
    'relay transport use redis|postgres: relays publish there from now on, and workers take from both, within seconds and',
    'without a restart. What the transport before still held is published once more unless it answers and has it.',
    'With --json: {"in_force", "epoch", "transports": {name: answers}, "switches"}; of use {"switched", "in_force", "epoch"}.',
  ].join('\n'),
  arguments: ['[show|use]', '[transport]'],
  options: {
    reason: { type: 'string', value: 'TEXT', description: 'Why it is switched; kept' },
    by: { type: 'string', value: 'NAME', description: 'Who switches; the user of this machine when left out' },
    'dry-run': { type: 'boolean', description: 'Say whether it could be switched, and do nothing' },
    yes: { type: 'boolean', description: 'Do not ask' },
  },
  examples: ['relay transport', `relay transport use postgres --reason 'Redis is down'`],
  async run({ values, positionals: [verb = 'show', word], ...context }) {
    assertRedisKnown(context.config);
    const isUse = oneOf(['show', 'use'], verb, '[show|use]') === 'use';
    if (!isUse && word !== undefined) throw new UsageError(`relay transport show takes no "${word}".`);
    const to = isUse ? oneOf(TRANSPORT_KINDS, needed(word, 'The transport to use'), 'The transport to use') : undefined;
    const isDry = values['dry-run'] === true;
    const why =
      to === undefined || isDry
        ? { by: '', reason: '' }
        : { reason: needed(values.reason, '--reason'), by: values.by ?? userOfMachine() };
    return withEnvironment(
      context,
      (environment) =>
        withTransports(environment, context.config, (configured) =>
          to === undefined
            ? show(context, environment, configured)
            : use(context, environment, configured, { to, ...why, isDry, mayAsk: values.yes !== true }),
        ),
      { isForServer: true },
    );
  },
});

async function show({ out }: Context, { pool }: Environment, configured: ConfiguredTransports): Promise<number> {
  const { choice, switches } = await withReadTransaction(pool, {}, async (tx) => ({
    choice: await readTransportChoice(tx),
    switches: await listTransportSwitches(tx, SHOWN_SWITCHES),
  }));
  const inForce = choice.chosen ?? configured.standing;
  const answers = new Map<TransportKind, boolean>();
  for (const kind of TRANSPORT_KINDS) {
    const candidate = configured.of[kind];
    if (candidate !== undefined) answers.set(kind, (await whyUnavailable(candidate)) === undefined);
  }
  out.json({
    in_force: inForce,
    epoch: String(choice.epoch),
    transports: Object.fromEntries(answers),
    switches: switches.map((each) => ({ ...each, epoch: String(each.epoch) })),
  });
  out.table(
    ['transport', 'in force', 'answers'],
    TRANSPORT_KINDS.map((kind) => [
      kind,
      kind === inForce ? (choice.chosen === undefined ? 'as configured' : 'chosen') : '-',
      describeAnswer(answers.get(kind)),
    ]),
  );
  out.line();
  if (switches.length === 0) out.line('It was never switched.');
  else out.table(['switched', 'to', 'by', 'reason'], switches.map(switchCells));
  return answers.get(inForce) === true ? EXIT.done : EXIT.problem;
}

function describeAnswer(answers: boolean | undefined): string {
  if (answers === undefined) return 'not configured here';
  return answers ? 'yes' : 'no';
}

function switchCells({ at, transport: to, by, reason }: TransportSwitch): string[] {
  return [formatTime(at), to, by, reason];
}

type Order = Readonly<{ to: TransportKind; by: string; reason: string; isDry: boolean; mayAsk: boolean }>;

async function use(
  { out, commandLine }: Context,
  { pool }: Environment,
  { standing, of }: ConfiguredTransports,
  { to, by, reason, isDry, mayAsk }: Order,
): Promise<number> {
  const { epoch, chosen = standing } = await withReadTransaction(pool, {}, readTransportChoice);
  if (chosen === to) {
    out.json({ switched: false, in_force: to, epoch: String(epoch) });
    out.line(`${to} is in force already.`);
    return EXIT.done;
  }
  const target = of[to];
  if (target === undefined) throw new TransportNotConfiguredError(to);
  const trouble = await whyUnavailable(target);
  if (trouble !== undefined) {
    if (to === 'postgres') out.note(`The queues in PostgreSQL are made ready by: ${commandLine('migrate')}`);
    throw trouble;
  }
  if (isDry) {
    out.json({ switched: false, in_force: chosen, epoch: String(epoch) });
    out.line(`It could be switched: ${to} answers. In force is ${chosen}.`);
    return EXIT.done;
  }
  if (mayAsk) await confirm(`Relays publish to ${to} instead of ${chosen} from now on.`);
  const next = await withTransaction(pool, { tenant: '*' }, (tx) => switchTransport(tx, { to, by, reason }));
  out.json({ switched: true, in_force: to, epoch: String(next) });
  out.line(`Relays publish to ${to} from now on; every process follows within seconds.`);
  out.line(`What ${chosen} held and does not answer for is published once more. See: ${commandLine('relay status')}`);
  return EXIT.done;
}

/** Undefined when every queue of it answers. */
async function whyUnavailable(candidate: Transport): Promise<TransportUnavailableError | undefined> {
  try {
    await Promise.all(QUEUES.map((queue) => candidate.depth(queue)));
    return undefined;
  } catch (error) {
    if (error instanceof TransportUnavailableError) return error;
    throw error;
  }
}
