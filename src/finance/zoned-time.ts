/** RFC 3339 with the zone's offset at that instant; `Z` for UTC, and where an offset of old has seconds. */
export function zonedTime(at: Date, tz: string): string {
  const offset = offsetMinutes(at, tz);
  if (offset === undefined || offset === 0) return at.toISOString().replace('.000Z', 'Z');
  const local = new Date(at.getTime() + offset * 60_000).toISOString().replace(/(\.000)?Z$/, '');
  const minutes = Math.abs(offset);
  // oxlint-disable-next-line money/no-binary-float -- minutes of an offset, no money
  return `${local}${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

function offsetMinutes(at: Date, tz: string): number | undefined {
  const parts = new Intl.DateTimeFormat('en', { timeZone: tz, timeZoneName: 'longOffset' }).formatToParts(at);
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value;
  if (name === 'GMT') return 0;
  const match = /^GMT([+-])(\d\d):(\d\d)$/.exec(name ?? '');
  if (match === null) return undefined;
  // oxlint-disable-next-line money/no-binary-float -- minutes of an offset, no money
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
