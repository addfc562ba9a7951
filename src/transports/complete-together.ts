import type { RedisQueueBackend } from 'bullmq';
import { raw2NextJobData } from 'bullmq';
import { z } from 'zod';
import type { Redis } from '../platform/redis.ts';

type Complete = RedisQueueBackend['moveToCompleted'];
type Completion = Parameters<Complete>;
type Completed = Awaited<ReturnType<Complete>>;
type Waiting = Readonly<{
  completion: Completion;
  resolve: (completed: Completed | Promise<Completed>) => void;
  reject: (error: unknown) => void;
}>;

/** Redis does nothing else meanwhile: a millisecond or two. */
const CHUNK = 50;

const KEYS = ['wait', 'active', 'stalled', 'completed', 'marker', 'delayed', 'meta', 'events'] as const;

/**
 * Does what BullMQ 6.7 does to complete a plain job and to fetch the next one, for many jobs in one go, and answers for
 * each what BullMQ's own script would; or does nothing and answers nothing while the queue has limits of its own. What
 * needs doing once in a while (letting delayed jobs run, trimming) is left to the job that goes BullMQ's way.
 */
const COMPLETE_JOBS = `
local wait, active, stalled, completed, marker, delayed, meta, events = unpack(KEYS)
local prefix, now, lock_ms = ARGV[1], ARGV[2], ARGV[3]

local limits = redis.call('HMGET', meta, 'paused', 'concurrency', 'max')
if limits[1] or limits[2] or limits[3] then return false end

local function complete(id, token)
  local key = prefix .. id
  if redis.call('EXISTS', key) == 0 then return -1 end
  local holder = redis.call('GET', key .. ':lock')
  if holder ~= token then return holder and -6 or -2 end
  redis.call('DEL', key .. ':lock')
  redis.call('SREM', stalled, id)
  if redis.call('LREM', active, -1, id) < 1 then return -3 end
  redis.call('HINCRBY', key, 'atm', 1)
  redis.call('ZADD', completed, now, id)
  redis.call('HSET', key, 'returnvalue', 'null', 'finishedOn', now)
  redis.call('XADD', events, '*', 'event', 'completed', 'jobId', id, 'returnvalue', 'null', 'prev', 'active')
  return 0
end

local function fetch(token)
  local id = redis.call('RPOPLPUSH', wait, active)
  if not id then
    local first = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
    return { 0, 0, 0, first[2] and tonumber(first[2]) / 0x1000 or 0 }
  end
  local key = prefix .. id
  redis.call('SET', key .. ':lock', token, 'PX', lock_ms)
  redis.call('XADD', events, '*', 'event', 'active', 'jobId', id, 'prev', 'waiting')
  redis.call('HSET', key, 'processedOn', now)
  redis.call('HINCRBY', key, 'ats', 1)
  return { redis.call('HGETALL', key), id, 0, 0 }
end

local answers = {}
for at = 4, #ARGV, 3 do
  local answer = complete(ARGV[at], ARGV[at + 1])
  if answer == 0 and ARGV[at + 2] == '1' then answer = fetch(ARGV[at + 1]) end
  answers[#answers + 1] = answer
end
-- Wakes a worker that waits, as BullMQ does with every job that it fetches: there may be more.
redis.call('ZADD', marker, 0, '0')
return answers
`;

const repliesOf = z.array(z.union([z.number(), z.array(z.unknown())])).nullable();

/**
 * Jobs that complete at once, as those do that shared a commit, leave Redis in one script call and bring their successors
 * along; BullMQ takes a call for each. One of them goes BullMQ's own way, and so does every job that is not plain.
 * Changes the backend that it is given; `client` is the connection that it works on.
 */
export function completeTogether(backend: RedisQueueBackend, client: Redis, lockDurationMs: number): RedisQueueBackend {
  const completeOne = backend.moveToCompleted.bind(backend);
  const prefix = `${backend.qualifiedName}:`;
  const keys = KEYS.map((type) => prefix + type);
  let waiting: Waiting[] = [];

  function flush(): void {
    const [first, ...others] = waiting;
    waiting = [];
    first?.resolve(completeOne(...first.completion));
    for (let from = 0; from < others.length; from += CHUNK) void completeMany(others.slice(from, from + CHUNK));
  }

  async function completeMany(jobs: readonly Waiting[]): Promise<void> {
    try {
      const finishedOn = Date.now();
      const replies = await runScript(jobs, finishedOn);
      jobs.forEach(({ completion, resolve, reject }, index) => {
        const reply = replies?.[index];
        if (reply === undefined) resolve(completeOne(...completion));
        else if (typeof reply === 'object') resolve({ result: raw2NextJobData(reply), finishedOn });
        else if (reply === 0) resolve({ result: [], finishedOn });
        else reject(refused(reply, completion));
      });
    } catch (error) {
      for (const { reject } of jobs) reject(error);
    }
  }

  async function runScript(jobs: readonly Waiting[], now: number) {
    const args = jobs.flatMap(({ completion: [job, , , token, fetchNext] }) => [
      job.id ?? '',
      token,
      fetchNext && backend.closing === undefined ? 1 : 0,
    ]);
    return repliesOf.parse(
      await client.eval(COMPLETE_JOBS, keys.length, ...keys, prefix, now, lockDurationMs, ...args),
    );
  }

  function refused(code: number, [job]: Completion): Error {
    return backend.finishedErrors({ code, jobId: job.id ?? '', command: 'moveToFinished', state: 'active' });
  }

  return Object.assign(backend, {
    moveToCompleted(...completion: Completion): Promise<Completed> {
      const [job, returnValue, removeOnComplete] = completion;
      const isPlain = returnValue === undefined && removeOnComplete === undefined && job.parent === undefined;
      if (!isPlain) return completeOne(...completion);
      return new Promise((resolve, reject) => {
        waiting.push({ completion, resolve, reject });
        // Once everything that the same commit has ended has come here.
        if (waiting.length === 1) process.nextTick(flush);
      });
    },
  });
}
