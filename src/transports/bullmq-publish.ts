import { withDeadline } from './deadline.ts';
import type { OpenQueue } from './bullmq-backend.ts';
import { refusal } from './refusal.ts';
import type { Message, Publication } from './transport.ts';

/** Bulks above a thousand have failed silently, and one of 500 already makes the round trip negligible. */
const chunkSize = 500;

/**
 * Never give up by count: how often a job is tried is the consumer's decision, told by its dispositions. BullMQ's own
 * limit only has to be out of the way, and to fit into PostgreSQL's integer.
 */
const jobOptions = { attempts: 1_000_000_000, backoff: { type: 'disposition' } };

type AddedJob = Readonly<{ id?: string | undefined }>;

/**
 * Adds the messages in order and answers for each, in the same order. Rejects when the store fails or does not answer
 * in time; then any of them may have been added.
 */
export async function publishJobs(
  open: OpenQueue,
  queue: string,
  messages: readonly Message[],
  deadlineMs: number,
): Promise<readonly Publication[]> {
  const reasons = messages.map((message) => refusal(queue, message));
  const sound = messages.filter((_, index) => reasons[index] === undefined);
  const added: Publication[] = [];
  for (let from = 0; from < sound.length; from += chunkSize) {
    const chunk = sound.slice(from, from + chunkSize);
    added.push(...(await addChunk(open, chunk, deadlineMs)));
  }
  const answers = added.values();
  return messages.map((message, index) => {
    const reason = reasons[index];
    if (reason !== undefined) return { key: message.key, accepted: false, reason };
    const { value } = answers.next();
    return value ?? { key: message.key, accepted: false, reason: 'the queue did not answer for this message' };
  });
}

async function addChunk(open: OpenQueue, chunk: readonly Message[], deadlineMs: number): Promise<Publication[]> {
  try {
    const jobs = await withDeadline(open.addBulk(chunk.map(toJob)), deadlineMs);
    return chunk.map((message, index) => toPublication(message, jobs[index]));
  } catch (error) {
    if (!isRefusedValue(error)) throw error;
    // PostgreSQL takes a bulk as a whole or not at all: halve it until the value that it refuses is alone.
    if (chunk.length === 1) return chunk.map(({ key }) => ({ key, accepted: false, reason: error.message }));
    const middle = Math.ceil(chunk.length / 2);
    const head = await addChunk(open, chunk.slice(0, middle), deadlineMs);
    const tail = await addChunk(open, chunk.slice(middle), deadlineMs);
    return [...head, ...tail];
  }
}

function toJob(message: Message): { name: string; data: Message; opts: { jobId: string } & typeof jobOptions } {
  return { name: message.eventType, data: message, opts: { jobId: message.key, ...jobOptions } };
}

/** `addBulk` is a pipeline: it reports an entry that Redis refused as a negative id, without throwing. */
function toPublication({ key }: Message, job: AddedJob | undefined): Publication {
  const id = job?.id;
  if (id === key) return { key, accepted: true };
  return { key, accepted: false, reason: `the queue answered with id ${id ?? 'none'} instead of the key` };
}

/** SQLSTATE class 22: a value that cannot be stored, such as a NUL character in JSON. */
function isRefusedValue(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('22');
}
