/** A calendar month such as `2026-10`, in whatever zone goes with it. */
export const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

/** `2026-12` → `2027-01`. */
export function nextMonth(month: string): string {
  const [year = '', of = ''] = month.split('-');
  const count = BigInt(year) * 12n + BigInt(of);
  return `${String(count / 12n).padStart(4, '0')}-${String((count % 12n) + 1n).padStart(2, '0')}`;
}

/** Its first day, and the first day after it: local dates, half open. */
export function datesOfMonth(month: string): Readonly<{ from: string; to: string }> {
  return { from: `${month}-01`, to: `${nextMonth(month)}-01` };
}
