/** A word and where it is to stand, as a JSON pointer (RFC 6901). */
export type PointedWord = readonly [pointer: string, word: string];

type Tree = Map<string, Tree | string>;

/**
 * The smallest document that holds the words at their pointers: a list where the names under a node count from 0, an
 * object elsewhere. Of words that no document holds together, such as at `/a` and `/a/b`, the first stays.
 */
export function writePointers(words: readonly PointedWord[]): object {
  const root: Tree = new Map();
  for (const [pointer, word] of words) place(root, namesOf(pointer), word);
  return written(root);
}

function namesOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function place(tree: Tree, [name = '', ...rest]: readonly string[], word: string): void {
  const there = tree.get(name);
  if (rest.length === 0) {
    if (there === undefined) tree.set(name, word);
    return;
  }
  if (typeof there === 'string') return;
  const below: Tree = there ?? new Map();
  tree.set(name, below);
  place(below, rest, word);
}

function written(tree: Tree): object {
  const entries = [...tree].map(([name, node]) => [name, typeof node === 'string' ? node : written(node)] as const);
  const isList = entries.length > 0 && entries.every(([name], index) => name === String(index));
  return isList ? entries.map(([, node]) => node) : Object.fromEntries(entries);
}
