/** One word of an address that PostgreSQL can hold; undefined for anything else, and for a field that is left empty. */
export function readWord(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > 200) return undefined;
  return /\p{Cc}/u.test(value) || !value.isWellFormed() ? undefined : value;
}

/** As a form writes it, `2026-03-10T10:14`, in UTC; with or without seconds. */
export function readTime(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(value)) return undefined;
  return Number.isNaN(Date.parse(`${value}Z`)) ? undefined : value;
}

export function timeOf(word: string | undefined): Date | undefined {
  return word === undefined ? undefined : new Date(`${word}Z`);
}

export function listOfOne<Word>(word: Word | undefined): readonly Word[] | undefined {
  return word === undefined ? undefined : [word];
}

/** `?a=b` of those that are there; empty for none. */
export function queryOf(words: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(words).flatMap(([name, word]): [string, string][] =>
    word === undefined ? [] : [[name, word]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
