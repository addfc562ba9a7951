const PLACEHOLDER = /\{(body|timestamp|url|header:[A-Za-z0-9-]{1,100})\}/;

/** What a signature covers, piece by piece. */
export type TemplatePart =
  | Readonly<{ kind: 'text'; text: string }>
  | Readonly<{ kind: 'body' | 'timestamp' | 'url' }>
  | Readonly<{ kind: 'header'; name: string }>;

/** `v0:{timestamp}:{body}` in its parts, or what is wrong with it. */
export function parseTemplate(
  template: string,
): Readonly<{ parts: readonly TemplatePart[]; fault?: never }> | Readonly<{ fault: string }> {
  const parts = template.split(new RegExp(PLACEHOLDER, 'g')).map((piece, index) => {
    // Every second piece is what a placeholder names.
    return index % 2 === 0 ? ({ kind: 'text', text: piece } as const) : placeholder(piece);
  });
  const stray = parts.find((part) => part.kind === 'text' && /[{}]/.test(part.text));
  if (stray?.kind === 'text') {
    return { fault: `knows {body}, {timestamp}, {url} and {header:name} only, not ${JSON.stringify(stray.text)}` };
  }
  // Whatever else is signed: who can change the body can say anything.
  if (!parts.some(({ kind }) => kind === 'body')) return { fault: 'does not cover the {body}' };
  return { parts };
}

function placeholder(name: string): TemplatePart {
  if (name === 'body' || name === 'timestamp' || name === 'url') return { kind: name };
  return { kind: 'header', name: name.slice('header:'.length).toLowerCase() };
}
