import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { DrillServers } from '../drill-servers.ts';
import type { ProviderClient } from '../provider-client.ts';
import { untilInFlight } from '../until-in-flight.ts';
import type { EffectServer } from './effect-server.ts';
import type { Peer, PeerUrls } from './peer.ts';
import type { PeerProcess } from './peer-process.ts';

/** What a drill has to work with, while the load goes on. */
export type PeerScene = PeerUrls &
  Readonly<{
    servers: DrillServers;
    apis: readonly PeerProcess[];
    workers: readonly PeerProcess[];
    client: ProviderClient;
    effects: EffectServer;
    /** Call it right when it breaks, with what is under way there and then. Recovery counts from the last of these calls. */
    broke(inFlight: number): void;
  }>;

export type PeerDrill = Readonly<{
  name: string;
  breaks: string;
  appliesTo(peer: Peer): boolean;
  /** What it answers ends a fault that lasts; it is called when everything is finished or has stood still for long enough. */
  fault(scene: PeerScene): Promise<(() => Promise<void>) | void>;
}>;

const DOWN_MS = 1_000;
const PATIENCE_MS = 10_000;
/** Enough that a loss would show. */
const PILE = 20;

const isOn = (server: Peer['standsOn']) => (peer: Peer) => peer.standsOn === server;

/** As the drills of the same names do it to Hookledger. */
export const PEER_DRILLS: readonly PeerDrill[] = [
  {
    name: 'kill-api',
    breaks: 'every HTTP server, one after the other, by SIGKILL while it is asked; back after a second',
    appliesTo: () => true,
    async fault({ apis, client, broke }) {
      for (const victim of apis) {
        broke(await stopAtWork(victim, () => client.underWay(victim.port)));
        await bringBack(victim);
      }
    },
  },
  {
    name: 'kill-worker',
    breaks: 'every worker, one after the other, by SIGKILL while calls of its are under way; back after a second',
    appliesTo: () => true,
    async fault({ workers, effects, broke }) {
      for (const victim of workers) {
        await Promise.race([effects.hold(victim.index), pause(PATIENCE_MS)]);
        await victim.kill();
        broke(effects.held(victim.index));
        effects.drop(victim.index);
        await pause(DOWN_MS);
        await victim.start();
      }
    },
  },
  {
    name: 'kill-postgres',
    breaks: 'PostgreSQL, by SIGKILL of its postmaster; started again after a second',
    appliesTo: isOn('postgres'),
    async fault({ servers, client, broke }) {
      broke(await untilInFlight(() => Promise.resolve(client.underWay())));
      await servers.postgres.kill();
      await pause(DOWN_MS);
      await servers.postgres.start();
    },
  },
  {
    name: 'kill-redis',
    breaks: 'Redis, by SIGKILL; started again after a second, with what its append-only file holds',
    appliesTo: isOn('redis'),
    async fault({ servers, client, broke }) {
      broke(await untilInFlight(() => Promise.resolve(client.underWay())));
      await servers.redis.kill();
      await pause(DOWN_MS);
      await servers.redis.start();
    },
  },
  {
    name: 'redis-wipe',
    breaks: 'Redis, by FLUSHALL while jobs wait in it',
    appliesTo: isOn('redis'),
    async fault({ servers, workers, broke }) {
      const redis = new Redis(servers.redisUrl);
      const waiting = (): Promise<number> => redis.llen('bull:webhooks:wait');
      for (const worker of workers) worker.pause();
      await untilInFlight(async () => Math.max(0, (await waiting()) - PILE));
      broke(await waiting());
      await redis.flushall();
      for (const worker of workers) worker.resume();
      redis.disconnect();
    },
  },
  {
    name: 'long-transaction',
    breaks: 'nothing: a stranger keeps a transaction with a snapshot open',
    appliesTo: isOn('postgres'),
    async fault({ databaseUrl, client, broke }) {
      const stranger = new pg.Client({ connectionString: databaseUrl });
      await stranger.connect();
      await stranger.query('begin isolation level repeatable read');
      await stranger.query('create table public.stranger (n integer)');
      broke(await untilInFlight(() => Promise.resolve(client.underWay())));
      await pause(1_500);
      return async () => {
        await stranger.query('rollback');
        await stranger.end();
      };
    },
  },
];

/** Leaves the process stopped, with work under way; answers how much, or 0 when it was never found at work. */
async function stopAtWork(victim: PeerProcess, countInFlight: () => number): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    victim.pause();
    await pause(60);
    const inFlight = countInFlight();
    if (inFlight > 0 || performance.now() > deadline) return inFlight;
    victim.resume();
    await pause(23);
  }
}

async function bringBack(victim: PeerProcess): Promise<void> {
  await victim.kill();
  await pause(DOWN_MS);
  await victim.start();
}
