/**
 * The demo's figures, worked out by hand from the story in `src/dev/demo/demo-story.ts`.
 *
 * A day has twelve calls of b, b+6, …, b+66 seconds: 12 b + 396. b is 60, 90, 120 for the three tenants on the first
 * day, 12 more on each following one:
 *   Alder   12·60+396 = 1116   12·72+396 = 1260   12·84+396 = 1404    together 3780
 *   Birch   12·90+396 = 1476   1620               1764                together 4860
 *   Cedar   12·120+396 = 1836  1980               2124                together 5940
 * A second costs 0.120 cents (speech) + 0.075 (model) + 0.025 (telephone) = 0.22 cents = 0.0022 USD. The analysis of
 * Alder's first call corrects the model's cost by +2 cents. One call of 100 seconds belongs to nobody: 0.22 USD.
 */
export const USAGE: readonly (readonly [tenant: string, day: string, meter: string, quantity: string])[] = [
  ['Alder Dental', '2026-11-02', 'call_seconds', '1116'],
  ['Alder Dental', '2026-11-03', 'call_seconds', '1260'],
  ['Alder Dental', '2026-11-04', 'call_seconds', '1404'],
  ['Birch Motors', '2026-11-02', 'call_seconds', '1476'],
  ['Birch Motors', '2026-11-03', 'call_seconds', '1620'],
  ['Birch Motors', '2026-11-04', 'call_seconds', '1764'],
  ['Cedar Legal', '2026-11-02', 'call_seconds', '1836'],
  ['Cedar Legal', '2026-11-03', 'call_seconds', '1980'],
  ['Cedar Legal', '2026-11-04', 'call_seconds', '2124'],
  ['unassigned', '2026-11-04', 'call_seconds', '100'],
  // Four texts of one, two and three segments; each is reported as sent and as delivered.
  ['Alder Dental', '2026-11-03', 'message_segments', '4'],
  ['Birch Motors', '2026-11-03', 'message_segments', '8'],
  ['Cedar Legal', '2026-11-03', 'message_segments', '12'],
  ['Alder Dental', '2026-11-03', 'messages', '3'],
  ['Birch Motors', '2026-11-03', 'messages', '3'],
  ['Cedar Legal', '2026-11-03', 'messages', '3'],
];

/** Segments × 0.0079 USD: estimated, since Twilio's own figure has not come. GoHighLevel's messages have no rate. */
export const ESTIMATES: readonly (readonly [tenant: string, day: string, component: string, cost: string])[] = [
  ['Alder Dental', '2026-11-03', 'message_segments', '0.0316'],
  ['Birch Motors', '2026-11-03', 'message_segments', '0.0632'],
  ['Cedar Legal', '2026-11-03', 'message_segments', '0.0948'],
];

/** Seconds × 0.0012, 0.00075 and 0.00025 USD; Alder's first day has 0.837 + 0.02 for the model. */
export const COSTS: readonly (readonly [
  tenant: string,
  day: string,
  speech: string,
  model: string,
  telephone: string,
])[] = [
  ['Alder Dental', '2026-11-02', '1.3392', '0.857', '0.279'],
  ['Alder Dental', '2026-11-03', '1.512', '0.945', '0.315'],
  ['Alder Dental', '2026-11-04', '1.6848', '1.053', '0.351'],
  ['Birch Motors', '2026-11-02', '1.7712', '1.107', '0.369'],
  ['Birch Motors', '2026-11-03', '1.944', '1.215', '0.405'],
  ['Birch Motors', '2026-11-04', '2.1168', '1.323', '0.441'],
  ['Cedar Legal', '2026-11-02', '2.2032', '1.377', '0.459'],
  ['Cedar Legal', '2026-11-03', '2.376', '1.485', '0.495'],
  ['Cedar Legal', '2026-11-04', '2.5488', '1.593', '0.531'],
  ['unassigned', '2026-11-04', '0.12', '0.075', '0.025'],
];

/**
 * Rated:     Alder 49 + 8.3676 · 1.35 = 60.29626    Birch 4860 · 0.0045 = 21.87 EUR    Cedar 5940 · 0.001 = 5.94
 * Billed:    119 − 19 tax = 100                      59.50 − 9.50 tax = 50 EUR          10
 * Collected: 119                                     59.50 EUR, at the second try       10 − 4 refunded = 6
 * Cost:      3780 · 0.0022 + 0.02 + 0.0316 = 8.3676  4860 · 0.0022 + 0.0632 = 10.7552   5940 · 0.0022 + 0.0948 = 13.1628
 */
export const SUMMARY: readonly Readonly<{
  tenant: string;
  currency: string;
  rated: string;
  billed: string;
  collected: string;
  cost: string;
}>[] = [
  { tenant: 'Alder Dental', currency: 'USD', rated: '60.29626', billed: '100', collected: '119', cost: '8.3676' },
  { tenant: 'Birch Motors', currency: 'EUR', rated: '21.87', billed: '50', collected: '59.5', cost: '0' },
  { tenant: 'Birch Motors', currency: 'USD', rated: '0', billed: '0', collected: '0', cost: '10.7552' },
  { tenant: 'Cedar Legal', currency: 'USD', rated: '5.94', billed: '10', collected: '6', cost: '13.1628' },
  { tenant: 'unassigned', currency: 'USD', rated: '0', billed: '0', collected: '0', cost: '0.22' },
];

/**
 * By started minutes, calls of b, b+6, …, b+66 seconds come to
 *   Birch   6·120+6·180 = 1800     4·120+8·180 = 1920    2·120+10·180 = 2040   900 more, · 0.0045 = 4.05 EUR
 *   Cedar   120+10·180+240 = 2160  9·180+3·240 = 2340    7·180+5·240 = 2460    1020 more, · 0.001 = 1.02 USD
 * Alder pays for cost, not for seconds.
 */
export const REPLAY: readonly (readonly [
  tenant: string,
  month: string,
  figure: string,
  difference: string,
  currency: string,
])[] = [
  ['Birch Motors', '2026-11', 'rated', '4.05', 'EUR'],
  ['Cedar Legal', '2026-11', 'rated', '1.02', 'USD'],
];
