import type { Mapping } from './mapping.ts';
import { mapping } from './mapping.ts';
import { callAnalyzed, callEnded, callStarted, callTransferred, transcriptUpdated } from './retell-calls.ts';
import { chatAnalyzed, chatEnded, chatStarted } from './retell-chats.ts';
import type { RetellEvent } from './retell-event.ts';
import { callEvent, chatEvent } from './retell-shapes.ts';

/** Every type that becomes domain events of its own. */
export const RETELL_MAPPINGS: ReadonlyMap<string, Mapping<RetellEvent>> = new Map([
  ['call_started', mapping(callEvent, callStarted)],
  ['call_ended', mapping(callEvent, callEnded)],
  ['call_analyzed', mapping(callEvent, callAnalyzed)],
  ['transcript_updated', mapping(callEvent, transcriptUpdated)],
  ['transfer_started', mapping(callEvent, callTransferred('CallTransferStarted'))],
  ['transfer_bridged', mapping(callEvent, callTransferred('CallTransferBridged'))],
  ['transfer_cancelled', mapping(callEvent, callTransferred('CallTransferCancelled'))],
  ['transfer_ended', mapping(callEvent, callTransferred('CallTransferEnded'))],
  ['chat_started', mapping(chatEvent, chatStarted)],
  ['chat_ended', mapping(chatEvent, chatEnded)],
  ['chat_analyzed', mapping(chatEvent, chatAnalyzed)],
]);

/** Questions before a call or chat begins. They are kept, not counted: nothing has been used yet. */
export const RETELL_KEPT_TYPES: ReadonlySet<string> = new Set(['call_inbound', 'chat_inbound']);
