import { cpus } from 'node:os';
import type { BenchServers } from './bench.ts';

/** A figure that must not be above its limit: milliseconds, or megabytes. */
export type Limited = Readonly<{
  name: string;
  unit: 'ms' | 'MB';
  value: number;
  limit: number;
  /** Of what `value` is made, for people. */
  detail?: string;
}>;

/** A bench of figures that have limits instead of contestants. */
export type LimitBench = Readonly<{
  name: string;
  summary: string;
  measure(options: {
    quick: boolean;
    servers: BenchServers;
    note: (line: string) => void;
  }): Promise<Readonly<{ settings: Readonly<Record<string, string>>; figures: readonly Limited[] }>>;
}>;

type LimitResult = Readonly<{
  bench: string;
  figures: Readonly<Record<string, number>>;
  /** Limit by figure: 1 and more keeps it. */
  ratios: Readonly<Record<string, number>>;
  met: boolean;
}>;

export async function runLimitBench(
  bench: LimitBench,
  { quick, servers, note, line }: Parameters<LimitBench['measure']>[0] & Readonly<{ line: (text: string) => void }>,
): Promise<LimitResult> {
  const { settings, figures } = await bench.measure({ quick, servers, note });
  line(
    `${bench.name}: Node ${process.versions.node}, PostgreSQL ${servers.postgresVersion}, ${cpus().length} cores, all on one machine`,
  );
  for (const [setting, value] of Object.entries(settings)) line(`  ${setting}: ${value}`);
  for (const figure of figures) {
    const { name, unit, value, limit, detail = '' } = figure;
    line(
      `  ${name.padEnd(58)} ${value.toFixed(0).padStart(6)} ${unit}   limit/it ${ratioOf(figure).toFixed(2).padStart(5)}` +
        ` (limit ${limit}: ${value <= limit ? 'met' : 'not met'})   ${detail}`,
    );
  }
  return {
    bench: bench.name,
    figures: Object.fromEntries(figures.map(({ name, value }) => [name, Math.round(value)])),
    ratios: Object.fromEntries(figures.map((figure) => [figure.name, Math.round(ratioOf(figure) * 100) / 100])),
    met: figures.every(({ value, limit }) => value <= limit),
  };
}

function ratioOf({ value, limit }: Limited): number {
  return limit / value;
}
