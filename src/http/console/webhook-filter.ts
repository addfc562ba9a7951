import type { Request } from 'express';
import { WEBHOOK_STATUSES } from '../../finance/webhooks.ts';
import type { WebhookFilter, WebhookStatus } from '../../finance/webhooks.ts';
import { listOfOne, readTime, readWord, timeOf } from './query-words.ts';

/** The filters of the list of webhooks, as the address says them. */
export type WebhookFilterWords = Readonly<{
  status: WebhookStatus | undefined;
  provider: string | undefined;
  type: string | undefined;
  tenant: string | undefined;
  from: string | undefined;
  to: string | undefined;
}>;

/** What makes no sense is as if it were not there. */
export function readWebhookFilter(query: Request['query']): WebhookFilterWords {
  return {
    status: WEBHOOK_STATUSES.find((status) => status === query['status']),
    provider: readWord(query['provider']),
    type: readWord(query['type']),
    tenant: readWord(query['tenant']),
    from: readTime(query['from']),
    to: readTime(query['to']),
  };
}

export function webhookFilter({ status, provider, type, tenant, from, to }: WebhookFilterWords): WebhookFilter {
  return {
    statuses: listOfOne(status),
    providers: listOfOne(provider),
    types: listOfOne(type),
    tenantIds: listOfOne(tenant),
    receivedFrom: timeOf(from),
    receivedTo: timeOf(to),
  };
}
