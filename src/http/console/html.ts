const MARKUP = Symbol('markup');

/** Markup that is safe to put into a page: only `html` makes it. */
export type Html = Readonly<{ [MARKUP]: string }>;

type Value = Html | string | number | undefined | null | false | readonly Html[];

/**
 * A template in which text is escaped and `Html` is not; undefined, null and false are nothing. Attributes are written
 * in double quotes, and an address in one begins with a path of ours: escaping does not make a foreign one harmless.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { [MARKUP]: strings.reduce((text, part, index) => text + markupOf(values[index - 1]) + part) };
}

export function renderHtml(page: Html): string {
  return page[MARKUP];
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function markupOf(value: Value): string {
  if (value === undefined || value === null || value === false) return '';
  if (typeof value === 'string' || typeof value === 'number') {
    return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
  }
  return isList(value) ? value.map(renderHtml).join('') : renderHtml(value);
}

function isList(value: Html | readonly Html[]): value is readonly Html[] {
  return Array.isArray(value);
}
