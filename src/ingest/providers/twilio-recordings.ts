import { z } from 'zod';
import { factKey } from '../../domain/facts.ts';
import type { Mapping } from './mapping.ts';
import { mapping } from './mapping.ts';
import { seconds } from './twilio-calls.ts';
import type { TwilioEvent } from './twilio-event.ts';
import { secondsBefore, twilioStream } from './twilio-event.ts';
import { readTime } from './twilio-fields.ts';

/** A `<Record>` goes on with its length at once; the callback comes when the file is there, and knows better. */
const RANK = { action: 10, callback: 20 } as const;

const recording = z.object({
  RecordingSid: z.string(),
  RecordingStatus: z.string().optional(),
  RecordingDuration: seconds.optional(),
  RecordingChannels: z.string().optional(),
  RecordingStartTime: z.string().optional(),
  CallSid: z.string().optional(),
});

/** Lives with its call, whose tenant it takes: Twilio tells no number with it. That of a conference has no call. */
export const recordingCompleted: Mapping<TwilioEvent> = mapping(recording, (fields, { source, at }) => {
  const { RecordingSid: recordingId, RecordingDuration: told, CallSid: callId } = fields;
  const stream =
    callId === undefined ? twilioStream(source, 'provider-object', recordingId) : twilioStream(source, 'call', callId);
  const startedAt = readTime(fields.RecordingStartTime) ?? secondsBefore(at, Number(told ?? '0'));
  const channels = Number(fields.RecordingChannels);
  const data = {
    recordingId,
    startedAt,
    durationMs: told === undefined ? undefined : Number(told) * 1000,
    channels: Number.isInteger(channels) ? channels : undefined,
  };
  const event = { type: 'RecordingCompleted', stream, occurredAt: startedAt, data } as const;
  if (told === undefined) return [event];
  const fact = {
    key: factKey(stream, `recording_seconds/${encodeURIComponent(recordingId.toWellFormed())}`),
    kind: 'usage',
    rank: fields.RecordingStatus === undefined ? RANK.action : RANK.callback,
    providerTime: at,
    meter: 'recording_seconds',
    unit: 'second',
    quantity: String(Number(told)),
  } as const;
  return [{ ...event, fact }];
});
