export const SIGNATURE_ENCODINGS = ['hex', 'base64', 'base64url'] as const;
export type SignatureEncoding = (typeof SIGNATURE_ENCODINGS)[number];

const FORMS: Readonly<Record<SignatureEncoding, RegExp>> = {
  hex: /^(?:[0-9a-fA-F]{2})+$/,
  base64: /^[A-Za-z0-9+/]+={0,2}$/,
  base64url: /^[A-Za-z0-9_-]+={0,2}$/,
};

/** Undefined when the text is not of that encoding: Node's own decoder would skip what it does not know. */
export function decodeBytes(text: string, encoding: SignatureEncoding): Buffer | undefined {
  return FORMS[encoding].test(text) ? Buffer.from(text, encoding) : undefined;
}
