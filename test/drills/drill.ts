import type { AppRole } from '../../src/app.ts';
import type { Pool } from '../../src/platform/postgres.ts';
import type { MayDie } from './compare.ts';
import type { EffectServer } from './effect-server.ts';
import type { DrillServers } from './drill-servers.ts';
import type { Plant, PlantOptions } from './plant.ts';
import type { ProviderClient } from './provider-client.ts';

/** What a drill has to work with, while the load goes on. */
export type Scene = Readonly<{
  isQuick: boolean;
  servers: DrillServers;
  masterKey: string;
  plant: Plant;
  client: ProviderClient;
  effects: EffectServer;
  /** Of the owner of everything: for looking, and for strangers. It survives outages. */
  pool: Pool;
  /**
   * Call it right when it breaks: `inFlight` is what was under way there and then, and none is a failed drill. Recovery
   * counts from the last of these calls.
   */
  broke(inFlight: number): void;
  /** For a fault that lasts as long as the drill wants: recovery counts from here. */
  mended(): void;
  /** Something that a person should know, beside the figures. */
  note(text: string): void;
}>;

export type Drill = Readonly<{
  name: string;
  /** What is broken, in a few words. */
  breaks: string;
  /** Why it cannot run on this machine; undefined where it can. */
  whyNot?: () => string | undefined;
  /** How many processes of a role, where it is not the usual number. */
  processes?: Partial<Readonly<Record<AppRole, number>>>;
  /** Before the servers start, on their data directory. Answers what takes it back after they have gone. */
  prepare?: (dataDir: string) => () => void;
  /** Loaded before the application, in the processes that it answers for. */
  preload?: PlantOptions['preload'];
  /**
   * Breaks something in the middle and mends it; resolves when everything is back in its place. What it answers is
   * called when all is finished, and says in words what else is wrong.
   */
  fault(scene: Scene): Promise<(() => Promise<readonly string[]>) | void>;
  /** Whether some jobs fail, and for good; see `fateOf`. */
  isPoisoned?: boolean;
  mayDie?: MayDie;
}>;

export type DrillResult = Readonly<{
  drill: string;
  sent: number;
  accepted: number;
  inFlight: number;
  lost: number;
  doubled: number;
  reordered: number;
  recoverySeconds: number | null;
  /** null: left out, it cannot run here. */
  ok: boolean | null;
}>;
