/** A time for people, in UTC to the second; `-` where there is none. */
export function formatTime(time: Date | null | undefined): string {
  return time === null || time === undefined
    ? '-'
    : time
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, 'Z');
}
