const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const TIME = String.raw`\d{2}:\d{2}:\d{2}`;
/** The three forms of RFC 9110, 5.6.7; the last is in GMT, too, and does not say so. */
const ZONED_DATES = [
  new RegExp(String.raw`^[A-Z][a-z]{2}, \d{2} ${MONTH} \d{4} ${TIME} GMT$`),
  new RegExp(String.raw`^[A-Z][a-z]{5,8}, \d{2}-${MONTH}-\d{2} ${TIME} GMT$`),
];
const ASCTIME_DATE = new RegExp(String.raw`^[A-Z][a-z]{2} ${MONTH} [ \d]\d ${TIME} \d{4}$`);

/** How long a `Retry-After` header asks to wait; 0 when that is over; undefined when it says nothing of meaning. */
export function parseRetryAfter(header: string | null, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, Number.MAX_SAFE_INTEGER);
  const at = parseHttpDate(text);
  return Number.isNaN(at) ? undefined : Math.max(at - now.getTime(), 0);
}

function parseHttpDate(text: string): number {
  if (ZONED_DATES.some((form) => form.test(text))) return Date.parse(text);
  return ASCTIME_DATE.test(text) ? Date.parse(`${text} GMT`) : Number.NaN;
}
