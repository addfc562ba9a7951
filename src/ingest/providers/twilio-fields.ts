/** What Twilio says in one request or event: the first value of each name. Empty ones, of which it sends many, are left out. */
export type TwilioFields = Readonly<Record<string, string>>;

/** All values of each name, empty ones too: the signature is over all of them. */
export type TwilioForm = ReadonlyMap<string, readonly string[]>;

/** Reads `application/x-www-form-urlencoded` as browsers do: `+` and `%20` are both a space, and nothing is refused. */
export function parseForm(text: string): TwilioForm {
  const form = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const values = form.get(name);
    if (values === undefined) form.set(name, [value]);
    else values.push(value);
  }
  return form;
}

export function fieldsOf(form: TwilioForm): TwilioFields {
  return Object.fromEntries(
    [...form].flatMap(([name, [value = '']]): [string, string][] => (value === '' ? [] : [[name, value]])),
  );
}

const RFC_2822 = /^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} [12]\d{3} \d{2}:\d{2}:\d{2} [+-]\d{4}$/;
const ISO_8601 = /^[12]\d{3}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** A time of Twilio as ISO 8601; undefined when it is missing or unreadable, as it is then as good as missing. */
export function readTime(text: string | undefined): string | undefined {
  // A date parser takes almost anything: `Alice 1` would be a day in 2001.
  if (text === undefined || !(RFC_2822.test(text) || ISO_8601.test(text))) return undefined;
  const at = new Date(text);
  const isReadable = at.getTime() >= 0 && at.getTime() <= 253_402_300_799_999;
  return isReadable ? at.toISOString() : undefined;
}
