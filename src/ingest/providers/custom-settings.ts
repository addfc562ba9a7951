import { z } from 'zod';
import { compilePattern } from './custom-pattern.ts';
import type { TemplatePart } from './custom-template.ts';
import { parseTemplate } from './custom-template.ts';
import { jsonPointer } from './json-pointer.ts';
import { SIGNATURE_ENCODINGS } from './signature-encoding.ts';

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,100}$/, 'is no name of a header')
  .toLowerCase();

const valuePath = z.union([jsonPointer, z.string().regex(/^header:[A-Za-z0-9-]{1,100}$/)], {
  error: 'is neither a JSON pointer such as /data/id nor header:name',
});

const fields = z.strictObject({
  /** The header that carries the signature. */
  header: headerName,
  /** The form of that header. */
  pattern: z.string().transform((text, context) => {
    const compiled = compilePattern(text);
    if (compiled.fault === undefined) return compiled.value;
    context.addIssue(compiled.fault);
    return z.NEVER;
  }),
  /** Where the timestamp stands when it has a header of its own. */
  timestampHeader: headerName.optional(),
  timestampUnit: z.enum(['s', 'ms']).default('s'),
  /** How old, and how far in the future, a signature may be. */
  toleranceSeconds: z.int().min(1).max(86_400).optional(),
  signedContent: z
    .string()
    .max(500)
    .default('{body}')
    .transform((text, context): readonly TemplatePart[] => {
      const parsed = parseTemplate(text);
      if (parsed.fault === undefined) return parsed.parts;
      context.addIssue(parsed.fault);
      return z.NEVER;
    }),
  algorithm: z.enum(['hmac-sha1', 'hmac-sha256', 'hmac-sha512', 'ed25519', 'rsa-sha256']),
  encoding: z.enum(SIGNATURE_ENCODINGS).default('hex'),
  /** Stands before the signature and is no part of it, such as `sha256=`. */
  prefix: z.string().max(50).optional(),
  /** How the secret itself is written. */
  secretEncoding: z.enum(['utf8', 'hex', 'base64']).default('utf8'),
  idPath: valuePath.optional(),
  typePath: valuePath.default('/type'),
  accountIdPaths: z.array(valuePath).max(10).default([]),
});

/** How a sender signs, for the provider `custom`. What is wrong is refused when the source is made, and named. */
export const customSettings = fields.superRefine((settings, context) => {
  const { pattern, timestampHeader, toleranceSeconds, signedContent } = settings;
  const tellsTime = pattern.hasTimestamp || timestampHeader !== undefined;
  const signsTime = signedContent.some(
    (part) => part.kind === 'timestamp' || (part.kind === 'header' && part.name === timestampHeader),
  );
  if (pattern.hasTimestamp && timestampHeader !== undefined) {
    context.addIssue({ code: 'custom', path: ['timestampHeader'], message: 'is told by the pattern already' });
  }
  if (!tellsTime && (toleranceSeconds !== undefined || signsTime)) {
    const message = 'needs a timestamp: a group (?<timestamp>…) in the pattern, or timestampHeader';
    context.addIssue({ code: 'custom', path: [signsTime ? 'signedContent' : 'toleranceSeconds'], message });
  }
  if (tellsTime && !signsTime) {
    const message = 'does not cover the {timestamp}: anyone could change it';
    context.addIssue({ code: 'custom', path: ['signedContent'], message });
  }
});
export type CustomSettings = z.infer<typeof customSettings>;
