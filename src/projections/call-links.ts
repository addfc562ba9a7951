import type { RecordedEvent } from '../domain/envelope.ts';
import { readEventData } from '../domain/events.ts';
import { encodeKeyPart } from '../domain/stream.ts';
import type { StreamStep } from './fold-streams.ts';

/** That a call at another provider is a leg of this one, as one tenant sees it. */
export type CallLink = Readonly<{
  provider: string;
  /** Null where the link does not name it. */
  account: string | null;
  /** As it stands in the key of the leg's stream. */
  linkedId: string;
  tenantId: string;
}>;

/**
 * What an event adds to the links of its call: a leg that was not named before, or, when the call moves, each of its
 * legs for the tenant that has it now.
 */
export function foldCallLinks(
  before: readonly CallLink[] = [],
  event: RecordedEvent,
): StreamStep<readonly CallLink[], CallLink> | undefined {
  const added = told(before, event).filter((link) => !before.some((known) => isSameLink(known, link)));
  return added.length === 0 ? undefined : { state: [...before, ...added], lines: added };
}

function told(before: readonly CallLink[], event: RecordedEvent): readonly CallLink[] {
  switch (event.type) {
    case 'CallLinked': {
      const { provider, account, callId } = readEventData('CallLinked', event.schemaVersion, event.data);
      return [{ provider, account: account ?? null, linkedId: encodeKeyPart(callId), tenantId: event.tenantId }];
    }
    case 'StreamTenantMoved': {
      const { to } = readEventData('StreamTenantMoved', event.schemaVersion, event.data);
      // A call may have been of several tenants one after the other: each leg once.
      const legs = before.filter((link, index) => before.findIndex((other) => isSameLeg(other, link)) === index);
      return legs.map((link) => ({ ...link, tenantId: to }));
    }
    default:
      return [];
  }
}

function isSameLeg(a: CallLink, b: CallLink): boolean {
  return a.provider === b.provider && a.linkedId === b.linkedId;
}

function isSameLink(a: CallLink, b: CallLink): boolean {
  return isSameLeg(a, b) && a.tenantId === b.tenantId;
}
