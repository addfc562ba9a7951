/** How much of a signature header is looked at. */
export const MAX_HEADER_LENGTH = 4096;

const MAX_PATTERN_LENGTH = 200;
const GROUP = /^\(\?<(timestamp|signature)>/;
const ESCAPE = /^\\(?:[dwsDWS]|[^A-Za-z0-9])/;
const CLASS = /^\[\^?(?:\\[dwsDWS]|\\[^A-Za-z0-9]|[^\\[\]])+\]/;
const LITERAL = /^[^\\[\](){}|*+?.^$]/;
const QUANTIFIER = /^(?:[*+?]|\{\d{1,4}(,(?:\d{1,4})?)?\})/;

/** A header of that pattern; `exec` answers in a time that grows with the header only. */
export type HeaderPattern = Readonly<{ regex: RegExp; hasTimestamp: boolean }>;

/** One character to match, and whether it comes a number of times that the pattern fixes. */
type Atom = Readonly<{ source: string; literal?: string; isFixed: boolean }>;

/**
 * A regular expression for one header, from `^` to `$`, with a group `(?<signature>…)` and perhaps `(?<timestamp>…)`;
 * or what is wrong with it.
 *
 * Whoever forges a header chooses what it is matched against, so nothing may backtrack: no alternatives, no repeated
 * or nested groups, no references; and what may come a varying number of times is followed by a character that it can
 * not match, or by the end.
 */
export function compilePattern(
  pattern: string,
): Readonly<{ value: HeaderPattern; fault?: never }> | Readonly<{ value?: never; fault: string }> {
  if (pattern.length > MAX_PATTERN_LENGTH) return { fault: `is longer than ${MAX_PATTERN_LENGTH} characters` };
  if (!/^\^.*\$$/s.test(pattern)) return { fault: 'does not begin with ^ and end with $' };
  const read = readAtoms(pattern.slice(1, -1));
  if (read.fault !== undefined) return { fault: read.fault };
  const { atoms, groups } = read;
  if (!groups.includes('signature')) return { fault: 'has no group (?<signature>…)' };
  if (new Set(groups).size < groups.length) return { fault: 'has a group twice' };
  try {
    const ambiguous = atoms.find((atom, index) => isAmbiguous(atom, atoms[index + 1]));
    if (ambiguous !== undefined) {
      return { fault: `repeats ${ambiguous.source} without a character after it that ends the repetition` };
    }
    return { value: { regex: new RegExp(pattern), hasTimestamp: groups.includes('timestamp') } };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { fault: 'is no regular expression' };
  }
}

function readAtoms(
  text: string,
): Readonly<{ atoms: readonly Atom[]; groups: readonly string[]; fault?: never }> | Readonly<{ fault: string }> {
  const atoms: Atom[] = [];
  const groups: string[] = [];
  let rest = text;
  let isInGroup = false;
  while (rest !== '') {
    const group = GROUP.exec(rest);
    if (group !== null && !isInGroup) {
      groups.push(group[1] ?? '');
      isInGroup = true;
      rest = rest.slice(group[0].length);
    } else if (rest.startsWith(')') && isInGroup) {
      isInGroup = false;
      rest = rest.slice(1);
      if (QUANTIFIER.test(rest)) return { fault: 'repeats a group' };
    } else {
      const source = [ESCAPE, CLASS, LITERAL, /^\./].map((form) => form.exec(rest)?.[0]).find(Boolean);
      if (source === undefined) return { fault: `has something that is not allowed at ${JSON.stringify(rest)}` };
      const quantifier = QUANTIFIER.exec(rest.slice(source.length));
      const isFixed = quantifier === null || (quantifier[0].startsWith('{') && quantifier[1] === undefined);
      atoms.push({ source, isFixed, ...literalOf(source, quantifier === null) });
      rest = rest.slice(source.length + (quantifier?.[0].length ?? 0));
    }
  }
  return isInGroup ? { fault: 'does not close a group' } : { atoms, groups };
}

/** The character that an atom stands for, where it is one and comes once. */
function literalOf(source: string, comesOnce: boolean): { literal?: string } {
  if (!comesOnce || source === '.' || source.startsWith('[') || /^\\[A-Za-z]/.test(source)) return {};
  return { literal: source.replace(/^\\/, '') };
}

function isAmbiguous({ source, isFixed }: Atom, next: Atom | undefined): boolean {
  if (isFixed || next === undefined) return false;
  return next.literal === undefined || new RegExp(`^${source}$`).test(next.literal);
}
