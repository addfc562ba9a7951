import { z } from 'zod';
import { isRecord } from '../json.ts';
import { time } from './gohighlevel-shapes.ts';

/**
 * As much of any event as can be read; what is odd in it is as good as missing. Events are flat, or wrapped as
 * `{type, timestamp, webhookId, data}`; what names an account may then stand inside or outside.
 */
export type GohighlevelEnvelope = Readonly<{
  /** As printed. */
  type: string | undefined;
  webhookId: string | undefined;
  sentAt: string | undefined;
  /** What the event is about. */
  thing: Readonly<Record<string, unknown>>;
  thingId: string | undefined;
  beganAt: string | undefined;
  changedAt: string | undefined;
  isLive: boolean | undefined;
  /** Each as often as it is named. */
  locationIds: readonly string[];
  companyIds: readonly string[];
  appIds: readonly string[];
}>;

const id = z.string().min(1).optional().catch(undefined);
const when = time.optional().catch(undefined);

const outside = z.object({ type: id, webhookId: id, timestamp: when });
const accounts = z.object({ locationId: id, companyId: id, appId: id, altId: id, altType: id });
const inside = z.object({
  id,
  _id: id,
  messageId: id,
  emailMessageId: id,
  conversationId: id,
  contactId: id,
  appointment: z.object({ id }).catch({}),
  createdAt: when,
  dateAdded: when,
  updatedAt: when,
  dateUpdated: when,
  liveMode: z.boolean().optional().catch(undefined),
});

export function readEnvelope(body: Readonly<Record<string, unknown>>): GohighlevelEnvelope {
  const { type, webhookId, timestamp } = outside.parse(body);
  const isWrapped = type !== undefined || webhookId !== undefined;
  const thing = isWrapped && isRecord(body['data']) ? body['data'] : body;
  const { id, _id, ...rest } = inside.parse(thing);
  const named = [accounts.parse(thing), ...(thing === body ? [] : [accounts.parse(body)])];
  const isLocation = type === 'LocationCreate' || type === 'LocationUpdate';
  return {
    type,
    webhookId,
    sentAt: timestamp,
    thing,
    thingId:
      id ??
      _id ??
      rest.appointment.id ??
      rest.messageId ??
      rest.emailMessageId ??
      rest.conversationId ??
      rest.contactId,
    beganAt: rest.createdAt ?? rest.dateAdded,
    changedAt: rest.updatedAt ?? rest.dateUpdated,
    isLive: rest.liveMode,
    locationIds: [
      ...known(named.map(({ locationId }) => locationId)),
      ...known([isLocation ? id : undefined]),
      ...known(named.map(({ altId, altType }) => (altType === 'location' ? altId : undefined))),
    ],
    companyIds: known(named.map(({ companyId }) => companyId)),
    appIds: known(named.map(({ appId }) => appId)),
  };
}

function known(ids: readonly (string | undefined)[]): readonly string[] {
  return ids.filter((each) => each !== undefined);
}
