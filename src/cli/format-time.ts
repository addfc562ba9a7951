/** A time for people, in UTC to the second; `-` where there is none. */
export function formatTime(time: Date | null | undefined): string {
  return time === null || time === undefined
    ? '-'
    : time
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, 'Z');
}

/** `0 s`, `42 s`, `3 min`, `5 h`, `2 d`: rounded down. */
export function formatDuration(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
