import type { StoryInvoiceLine, StoryLines, StoryPaymentLine, StoryUsageLine } from '../../finance/story-lines.ts';

/** Lines of the read models; each is a difference, and names the event that caused it. */
export function linesJson(lines: StoryLines): Record<string, unknown> {
  return {
    usage: lines.usage.map(usageLineJson),
    payments: lines.payments.map(paymentLineJson),
    invoices: lines.invoices.map(invoiceLineJson),
  };
}

function usageLineJson(line: StoryUsageLine): Record<string, unknown> {
  return {
    position: line.position,
    event_id: line.eventId,
    cause: line.cause,
    kind: line.kind,
    fact_key: line.factKey,
    tenant_id: line.tenantId,
    provider: line.provider,
    mode: line.mode,
    books: line.books,
    meter: line.meter,
    unit: line.unit,
    occurred_at: line.occurredAt.toISOString(),
    quantity: line.quantity,
    cost: line.costCurrency === '' ? null : { amount: line.cost, currency: line.costCurrency },
    cost_status: line.costCurrency === '' ? null : line.costStatus,
    rated: line.ratedCurrency === '' ? null : { amount: line.rated, currency: line.ratedCurrency },
    plan_id: line.planId,
    priced_by: line.pricedBy,
  };
}

function paymentLineJson(line: StoryPaymentLine): Record<string, unknown> {
  return {
    position: line.position,
    event_id: line.eventId,
    kind: line.kind,
    tenant_id: line.tenantId,
    provider: line.provider,
    mode: line.mode,
    books: line.books,
    settled_at: line.settledAt.toISOString(),
    amount: { amount: line.amount, currency: line.currency },
  };
}

function invoiceLineJson(line: StoryInvoiceLine): Record<string, unknown> {
  return {
    position: line.position,
    event_id: line.eventId,
    kind: line.kind,
    tenant_id: line.tenantId,
    provider: line.provider,
    mode: line.mode,
    books: line.books,
    issued_at: line.issuedAt.toISOString(),
    net: { amount: line.net, currency: line.currency },
    tax: { amount: line.tax, currency: line.currency },
  };
}
