const GROUP = /^\(\?<(timestamp|signature)>/;
/** One character to match, and how often it comes. */
const ATOM = /^(?<one>\\[^]|\[(?:\\[^]|[^\]\\])+\]|[^])(?<often>[*+?]|\{(?<least>\d+)[^}]*\})?/;
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
/** What fits most often goes first, so that what is made up is easy to read. */
const CANDIDATES = ['x', '0', ...PRINTABLE];

/**
 * A header of that pattern (as the settings of a custom source take it, from `^` to `$`) with these words in its groups;
 * whatever else the pattern asks for is made up, as short as it may be. Undefined when a word does not fit its group.
 */
export function fillPattern(
  pattern: RegExp,
  words: Readonly<{ signature: string; timestamp?: string }>,
): string | undefined {
  let rest = pattern.source.slice(1, -1);
  let header = '';
  let isInGroup = false;
  while (rest !== '') {
    const [opening = '', group] = GROUP.exec(rest) ?? [];
    if (opening !== '') {
      header += (group === 'timestamp' ? words.timestamp : words.signature) ?? '';
      isInGroup = true;
      rest = rest.slice(opening.length);
    } else if (isInGroup && rest.startsWith(')')) {
      isInGroup = false;
      rest = rest.slice(1);
    } else {
      const { 0: atom = '', groups: { one = '', often, least } = {} } = ATOM.exec(rest) ?? {};
      if (!isInGroup) header += characterOf(one).repeat(leastTimes(often, least));
      rest = rest.slice(atom.length);
    }
  }
  const { signature, timestamp } = pattern.exec(header)?.groups ?? {};
  return signature === words.signature && timestamp === words.timestamp ? header : undefined;
}

function characterOf(one: string): string {
  const single = new RegExp(`^${one}$`);
  return CANDIDATES.find((candidate) => single.test(candidate)) ?? one;
}

function leastTimes(often: string | undefined, least: string | undefined): number {
  if (least !== undefined) return Number(least);
  return often === '*' || often === '?' ? 0 : 1;
}
