/** Somebody who does the same work: ours, the limit of what is possible, or a peer as its own documentation runs it. */
export type Contestant = Readonly<{
  name: string;
  /** One round; answers units a second. Starts from the same state each time. */
  run(): Promise<number>;
}>;

/** Ours must reach this multiple of the other's rate, by the median over the rounds. */
export type Goal = Readonly<{ against: string; atLeast: number }>;

export type PreparedBench = Readonly<{
  unit: string;
  ours: Contestant;
  others: readonly Contestant[];
  goals: readonly Goal[];
  /** Payload, concurrency, durability: what the figures hold for. */
  settings: Readonly<Record<string, string>>;
  /** More to print at the end, such as percentiles. */
  remarks?: () => readonly string[] | Promise<readonly string[]>;
  close(): Promise<void>;
}>;

export type Bench = Readonly<{
  name: string;
  summary: string;
  prepare(options: { quick: boolean; servers: BenchServers }): Promise<PreparedBench>;
}>;

export type BenchServers = Readonly<{
  postgresVersion: string;
  redisVersion: string;
  redisUrl: string;
  /** A migrated database of its own. */
  newDatabase(): Promise<{ adminUrl: string; appUrl: string }>;
}>;
