import type { Source } from '../../tenants/source.ts';
import { isInboundCall } from './twilio-event.ts';
import type { TwilioFields } from './twilio-fields.ts';
import { readTwilioSettings } from './twilio-settings.ts';

/** Why an event is not for this source. */
export function strangerTo(fields: TwilioFields, source: Source): string | undefined {
  const { AccountSid: account, ParentAccountSid: parent } = fields;
  if (account === undefined || account === source.account || parent === source.account) return undefined;
  if (readTwilioSettings(source).subaccounts) return undefined;
  return `The event is of account ${account}, the source of account ${source.account} without its subaccounts.`;
}

/** What may be mapped to a tenant: what is ours first. A stranger's number decides only where nothing else does. */
export function accountIdsOf(fields: TwilioFields, source: Source): readonly string[] {
  const { AccountSid: account, MessagingServiceSid: service, ApplicationSid: application } = fields;
  const from = numberOf(fields['From']);
  const to = numberOf(fields['To']);
  const [ours, theirs] = isInbound(fields) ? [to, from] : [from, to];
  const subaccount = account === source.account ? undefined : account;
  const ids = [subaccount, ours, service, application, theirs].filter((id) => id !== undefined);
  return [...new Set(ids)];
}

function isInbound({ Direction: direction, MessageStatus: status, SmsStatus: smsStatus }: TwilioFields): boolean {
  return direction === undefined ? (status ?? smsStatus) === 'received' : isInboundCall(direction);
}

/** `whatsapp:+12025550198` is the number of the same tenant as +12025550198. */
function numberOf(address: string | undefined): string | undefined {
  return address?.replace(/^[a-z]+:(?=\+)/, '');
}
