import { conversationEntry } from './gohighlevel-messages.ts';
import { voiceAiCallEnded } from './gohighlevel-calls.ts';
import type { GohighlevelEvent } from './gohighlevel-event.ts';
import { invoiceChanged } from './gohighlevel-invoices.ts';
import { invoice, message, voiceAiCall } from './gohighlevel-shapes.ts';
import { GOHIGHLEVEL_TYPES, UNTOLD_TYPES } from './gohighlevel-types.ts';
import type { Mapping } from './mapping.ts';
import { mapping } from './mapping.ts';

const invoiceTypes = GOHIGHLEVEL_TYPES.filter((type) => type.startsWith('Invoice'));

/** Every type that may become domain events of its own. */
export const GOHIGHLEVEL_MAPPINGS: ReadonlyMap<string, Mapping<GohighlevelEvent>> = new Map([
  ['InboundMessage', mapping(message, conversationEntry('MessageReceived'))],
  ['OutboundMessage', mapping(message, conversationEntry('MessageSent'))],
  ['VoiceAiCallEnd', mapping(voiceAiCall, voiceAiCallEnded)],
  ...invoiceTypes.map((type) => [type, mapping(invoice, invoiceChanged)] as const),
]);

/** Everything else that is known: what happens in a CRM is kept and not counted. */
export const GOHIGHLEVEL_KEPT_TYPES: ReadonlySet<string> = new Set(
  [...GOHIGHLEVEL_TYPES, ...UNTOLD_TYPES].filter((type) => !GOHIGHLEVEL_MAPPINGS.has(type)),
);
