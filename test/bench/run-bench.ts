import { cpus } from 'node:os';
import type { BenchServers, Contestant, PreparedBench } from './bench.ts';
import { median } from './quantile.ts';

export type BenchResult = Readonly<{
  bench: string;
  unit: string;
  ours: number;
  others: Readonly<Record<string, number>>;
  ratios: Readonly<Record<string, number>>;
  goals: Readonly<Record<string, number>>;
  met: boolean;
}>;

/**
 * Runs every contestant once a round, in an order that turns by one each round, so that a slow minute of the machine
 * falls on all of them. A ratio is the median of the rounds' own ratios.
 */
export async function runBench(
  name: string,
  prepared: PreparedBench,
  rounds: number,
  note: (line: string) => void,
): Promise<{ result: BenchResult; samples: ReadonlyMap<string, readonly number[]> }> {
  const contestants = [prepared.ours, ...prepared.others];
  const samples = new Map<string, number[]>(contestants.map((contestant) => [contestant.name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contestant of turned(contestants, round)) {
      const rate = await contestant.run();
      samples.get(contestant.name)?.push(rate);
      note(`round ${round + 1}/${rounds}  ${contestant.name}: ${Math.round(rate)} ${prepared.unit}`);
    }
  }
  const of = (contestant: string): readonly number[] => samples.get(contestant) ?? [];
  const ratio = (other: string): number =>
    median(of(prepared.ours.name).map((rate, index) => rate / (of(other)[index] ?? Number.NaN)));
  const ratios = Object.fromEntries(prepared.others.map((other) => [other.name, rounded(ratio(other.name))]));
  return {
    samples,
    result: {
      bench: name,
      unit: prepared.unit,
      ours: Math.round(median(of(prepared.ours.name))),
      others: Object.fromEntries(prepared.others.map((other) => [other.name, Math.round(median(of(other.name)))])),
      ratios,
      goals: Object.fromEntries(prepared.goals.map(({ against, atLeast }) => [against, atLeast])),
      met: prepared.goals.every(({ against, atLeast }) => (ratios[against] ?? 0) >= atLeast),
    },
  };
}

export async function printBench(
  { result, samples }: Awaited<ReturnType<typeof runBench>>,
  prepared: PreparedBench,
  servers: BenchServers,
  line: (text: string) => void,
): Promise<void> {
  line(
    `${result.bench}: Node ${process.versions.node}, PostgreSQL ${servers.postgresVersion}, Redis ${servers.redisVersion}, ${cpus().length} cores, all on one machine`,
  );
  for (const [setting, value] of Object.entries(prepared.settings)) line(`  ${setting}: ${value}`);
  for (const [name, rates] of samples) {
    const goal = prepared.goals.find(({ against }) => against === name);
    const ratio = result.ratios[name];
    const [least, most] = [Math.min(...rates), Math.max(...rates)].map(Math.round);
    line(
      `  ${name.padEnd(34)} median ${String(Math.round(median(rates))).padStart(7)} ${prepared.unit} (${least} to ${most})` +
        (ratio === undefined ? '' : `   ours/it ${ratio}`) +
        (goal === undefined ? '' : ` (goal ${goal.atLeast}: ${(ratio ?? 0) >= goal.atLeast ? 'met' : 'not met'})`),
    );
  }
  for (const remark of (await prepared.remarks?.()) ?? []) line(`  ${remark}`);
}

function turned(contestants: readonly Contestant[], by: number): readonly Contestant[] {
  const at = by % contestants.length;
  return [...contestants.slice(at), ...contestants.slice(0, at)];
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
