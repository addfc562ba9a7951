import { invoice, message, voiceAiCall } from './gohighlevel-shapes.ts';
import { GOHIGHLEVEL_MAPPINGS } from './gohighlevel-mappings.ts';

/**
 * What tells one event from the next where GoHighLevel gives it no `webhookId`: the thing and its state. Undefined for
 * types that nothing is counted of, and where the thing can not be read; then only the content tells.
 */
export function gohighlevelNaturalKey(type: string, thing: unknown): string | undefined {
  if (!GOHIGHLEVEL_MAPPINGS.has(type)) return undefined;
  const read = readKey(type, thing);
  // Each part is percent-encoded, so that no two events share a key whatever characters an id holds.
  return read && [type, ...read].map((part) => encodeURIComponent((part ?? '').toWellFormed())).join('/');
}

function readKey(type: string, thing: unknown): readonly (string | undefined)[] | undefined {
  if (type === 'VoiceAiCallEnd') {
    const call = voiceAiCall.safeParse(thing).data;
    return call && [call.callId];
  }
  if (type.startsWith('Invoice')) {
    const state = invoice.safeParse(thing).data;
    return state && [state.id, state.status, state.updatedAt, state.amountPaid];
  }
  const entry = message.safeParse(thing).data;
  return entry && [entry.messageId, entry.status, entry.callStatus];
}
