/**
 * Exact decimals on bigint. Every result of add, subtract and multiply is exact; only a division rounds, and says so.
 * At the edges a decimal is a plain string such as `-12.345` (SQL numeric, JSON).
 */
export type Decimal = Readonly<{ units: bigint; scale: number }>;

const MAX_DIGITS = 2_000;
const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/;

export class InvalidDecimalError extends Error {
  override readonly name = 'InvalidDecimalError';
  readonly code = 'invalid_decimal';
}

/**
 * Reads `12`, `-0.5`, `7.01e1`.
 * @throws InvalidDecimalError on anything else, and on more digits than any amount of money has (2,000).
 */
export function parseDecimal(text: string): Decimal {
  const match = PATTERN.exec(text);
  const whole = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  if (match === null || whole.length + fraction.length === 0) {
    throw new InvalidDecimalError(`Not a decimal number: ${JSON.stringify(text.slice(0, 60))}.`);
  }
  // oxlint-disable-next-line money/no-binary-float -- a place of the decimal point, a whole number
  const exponent = Number(match[4] ?? '0');
  const scale = fraction.length - exponent;
  if (whole.length + fraction.length > MAX_DIGITS || Math.abs(scale) > MAX_DIGITS) {
    throw new InvalidDecimalError(`A decimal number with too many digits: ${text.slice(0, 60)}.`);
  }
  const digits = BigInt(`${whole}${fraction}`);
  const units = match[1] === '-' ? -digits : digits;
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

/** Shortest exact form: no exponent, no trailing zeros, never `-0`. */
export function formatDecimal({ units, scale }: Decimal): string {
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

export const ZERO: Decimal = { units: 0n, scale: 0 };

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { units: unitsAt(a, scale) + unitsAt(b, scale), scale };
}

export function subtractDecimals(a: Decimal, b: Decimal): Decimal {
  return addDecimals(a, negateDecimal(b));
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

export function negateDecimal(a: Decimal): Decimal {
  return { units: -a.units, scale: a.scale };
}

export function compareDecimals(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const { units } = subtractDecimals(a, b);
  return units < 0n ? -1 : units > 0n ? 1 : 0;
}

/** Moves the decimal point: `shiftDecimal(parseDecimal('1234'), -2)` is 12.34. Exact. */
export function shiftDecimal(a: Decimal, places: number): Decimal {
  return multiplyDecimals(a, places < 0 ? { units: 1n, scale: -places } : { units: 10n ** BigInt(places), scale: 0 });
}

/**
 * The quotient with `scale` digits behind the point, half away from zero: what `round()` of PostgreSQL gives of an exact
 * quotient.
 * @throws RangeError when `b` is zero.
 */
export function divideDecimals(a: Decimal, b: Decimal, scale: number): Decimal {
  const common = Math.max(a.scale, b.scale);
  const dividend = unitsAt(a, common) * 10n ** BigInt(scale);
  const divisor = unitsAt(b, common);
  const units = (2n * magnitude(dividend) + magnitude(divisor)) / (2n * magnitude(divisor));
  return { units: dividend < 0n === divisor < 0n ? units : -units, scale };
}

function magnitude(units: bigint): bigint {
  return units < 0n ? -units : units;
}

function unitsAt(a: Decimal, scale: number): bigint {
  return a.units * 10n ** BigInt(scale - a.scale);
}
