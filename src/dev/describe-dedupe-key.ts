import type { ReadSample } from './read-sample.ts';

/** One value of a request, and the request with another value in its place. */
type Field = Readonly<{
  name: string;
  value: string;
  other: string;
  changed: Parameters<ReadSample['readAgain']>[0];
}>;

/**
 * `call.completed/{CallSid}/{SequenceNumber}`: the key with the name of a field for each part that comes from one, found
 * by changing the field and reading again. What changes with none is part of every such key.
 */
export function describeDedupeKey({ request, normalised, readAgain }: ReadSample): string {
  const { dedupeKey } = normalised;
  if (dedupeKey === undefined) return 'content';
  const fields = [...fieldsOfBody(request.body), ...fieldsOfHeaders(request.headers)];
  const parts = partsOf(dedupeKey).map((part, index) => {
    const field = fields.find(
      ({ value, other, changed }) => value === part && partAt(readAgain(changed).dedupeKey, index) === other,
    );
    if (field !== undefined) return `{${field.name}}`;
    return /^[0-9a-f]{16,64}$/.test(part) ? '{hash}' : part;
  });
  return `\`${parts.join('/')}\``;
}

function partsOf(key: string): readonly string[] {
  return key.split('/').map(decodeURIComponent);
}

function partAt(key: string | undefined, index: number): string | undefined {
  return key === undefined ? undefined : partsOf(key)[index];
}

function fieldsOfHeaders(headers: ReadSample['request']['headers']): readonly Field[] {
  return Object.entries(headers).flatMap(([name, [value = '']]) => {
    const other = changedText(value);
    return [{ name, value, other, changed: { headers: { ...headers, [name]: [other] } } }];
  });
}

function fieldsOfBody(body: Buffer): readonly Field[] {
  const text = body.toString();
  if (/^[[{]/.test(text)) return fieldsOfJson(JSON.parse(text));
  const form = new URLSearchParams(text);
  return [...form].map(([name, value]) => {
    const other = changedText(value);
    const changed = new URLSearchParams(form);
    changed.set(name, other);
    return { name, value, other, changed: { body: Buffer.from(changed.toString()) } };
  });
}

function fieldsOfJson(document: unknown): readonly Field[] {
  return leavesOf(document).map(({ path, value }) => {
    const other = typeof value === 'number' ? value + 1 : changedText(value);
    const changed = Buffer.from(JSON.stringify(withLeaf(document, path, other)));
    // An event in a list is named by its fields, not by its place.
    const name = path.filter((step) => !/^\d+$/.test(step)).join('.');
    return { name, value: String(value), other: String(other), changed: { body: changed } };
  });
}

type Leaf = Readonly<{ path: readonly string[]; value: string | number }>;

function leavesOf(node: unknown, path: readonly string[] = []): readonly Leaf[] {
  if (typeof node === 'string' || typeof node === 'number') return [{ path, value: node }];
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => leavesOf(value, [...path, name]));
}

function withLeaf(node: unknown, [name, ...rest]: readonly string[], leaf: string | number): unknown {
  if (name === undefined) return leaf;
  if (Array.isArray(node))
    return node.map((value, index) => (String(index) === name ? withLeaf(value, rest, leaf) : value));
  const fields = Object.entries(node ?? {});
  return Object.fromEntries(fields.map(([key, value]) => [key, key === name ? withLeaf(value, rest, leaf) : value]));
}

/** Another text of the same form: a date stays one. */
function changedText(text: string): string {
  return /^20\d\d-/.test(text) ? `2031${text.slice(4)}` : `${text}0`;
}
